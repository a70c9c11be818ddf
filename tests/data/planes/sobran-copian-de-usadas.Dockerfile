# cubre: una que nadie usa y copia de las que sí se usan
FROM multietapa-pruebas/base:1 AS build
COPY a /1
FROM build AS pruebas
COPY a /2
FROM multietapa-pruebas/base:1 AS lint
COPY --from=build /1 /3
RUN --mount=from=build,target=/m cat /m/1
FROM scratch
COPY --from=build /1 /4
