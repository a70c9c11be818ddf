# cubre: COPY --from de una imagen de fuera
FROM scratch
COPY --from=multietapa-otra:1 /bin/sh /sh
