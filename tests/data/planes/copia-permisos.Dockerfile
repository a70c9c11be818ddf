# cubre: COPY con --chmod, --chown y --from, en cualquier orden
FROM multietapa-pruebas/base:1 AS origen
COPY a /1
FROM multietapa-pruebas/base:1
COPY --chmod=755 --from=origen --chown=0:0 /1 /2
COPY --from=origen --chmod=644 /1 /3
