# cubre: COPY --from partido en varias líneas, con comentarios y líneas vacías en medio
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
COPY \
  # de la primera
  --from=origen \

  /1 \
  /2
