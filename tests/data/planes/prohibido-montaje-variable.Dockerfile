# cubre: una variable en el from de un montaje
# falla: variables
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1
ARG DESDE=una
RUN --mount=from=$DESDE,target=/m cat /m/1
