# cubre: un montaje de scratch
FROM multietapa-pruebas/base:1
RUN --mount=from=scratch,target=/m ls /m
