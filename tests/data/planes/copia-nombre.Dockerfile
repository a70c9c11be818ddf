# cubre: COPY --from por nombre
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM scratch
COPY --from=origen /1 /2
