# cubre: varios orígenes en un COPY, en forma de lista
FROM multietapa-pruebas/base:1 AS origen
COPY a b /1/
FROM scratch
COPY --from=origen ["/1/a", "/1/b", "/2/"]
