# cubre: solo la montaba una etapa que sobra
FROM multietapa-pruebas/base:1 AS datos
COPY a /1
FROM multietapa-pruebas/base:1 AS pruebas
RUN --mount=from=datos,target=/m cat /m/1
FROM multietapa-pruebas/base:1
COPY b /2
