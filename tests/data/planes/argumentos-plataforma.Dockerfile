# cubre: --platform=$BUILDPLATFORM en dos etapas
FROM --platform=$BUILDPLATFORM multietapa-pruebas/base:1 AS base
COPY a /1
FROM --platform=${BUILDPLATFORM} base AS hija
COPY b /2
FROM multietapa-pruebas/base:1
COPY --from=hija /2 /3
