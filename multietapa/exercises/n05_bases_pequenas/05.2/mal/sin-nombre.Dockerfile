# espera: Corre con el uid 1000, que no tiene nombre
FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=node:24-slim /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /faro /faro
ENV TZ=America/Bogota
USER 1000
CMD ["/faro"]
