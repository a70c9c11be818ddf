# cubre: ONBUILD FROM no se puede
# falla: FROM
FROM multietapa-pruebas/base:1 AS base
ONBUILD FROM scratch
FROM base
COPY a /1
