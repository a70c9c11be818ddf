# cubre: varios montajes en varias líneas, con otras opciones y comentarios en medio
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS otra
COPY b /2
FROM multietapa-pruebas/base:1
RUN --network=none \
  --mount=type=bind,from=una,target=/m1 \
  # la otra
  --mount=type=bind,from=otra,target=/m2 \
  cat /m1/1 /m2/2
