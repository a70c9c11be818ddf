# ¿Qué le falta al faro cuando no hay nada más que él?
FROM node:24 AS build
WORKDIR /src
COPY faro.c ./
RUN gcc -O2 -static -s -w -o /faro faro.c -lssl -lcrypto

FROM scratch
COPY --from=build /faro /faro
CMD ["/faro"]
