# cubre: un índice escrito con ceros delante
FROM multietapa-pruebas/base:1
COPY a /1
FROM scratch
COPY --from=00 /1 /2
