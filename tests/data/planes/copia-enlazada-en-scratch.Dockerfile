# cubre: COPY --link sobre una etapa vacía
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM scratch
COPY --link --from=origen /1 /2
