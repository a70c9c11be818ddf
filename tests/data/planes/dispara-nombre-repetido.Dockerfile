# cubre: un ONBUILD que nombra una etapa repetida
FROM multietapa-pruebas/base:1 AS doble
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=doble /2 /3
FROM multietapa-pruebas/base:1 AS doble
COPY b /2
FROM base
COPY c /4
