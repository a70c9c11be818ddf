# cubre: comodines en lo que se copia de una etapa
FROM multietapa-pruebas/base:1 AS origen
COPY a b /1/
FROM scratch
COPY --from=origen /1/* /2/
