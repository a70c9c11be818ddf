# cubre: la nieta no vuelve a disparar, y lo de la hija llega por la cadena
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=otra /1 /2
FROM base AS hija
COPY b /3
FROM hija
COPY c /4
