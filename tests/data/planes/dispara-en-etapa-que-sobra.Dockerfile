# cubre: solo dispara una etapa que sobra
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
COPY b /2
ONBUILD COPY --from=otra /1 /3
FROM base AS sobra
COPY c /4
FROM multietapa-pruebas/base:1
COPY c /5
