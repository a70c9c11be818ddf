# cubre: un documento que no se cierra
# falla: no se cierra
FROM multietapa-pruebas/base:1
COPY <<FIN /1
hola
