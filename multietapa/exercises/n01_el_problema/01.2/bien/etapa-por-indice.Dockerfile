FROM node:14-alpine
RUN dd if=/dev/zero of=/temporal bs=1M count=50
RUN sha256sum /temporal > /resumen.txt

FROM node:14-alpine
COPY --from=0 /resumen.txt /
