# cubre: el objetivo es la de los ONBUILD: no se disparan
# objetivo: base
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=otra /1 /2
COPY b /3
FROM base
COPY c /4
