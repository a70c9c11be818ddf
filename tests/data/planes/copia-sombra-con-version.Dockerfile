# cubre: COPY --from con versión: la imagen, y la etapa de ese nombre sobra
FROM multietapa-pruebas/base:1 AS multietapa-sombra
COPY a /1
FROM scratch
COPY --from=multietapa-sombra:latest /bin/sh /2
