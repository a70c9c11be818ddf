# cubre: varios ONBUILD de la misma etapa, con pasos suyos en medio
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=una /1 /2
COPY b /3
ONBUILD RUN --mount=from=una,target=/m cat /m/1
FROM base
COPY c /4
