# cubre: una caché y un tmpfs sin from: ninguna arista
FROM multietapa-pruebas/base:1 AS suelta
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=cache,id=plano2,target=/m --mount=type=tmpfs,target=/t ls /m
