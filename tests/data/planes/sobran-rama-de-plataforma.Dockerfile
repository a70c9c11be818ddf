# cubre: con un ARG, de tres variantes se hace una
# argumentos: SABOR=chocolate
ARG SABOR=vainilla
FROM multietapa-pruebas/base:1 AS comun
COPY a /1
FROM comun AS vainilla
COPY a /2
FROM comun AS chocolate
COPY b /3
FROM comun AS fresa
COPY c /4
FROM ${SABOR}
COPY a /5
