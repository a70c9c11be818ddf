# cubre: monta una imagen de fuera
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,from=multietapa-otra:1,target=/m ls /m/bin
