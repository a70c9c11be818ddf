FROM node:14-alpine
RUN --mount=type=tmpfs,target=/memoria \
    dd if=/dev/zero of=/memoria/temporal bs=1M count=50 \
 && sha256sum /memoria/temporal > /resumen.txt
