# cubre: dos imágenes en un archivo que comparten una etapa; se pide la primera
# objetivo: web
FROM multietapa-pruebas/base:1 AS comun
COPY a /1
FROM scratch AS web
COPY --from=comun /1 /2
FROM multietapa-pruebas/base:1 AS soporte
COPY b /3
FROM scratch AS tareas
COPY --from=comun /1 /4
COPY --from=soporte /3 /5
