# cubre: con otro valor se parte de la otra
# argumentos: DESDE=dos
ARG DESDE=una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS dos
COPY a /2
FROM ${DESDE}
COPY b /3
