# cubre: ${X:+otra}: la alternativa cuando tiene valor
# argumentos: RAPIDO=1
ARG RAPIDO
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS dos
COPY a /2
FROM ${RAPIDO:+dos}
COPY b /3
