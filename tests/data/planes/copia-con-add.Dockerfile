# cubre: ADD de la carpeta, que no toma nada de ninguna etapa
FROM multietapa-pruebas/base:1 AS base
ADD a /1
FROM base
ADD b c /2/
