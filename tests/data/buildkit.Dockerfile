FROM bb:1 AS build
WORKDIR /app
COPY . .
RUN echo uno && \
    echo dos >&2; printf 'a\rb\n'

FROM bb:1 AS Final
COPY --from=build /app /app
RUN <<FIN
ls /app
FIN
CMD sh
