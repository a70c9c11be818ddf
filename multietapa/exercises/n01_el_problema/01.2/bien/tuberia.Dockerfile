FROM node:14-alpine
RUN dd if=/dev/zero bs=1M count=50 | sha256sum | cut -d' ' -f1 > /resumen.txt
