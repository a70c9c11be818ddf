# cubre: por índice, una etapa que tiene nombre
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM scratch
COPY --from=0 /1 /2
