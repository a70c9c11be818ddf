# cubre: dos copias de la misma etapa en la misma etapa
FROM multietapa-pruebas/base:1 AS origen
COPY a b /1/
FROM scratch
COPY --from=origen /1/a /2
COPY --from=0 /1/b /3
