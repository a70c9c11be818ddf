# cubre: ENV, SHELL, LABEL y USER no toman nada
FROM multietapa-pruebas/base:1 AS origen
SHELL ["/bin/sh", "-c"]
ENV DESDE=nadie
LABEL from=nadie
COPY a /1
USER 0
FROM scratch
COPY --from=origen /1 /2
CMD ["--from=nadie"]
