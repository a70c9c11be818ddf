# cubre: comentarios que parecen instrucciones
# FROM otra AS nadie
FROM multietapa-pruebas/base:1 AS origen
# COPY --from=nadie /x /y
COPY a /1
   # FROM scratch
FROM scratch
COPY --from=origen /1 /2
