# cubre: RUN --mount=type=bind,from= con destino
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,from=origen,target=/m ls /m/1
