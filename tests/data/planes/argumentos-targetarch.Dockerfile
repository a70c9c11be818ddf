# cubre: TARGETARCH elige la etapa
FROM multietapa-pruebas/base:1 AS para-amd64
COPY a /1
FROM multietapa-pruebas/base:1 AS para-arm64
COPY a /2
FROM para-${TARGETARCH}
COPY b /3
