# cubre: el índice de la misma etapa
# falla: número 1
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1
COPY --from=1 /1 /2
