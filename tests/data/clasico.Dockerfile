ARG V=1
FROM bb:1 AS build
WORKDIR /app
COPY . .
RUN echo uno && \
    echo dos >&2; printf 'a\rb\n'

FROM bb:1
COPY --from=build /app /app
RUN ls /app
CMD sh
