# espera: El objetivo son 50 veces.
FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto

FROM node:24-slim
COPY --from=build /faro /faro
ENV TZ=America/Bogota
USER node
CMD ["/faro"]
