# cubre: un ONBUILD que copia de una etapa que va detrás de la suya y delante de la hija
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=otra /1 /2
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM base
COPY b /3
