# cubre: el valor del montaje entre comillas, y una de sus claves también
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount="type=bind,from=origen,target=/m" --mount=type=bind,"from=origen",target=/n true
