FROM node:14-alpine
RUN dd if=/dev/zero of=/temporal bs=1M count=50 \
 && sha256sum /temporal > /resumen.txt \
 && rm /temporal
