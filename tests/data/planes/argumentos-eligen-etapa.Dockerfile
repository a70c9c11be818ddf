# cubre: un ARG elige de qué etapa se parte; las demás sobran
ARG DESDE=una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS dos
COPY a /2
FROM ${DESDE}
COPY b /3
