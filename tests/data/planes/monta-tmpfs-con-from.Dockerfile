# cubre: un tmpfs con from, que no mira de dónde
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=tmpfs,from=origen,target=/m ls /m
