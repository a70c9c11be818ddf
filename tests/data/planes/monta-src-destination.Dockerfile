# cubre: con src y destination
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=type=bind,src=/1,destination=/n,from=origen cat /n
