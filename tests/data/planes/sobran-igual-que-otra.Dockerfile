# cubre: dos etapas idénticas; solo se usa una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-pruebas/base:1 AS gemela
COPY a /1
FROM scratch
COPY --from=gemela /1 /2
