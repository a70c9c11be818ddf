# cubre: un --from vacío es la carpeta
FROM multietapa-pruebas/base:1 AS suelta
COPY a /1
FROM scratch
COPY --from= b /2
