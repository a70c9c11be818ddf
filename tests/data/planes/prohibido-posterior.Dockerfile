# cubre: copia de una etapa posterior
# falla: más abajo
FROM multietapa-pruebas/base:1 AS una
COPY --from=dos /1 /2
FROM una AS tres
COPY a /3
FROM multietapa-pruebas/base:1 AS dos
COPY a /1
FROM tres
COPY --from=dos /1 /4
