# cubre: una etapa no se puede llamar como un número
# falla: nombre de etapa
FROM multietapa-pruebas/base:1 AS 1
COPY a /1
FROM scratch
COPY --from=1 /1 /2
