# cubre: una variable en COPY --from
# falla: variables
ARG DESDE=una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM scratch
ARG DESDE
COPY --from=$DESDE /1 /2
