# cubre: dos cachés con from, de etapas distintas y el mismo identificador
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS otra
COPY b /2
FROM multietapa-pruebas/base:1
RUN --mount=type=cache,id=plano3,from=una,target=/m1 --mount=type=cache,id=plano4,from=otra,target=/m2 true
