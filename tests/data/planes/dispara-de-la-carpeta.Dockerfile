# cubre: un ONBUILD que copia de la carpeta
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY a /1
FROM base
COPY b /2
