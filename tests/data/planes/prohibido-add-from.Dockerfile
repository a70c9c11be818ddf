# cubre: ADD no sabe de --from
# falla: from
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM scratch
ADD --from=una /1 /2
