# cubre: un nombre con puntos, guiones y guiones bajos
FROM multietapa-pruebas/base:1 AS mi.base_1-x
COPY a /1
FROM mi.base_1-x
COPY --from=mi.base_1-x /1 /2
