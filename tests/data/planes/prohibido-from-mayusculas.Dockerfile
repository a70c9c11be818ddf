# cubre: FROM una etapa con mayúsculas no la encuentra: sería una imagen con un nombre que no vale
# falla: minúsculas
FROM multietapa-pruebas/base:1 AS Base
COPY a /1
FROM Base
COPY b /2
