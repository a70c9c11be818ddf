# espera: no está hecha sobre la base que pide el ejercicio
FROM node:14-alpine AS calculo
RUN dd if=/dev/zero bs=1M count=50 | sha256sum > /resumen.txt

FROM scratch
COPY --from=calculo /resumen.txt /
CMD ["/no-hay-programa"]
