# cubre: copia de la etapa de la que parte
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base
COPY --from=base /1 /2
