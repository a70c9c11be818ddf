# cubre: un objetivo en medio, en una rama
# objetivo: pruebas
FROM multietapa-pruebas/base:1 AS build
COPY a /1
FROM build AS pruebas
COPY a /2
FROM scratch
COPY --from=build /1 /3
