# cubre: quien parte entre dos etapas del mismo nombre toma la de antes
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base AS hija
COPY a /2
FROM hija AS base
COPY a /3
FROM base
COPY b /4
