# cubre: ONBUILD ONBUILD no se puede
# falla: ONBUILD
FROM multietapa-pruebas/base:1 AS base
ONBUILD ONBUILD COPY a /1
FROM base
COPY b /2
