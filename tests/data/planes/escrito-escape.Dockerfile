# escape=`
# cubre: la directiva escape, con la que continúan las líneas
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
COPY `
  --from=origen `
  /1 /2
