"""Una manera conocida de morir, y los consejos que comparten varias."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Una manera de morir un programa.

    ``pattern`` casa con una línea de su registro (``re.search``), y ``{0}``, ``{1}``... son en ``cause`` lo
    que nombra; ``codes``, los códigos de salida con los que puede ser (vacío: cualquiera distinto de cero).
    Con ``root`` es la causa aunque después vengan otras líneas conocidas.
    """

    name: str
    language: str
    pattern: re.Pattern[str]
    cause: str
    step: str
    codes: frozenset[int] = frozenset()
    root: bool = False


def kind(
    name: str, language: str, pattern: str, cause: str, step: str, *codes: int, root: bool = False
) -> Kind:
    """Una fila de la tabla."""
    return Kind(name, language, re.compile(pattern), cause, step, frozenset(codes), root)


PATHS = "Compara esa ruta con lo que copia la última etapa y con su WORKDIR."
LOOK_INSIDE = 'Mira con motor().ejecutar(imagen, "ls -l ...") qué hay en esa carpeta de la imagen final.'
USER = (
    "Mira de quién es esa ruta y con qué USER corre el programa: lo que copia root es de root, y USER vale "
    "desde su línea hacia abajo."
)
PORT_TAKEN = "Solo un programa escucha en cada puerto: mira si la orden arranca dos, o si otro lo usa ya."
PORT_LOW = "Los puertos por debajo de 1024 pueden pedir permisos de root: prueba con uno más alto."
LIBRARY = (
    "Un binario necesita las bibliotecas con las que se compiló: mira en qué base se hizo y en cuál corre, o "
    "enlázalo estático."
)
REACH = (
    "Dentro de un contenedor, localhost es el propio contenedor: comprueba a qué nombre y puerto llama, y "
    "que lo que busca esté en marcha."
)
CODE = "Lee las líneas que rodean a esa: dicen en qué archivo y en qué línea del programa pasó."
