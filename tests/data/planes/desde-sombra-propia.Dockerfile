# cubre: una etapa que se llama como la imagen de la que parte
FROM multietapa-sombra AS multietapa-sombra
COPY a /1
FROM multietapa-sombra
COPY b /2
