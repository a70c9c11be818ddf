# cubre: un agente con from, que no mira de dónde
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=ssh,from=origen true
