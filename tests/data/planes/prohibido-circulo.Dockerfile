# cubre: dos etapas que copian la una de la otra
# falla: se necesitan la una a la otra
FROM multietapa-pruebas/base:1 AS una
COPY --from=dos /1 /2
FROM multietapa-pruebas/base:1 AS dos
COPY --from=una /1 /2
FROM una
COPY b /3
