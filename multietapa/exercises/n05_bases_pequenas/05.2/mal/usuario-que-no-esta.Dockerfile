# espera: La imagen no tiene el usuario «farero»
FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto
RUN useradd farero

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=node:24-slim /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /faro /faro
ENV TZ=America/Bogota
USER farero
CMD ["/faro"]
