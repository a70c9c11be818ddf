# cubre: COPY --from de un nombre repetido: la última que lo lleva
FROM multietapa-pruebas/base:1 AS doble
COPY a /1
FROM multietapa-pruebas/base:1 AS doble
COPY a /2
FROM scratch
COPY --from=doble /2 /3
