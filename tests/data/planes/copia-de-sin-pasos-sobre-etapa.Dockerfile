# cubre: copia de una etapa sin pasos que parte de otra etapa
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base AS intacta
USER 1
FROM scratch
COPY --from=intacta /1 /2
