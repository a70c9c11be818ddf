# cubre: un ONBUILD que monta otra etapa
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD RUN --mount=from=otra,target=/m cat /m/1
FROM base
COPY b /3
