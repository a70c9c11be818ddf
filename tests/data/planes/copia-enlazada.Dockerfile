# cubre: COPY --link de otra etapa
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
COPY --link --from=origen /1 /2
COPY --link b /3
