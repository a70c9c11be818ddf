# cubre: COPY --from=scratch, que no es ninguna imagen
FROM multietapa-pruebas/base:1
COPY a /1
COPY --from=scratch / /2
