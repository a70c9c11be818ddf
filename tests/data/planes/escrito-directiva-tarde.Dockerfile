# cubre: una directiva detrás de un comentario es otro comentario
# escape=`
FROM multietapa-pruebas/base:1 AS origen
COPY a \
  /1
FROM scratch
COPY --from=origen /1 /2
