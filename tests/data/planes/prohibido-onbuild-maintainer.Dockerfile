# cubre: ONBUILD MAINTAINER no se puede
# falla: MAINTAINER
FROM multietapa-pruebas/base:1 AS base
ONBUILD MAINTAINER yo
COPY b /2
