# cubre: FROM una etapa por su nombre
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base
COPY b /2
