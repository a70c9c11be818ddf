# cubre: una marca de orden de bytes al principio
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM scratch
COPY --from=origen /1 /2
