# cubre: un paso que monta dos etapas y la carpeta
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS otra
COPY b /2
FROM multietapa-pruebas/base:1
RUN --mount=from=una,target=/m1 --mount=from=otra,target=/m2 --mount=target=/c cat /m1/1 /m2/2 /c/a
