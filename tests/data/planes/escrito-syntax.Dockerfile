# syntax=docker/dockerfile:1
# cubre: la directiva syntax, que no pide ninguna imagen que este motor no traiga
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM scratch
COPY --from=origen /1 /2
