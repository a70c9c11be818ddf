# cubre: una carpeta con nombre en lugar de una imagen que no existe
# contextos: multietapa-no-existe=aparte
FROM scratch
COPY --from=multietapa-no-existe z /2
