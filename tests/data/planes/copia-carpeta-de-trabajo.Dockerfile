# cubre: WORKDIR es un paso, y la etapa que solo tiene eso cuenta
FROM multietapa-pruebas/base:1 AS origen
WORKDIR /w1
FROM scratch
COPY --from=origen /w1 /2
