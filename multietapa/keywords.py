"""Las instrucciones de un Dockerfile y cuáles de ellas dejan una capa. La única lista de las dos cosas."""

from __future__ import annotations

INSTRUCTIONS = tuple(
    """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL
    USER VOLUME WORKDIR
    """.split()
)
WITH_LAYER = frozenset({"RUN", "COPY", "ADD", "WORKDIR"})
"""Las que guardan una capa. Son también las que BuildKit cuenta en ``[etapa 3/5]``."""
WITHOUT_LAYER = frozenset(INSTRUCTIONS) - WITH_LAYER
