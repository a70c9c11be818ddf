# cubre: monta un nombre que es etapa y también imagen
FROM multietapa-pruebas/base:1 AS multietapa-sombra
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=from=multietapa-sombra,target=/m cat /m/1
