# cubre: un rombo con FROM: dos ramas parten de la misma y la última copia de las dos
FROM multietapa-pruebas/base:1 AS raiz
COPY a /raiz
FROM raiz AS izquierda
COPY a /izquierda
FROM raiz AS derecha
COPY a /derecha
FROM raiz
COPY --from=izquierda /izquierda /i
COPY --from=derecha /derecha /d
