# cubre: una etapa que copia de sí misma
# falla: sí misma
FROM multietapa-pruebas/base:1 AS build
COPY --from=build /1 /2
