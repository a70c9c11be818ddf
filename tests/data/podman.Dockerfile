ARG NADA=1
FROM multietapa-pruebas/base:1 AS build
RUN echo uno; head -c 7 /dev/zero > /salida
FROM multietapa-pruebas/base:1
COPY --from=build /salida /salida
RUN echo dos >&2
