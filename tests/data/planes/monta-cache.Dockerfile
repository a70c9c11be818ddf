# cubre: una caché que empieza con lo de otra etapa
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=cache,id=plano,from=origen,target=/m ls /m
