# cubre: un rombo con COPY
FROM multietapa-pruebas/base:1 AS raiz
COPY a /1
FROM scratch AS izquierda
COPY --from=raiz /1 /izquierda
FROM scratch AS derecha
COPY --from=raiz /1 /derecha
FROM scratch
COPY --from=izquierda /izquierda /i
COPY --from=derecha /derecha /d
