# cubre: una cadena de diez etapas, cada una desde la anterior
FROM multietapa-pruebas/base:1 AS e0
COPY a /0
FROM e0 AS e1
COPY a /1
FROM e1 AS e2
COPY a /2
FROM e2 AS e3
COPY a /3
FROM e3 AS e4
COPY a /4
FROM e4 AS e5
COPY a /5
FROM e5 AS e6
COPY a /6
FROM e6 AS e7
COPY a /7
FROM e7 AS e8
COPY a /8
FROM e8
COPY a /9
