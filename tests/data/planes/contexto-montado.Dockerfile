# cubre: una carpeta con nombre, montada
# contextos: aparte=aparte
FROM multietapa-pruebas/base:1
RUN --mount=from=aparte,target=/m cat /m/z
