# cubre: una etapa que se llama como una imagen: FROM toma la etapa
FROM multietapa-pruebas/base:1 AS multietapa-sombra
COPY a /1
FROM multietapa-sombra
COPY b /2
