# cubre: COPY --from de una imagen con su registro escrito entero
FROM scratch
COPY --from=docker.io/library/multietapa-otra:1 /bin/sh /sh
