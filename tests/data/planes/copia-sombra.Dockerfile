# cubre: COPY --from de un nombre que es etapa y también imagen: gana la etapa
FROM multietapa-pruebas/base:1 AS multietapa-sombra
COPY a /1
FROM scratch
COPY --from=multietapa-sombra /1 /2
