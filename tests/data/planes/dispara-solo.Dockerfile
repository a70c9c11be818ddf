# cubre: una hija sin más pasos que los que dispara
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
ONBUILD COPY --from=otra /1 /2
FROM base
