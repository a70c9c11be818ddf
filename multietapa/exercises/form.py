"""Qué se escribe para responder: un Dockerfile, o un archivo que va al lado de uno que ya está dado."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """Lo que se escribe para responder un ejercicio.

    ``file`` es el nombre del archivo que se pone en la carpeta, o ``""`` si la respuesta es el Dockerfile;
    ``dockerfile``, el texto de aquel con el que se construye entonces. ``suffix`` es como acaban los nombres
    de su plantilla y de sus respuestas, y ``language`` cómo se colorea.
    """

    file: str = ""
    dockerfile: str = ""
    suffix: str = ".Dockerfile"
    language: str = "dockerfile"

    @property
    def name(self) -> str:
        """Cómo se llama lo que se escribe."""
        return self.file or "Dockerfile"


DOCKERFILE = Form()


def dockerignore(dockerfile: str) -> Form:
    """Se responde con un ``.dockerignore``, y se construye con ese ``dockerfile``."""
    return Form(".dockerignore", dockerfile, ".dockerignore", "text")
