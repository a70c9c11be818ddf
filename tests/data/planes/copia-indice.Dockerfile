# cubre: COPY --from por índice
FROM multietapa-pruebas/base:1
COPY a /1
FROM multietapa-pruebas/base:1
COPY a /2
FROM scratch
COPY --from=1 /2 /3
COPY --from=0 /1 /4
