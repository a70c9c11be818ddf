ARG FINAL=node:14-alpine

FROM node:14 AS calculo
WORKDIR /calculo
RUN dd if=/dev/zero of=temporal bs=1M count=50
RUN sha256sum temporal > resumen.txt

FROM ${FINAL}
COPY --from=calculo /calculo/resumen.txt /resumen.txt
