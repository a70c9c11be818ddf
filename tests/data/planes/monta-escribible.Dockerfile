# cubre: un montaje en el que se puede escribir (rw), que no deja nada
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,from=origen,target=/m,rw echo 1 > /m/2
