# cubre: un ONBUILD con el que la hija copiaría de sí misma
# falla: sí misma
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=hija /1 /2
FROM base AS hija
COPY a /1
