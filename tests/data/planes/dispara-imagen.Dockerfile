# cubre: un ONBUILD que copia de una imagen de fuera
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=multietapa-otra:1 /bin/sh /2
FROM base
COPY b /3
