FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto

FROM gcr.io/distroless/static-debian13:nonroot
ENV TZ=America/Bogota
COPY --from=build /faro /faro
CMD ["/faro"]
