# cubre: un ONBUILD que nadie dispara no toma nada
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1
ONBUILD COPY --from=otra /1 /2
COPY b /3
