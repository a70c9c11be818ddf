# cubre: el nombre de la etapa con mayúsculas en un montaje
FROM multietapa-pruebas/base:1 AS Origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,from=ORIGEN,target=/m cat /m/1
