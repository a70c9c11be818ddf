# cubre: COPY --from no distingue mayúsculas
FROM multietapa-pruebas/base:1 AS Origen
COPY a /1
FROM scratch
COPY --from=ORIGEN /1 /2
