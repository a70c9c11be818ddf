# cubre: sin type es bind
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
RUN --mount=from=origen,target=/m cat /m/1
