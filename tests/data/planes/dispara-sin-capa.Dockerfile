# cubre: un ONBUILD que no deja capa
FROM multietapa-pruebas/base:1 AS base
COPY a /1
ONBUILD ENV X=1
FROM base
COPY b /2
