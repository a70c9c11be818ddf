# cubre: un ARG en FROM, con su valor por omisión
ARG VERSION=1
FROM multietapa-otra:${VERSION}
COPY a /1
