# cubre: un ONBUILD con un documento
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY <<FIN /1
FROM scratch AS nadie
FIN
FROM base
COPY b /2
