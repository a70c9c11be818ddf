# cubre: ONBUILD y lo suyo en minúsculas, y partido en líneas
FROM multietapa-pruebas/base:1 AS otra
COPY a /1
FROM multietapa-pruebas/base:1 AS base
onbuild copy \
  --from=otra \
  /1 /2
FROM base
COPY b /3
