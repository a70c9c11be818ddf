# cubre: un ONBUILD que copia de la propia etapa que lo lleva
FROM multietapa-pruebas/base:1 AS base
COPY a /1
ONBUILD COPY --from=base /1 /2
FROM base
COPY b /3
