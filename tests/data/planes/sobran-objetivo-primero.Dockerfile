# cubre: el objetivo es la primera: sobra todo lo demás
# objetivo: una
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM una AS dos
COPY a /2
FROM dos
COPY b /3
