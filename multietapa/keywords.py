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

SPANISH = {
    **dict.fromkeys("CORRE CORRER EJECUTA EJECUTAR".split(), "RUN"),
    **dict.fromkeys("COPIA COPIAR".split(), "COPY"),
    **dict.fromkeys("DE DESDE BASE PARTE".split(), "FROM"),
    **dict.fromkeys("AGREGA AGREGAR AÑADE AÑADIR".split(), "ADD"),
    **dict.fromkeys("CARPETA DIRECTORIO".split(), "WORKDIR"),
    **dict.fromkeys("COMANDO ORDEN".split(), "CMD"),
    **dict.fromkeys("ENTORNO VARIABLE".split(), "ENV"),
    **dict.fromkeys("EXPON EXPONE EXPONER PUERTO".split(), "EXPOSE"),
    "ARGUMENTO": "ARG",
    "ENTRADA": "ENTRYPOINT",
    "ETIQUETA": "LABEL",
    "SALUD": "HEALTHCHECK",
    "USUARIO": "USER",
    "VOLUMEN": "VOLUME",
}
"""Lo que escribe en su lugar quien las traduce."""
