# cubre: una imagen como contexto con nombre
# contextos: aparte=docker-image://multietapa-otra:1
FROM scratch
COPY --from=aparte /bin/sh /2
