# cubre: etapas sin pasos entre dos que los tienen
FROM multietapa-pruebas/base:1 AS base
COPY a /1
FROM base AS medio
ENV X=1
FROM medio AS otromedio
LABEL x=1
FROM otromedio
COPY b /2
