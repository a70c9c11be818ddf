# cubre: una etapa llamada scratch: FROM scratch es ella
FROM multietapa-pruebas/base:1 AS scratch
COPY a /1
FROM scratch
COPY --from=scratch /1 /2
