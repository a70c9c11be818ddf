# cubre: dos etapas con el mismo nombre: FROM toma la última de las anteriores
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM multietapa-pruebas/base:1 AS base
COPY a /2
FROM base
COPY b /3
