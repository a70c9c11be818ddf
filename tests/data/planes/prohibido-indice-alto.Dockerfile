# cubre: un índice que no existe
# falla: número 7
FROM multietapa-pruebas/base:1
COPY --from=7 /1 /2
