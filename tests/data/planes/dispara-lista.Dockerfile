# cubre: un ONBUILD COPY en forma de lista
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=otra ["/1", "/2"]
FROM base
COPY b /3
