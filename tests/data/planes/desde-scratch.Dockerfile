# cubre: FROM scratch, en la última y en una intermedia
FROM scratch AS vacia
COPY a /1
FROM scratch
COPY --from=vacia /1 /2
