# cubre: un índice con su signo
FROM multietapa-pruebas/base:1
COPY a /1
FROM scratch
COPY --from=+0 /1 /2
