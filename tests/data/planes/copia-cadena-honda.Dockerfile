# cubre: una cadena de copias, de ocho etapas
FROM scratch AS c0
COPY a /0
FROM scratch AS c1
COPY --from=c0 /0 /1
FROM scratch AS c2
COPY --from=c1 /1 /2
FROM scratch AS c3
COPY --from=c2 /2 /3
FROM scratch AS c4
COPY --from=c3 /3 /4
FROM scratch AS c5
COPY --from=c4 /4 /5
FROM scratch AS c6
COPY --from=c5 /5 /6
FROM scratch
COPY --from=c6 /6 /7
