FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto

FROM gcr.io/distroless/static-debian13:nonroot AS archivos

FROM scratch
COPY --from=archivos /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=archivos /etc/passwd /etc/passwd
COPY --from=archivos /etc/ssl/certs/ca-certificates.crt /certificados.pem
COPY --from=build --chmod=755 /faro /bin/faro
ENV TZ=:America/Bogota SSL_CERT_FILE=/certificados.pem PORT=9000
EXPOSE 9000
USER nobody
ENTRYPOINT ["/bin/faro"]
