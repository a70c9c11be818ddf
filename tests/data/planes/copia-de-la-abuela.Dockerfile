# cubre: copia de una etapa de la que su base parte
FROM multietapa-pruebas/base:1 AS abuela
COPY a /1
FROM abuela AS madre
COPY a /2
FROM madre
COPY --from=abuela /1 /3
