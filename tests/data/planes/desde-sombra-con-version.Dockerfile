# cubre: con versión es la imagen, aunque haya una etapa con ese nombre
FROM multietapa-pruebas/base:1 AS multietapa-sombra
COPY a /1
FROM multietapa-sombra:latest
COPY b /2
