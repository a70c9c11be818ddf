# espera: no está /resumen.txt
FROM node:14-alpine AS calculo
RUN dd if=/dev/zero of=/temporal bs=1M count=50
RUN sha256sum /temporal > /resumen.txt

FROM node:14-alpine
CMD ["cat", "/resumen.txt"]
