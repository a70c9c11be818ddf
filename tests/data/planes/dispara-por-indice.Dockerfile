# cubre: un ONBUILD que copia por índice
FROM multietapa-pruebas/base:1
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=0 /1 /2
FROM base
COPY b /3
