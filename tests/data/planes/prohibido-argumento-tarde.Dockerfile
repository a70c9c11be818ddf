# cubre: un ARG de una etapa no vale en el FROM siguiente
# falla: su etapa
FROM multietapa-pruebas/base:1 AS una
ARG DESDE=una
COPY a /1
FROM $DESDE
COPY b /2
