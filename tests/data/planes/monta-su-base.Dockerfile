# cubre: monta la etapa de la que parte
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base
RUN --mount=from=base,target=/m cat /m/1
