# cubre: una etapa que sobra y copia de una posterior que también sobra
FROM multietapa-pruebas/base:1 AS lejos
COPY --from=mas-lejos /1 /1
FROM multietapa-pruebas/base:1 AS mas-lejos
COPY a /1
FROM multietapa-pruebas/base:1
COPY b /2
