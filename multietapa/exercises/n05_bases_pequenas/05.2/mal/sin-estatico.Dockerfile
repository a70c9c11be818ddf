# espera: exec /faro: no such file
FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -s -w -o /faro faro.c -lssl -lcrypto
RUN echo 'farero:x:1000:1000::/:/sbin/nologin' > /passwd

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=node:24-slim /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=build /passwd /etc/passwd
COPY --from=build /faro /faro
ENV TZ=America/Bogota
USER 1000
CMD ["/faro"]
