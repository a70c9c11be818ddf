# cubre: COPY --parents y --exclude de otra etapa
FROM multietapa-pruebas/base:1 AS origen
COPY a b /1/
FROM scratch
COPY --from=origen --exclude=*b /1/ /2/
