# cubre: la etapa que nadie usa, con nombre y sin él
FROM multietapa-pruebas/base:1 AS pruebas
COPY a /1
FROM multietapa-pruebas/base:1
COPY a /2
FROM multietapa-pruebas/base:1
COPY b /3
