# cubre: monta una etapa sin pasos
FROM multietapa-otra:1 AS intacta
FROM multietapa-pruebas/base:1
RUN --mount=from=intacta,target=/m ls /m/bin
