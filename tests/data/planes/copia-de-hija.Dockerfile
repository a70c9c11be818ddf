# cubre: parte de una etapa y copia de otra que parte de la misma
FROM multietapa-pruebas/base:1 AS madre
COPY a /1
FROM madre AS hermana
COPY a /2
FROM madre
COPY --from=hermana /2 /3
