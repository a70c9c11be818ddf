# espera: no es la de 50 MB de ceros
FROM node:14-alpine
RUN dd if=/dev/zero bs=1M count=5 | sha256sum > /resumen.txt
