# cubre: una etapa vacía sin un solo paso, de la que se parte
FROM scratch AS nada
FROM nada
COPY a /1
