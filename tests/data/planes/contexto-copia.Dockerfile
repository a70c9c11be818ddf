# cubre: COPY --from de una carpeta con nombre
# contextos: aparte=aparte
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base
COPY --from=aparte z /2
