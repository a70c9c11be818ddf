# cubre: TARGETSTAGE en FROM, según el objetivo
# objetivo: dos
FROM multietapa-pruebas/base:1 AS base-una
COPY a /1
FROM multietapa-pruebas/base:1 AS base-dos
COPY a /2
FROM base-${TARGETSTAGE} AS una
COPY b /3
FROM base-${TARGETSTAGE} AS dos
COPY b /4
