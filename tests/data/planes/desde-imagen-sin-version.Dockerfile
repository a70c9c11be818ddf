# cubre: una imagen de fuera sin versión
FROM multietapa-sombra
COPY a /1
