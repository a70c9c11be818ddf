# cubre: una cadena que nadie usa
FROM multietapa-pruebas/base:1 AS una
COPY a /1
FROM una AS dos
COPY a /2
FROM dos AS tres
COPY a /3
FROM multietapa-pruebas/base:1
COPY b /4
