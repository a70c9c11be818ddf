# cubre: copia de la misma imagen de la que parte
FROM multietapa-otra:1
COPY --from=multietapa-otra:1 /bin/sh /2
