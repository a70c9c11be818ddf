# cubre: un ONBUILD con una caché que empieza con lo de otra etapa
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD RUN --mount=type=cache,id=plano5,from=otra,target=/m true
FROM base
COPY b /2
