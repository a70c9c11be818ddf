# cubre: un valor por omisión dentro de la variable, y un ARG que usa otro
ARG VERSION=1
ARG IMAGEN=multietapa-otra:${VERSION}
FROM ${IMAGEN:-multietapa-sombra} AS una
COPY a /1
FROM ${NADA:-una}
COPY b /2
