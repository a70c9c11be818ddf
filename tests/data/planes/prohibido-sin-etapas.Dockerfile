# cubre: ninguna etapa
# falla: ninguna etapa
ARG X=1
