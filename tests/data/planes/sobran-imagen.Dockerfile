# cubre: una imagen de fuera que solo pide una etapa que sobra: no se trae
FROM multietapa-no-existe:9 AS ninguna
COPY a /1
FROM multietapa-pruebas/base:1
COPY b /2
