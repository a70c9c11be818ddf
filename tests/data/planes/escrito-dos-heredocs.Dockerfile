# cubre: dos documentos en un COPY, y otro más detrás
FROM multietapa-pruebas/base:1 AS origen
COPY <<UNO <<DOS /d/
uno
UNO
FROM scratch
DOS
FROM scratch
COPY --from=origen /d/UNO /1
