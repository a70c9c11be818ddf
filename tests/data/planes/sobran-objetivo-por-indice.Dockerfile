# cubre: el objetivo es una etapa sin nombre, por su índice
# objetivo: 1
FROM multietapa-pruebas/base:1 AS build
COPY a /1
FROM multietapa-pruebas/base:1
COPY --from=build /1 /2
FROM multietapa-pruebas/base:1
COPY b /3
