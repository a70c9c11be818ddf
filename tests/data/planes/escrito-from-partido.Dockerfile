# cubre: un FROM partido en varias líneas
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM \
  origen \
  AS \
  final
COPY b /2
