# cubre: un montaje en un RUN con un documento
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=from=origen,target=/m <<FIN
cat /m/1
FIN
