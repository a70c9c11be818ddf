# cubre: una etapa llamada stage-1 que no es la de índice 1
FROM multietapa-pruebas/base:1 AS stage-1
COPY a /1
FROM multietapa-pruebas/base:1
COPY a /2
FROM stage-1
COPY --from=1 /2 /3
