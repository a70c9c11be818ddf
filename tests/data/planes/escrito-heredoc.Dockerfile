# cubre: un documento que parece un Dockerfile no tiene etapas
FROM multietapa-pruebas/base:1 AS origen
COPY <<FIN /1
FROM scratch AS nadie
COPY --from=nadie /x /y
FIN
FROM scratch
COPY --from=origen /1 /2
