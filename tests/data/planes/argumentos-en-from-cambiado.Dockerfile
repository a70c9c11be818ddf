# cubre: un ARG en FROM, con otro valor al construir
# argumentos: IMAGEN=multietapa-otra:1
ARG IMAGEN=multietapa-sombra
FROM $IMAGEN
COPY a /1
