# cubre: copia de una etapa sin pasos: lo que hay es de su imagen
FROM multietapa-otra:1 AS intacta
FROM scratch
COPY --from=intacta /bin/sh /2
