# cubre: una etapa llamada context
FROM multietapa-pruebas/base:1 AS context
COPY a /1
FROM scratch
COPY --from=context /1 /2
