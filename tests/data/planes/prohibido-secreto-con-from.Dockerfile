# cubre: un secreto no puede llevar from
# falla: should not have a from
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=secret,id=x,from=origen,target=/m true
