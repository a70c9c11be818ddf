# cubre: con source y dst
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,from=origen,source=/1,dst=/m cat /m
