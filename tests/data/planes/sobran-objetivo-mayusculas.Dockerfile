# cubre: el objetivo, con mayúsculas
# objetivo: PRUEBAS
FROM multietapa-pruebas/base:1 AS build
COPY a /1
FROM build AS Pruebas
COPY a /2
FROM scratch
COPY --from=build /1 /3
