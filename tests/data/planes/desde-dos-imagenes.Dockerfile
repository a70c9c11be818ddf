# cubre: dos imágenes de fuera, y la segunda por un COPY
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM multietapa-otra:1
COPY --from=una /1 /2
