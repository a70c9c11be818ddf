# cubre: para copiar según un ARG, una etapa intermedia con nombre
# argumentos: DESDE=dos
ARG DESDE=una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS dos
COPY a /2
FROM ${DESDE} AS elegida
FROM scratch
COPY --from=elegida /2 /3
