# cubre: un ARG entre comillas
ARG DESDE="una"
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM "${DESDE}"
COPY b /2
