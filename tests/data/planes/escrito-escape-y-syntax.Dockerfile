# syntax=docker/dockerfile:1
# escape=`
# cubre: las dos directivas
FROM multietapa-pruebas/base:1 AS origen
COPY a `
  /1
FROM scratch
COPY --from=origen /1 /2
