# cubre: un COPY de una imagen que no existe, en una etapa que sobra
FROM scratch AS ninguna
COPY --from=multietapa-no-existe:9 /1 /1
FROM multietapa-pruebas/base:1
COPY b /2
