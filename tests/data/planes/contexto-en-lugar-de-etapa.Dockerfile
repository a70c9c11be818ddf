# cubre: una carpeta en lugar de una etapa: de ella no se hace nada
# contextos: datos=aparte
FROM multietapa-pruebas/base:1 AS usada-solo-por-datos
COPY a /1
FROM multietapa-pruebas/base:1 AS datos
COPY --from=usada-solo-por-datos /1 /z
FROM multietapa-pruebas/base:1
COPY --from=datos z /2
