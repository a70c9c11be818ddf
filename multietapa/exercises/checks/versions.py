"""Preguntas sobre la versión de la base: qué etapas la siguen, con cuál corre y qué dice la imagen."""

from __future__ import annotations

import re
from collections.abc import Mapping

from multietapa import text
from multietapa.dockerfile.references import short_name
from multietapa.dockerfile.stages import Dockerfile
from multietapa.exercises.checks.process import said_in
from multietapa.exercises.outcome import Observation

BASE_NAME = "org.opencontainers.image.base.name"
_NODE = re.compile(r"(?:.*/)?node(?::(?P<major>\d+)?.*)?")


def stages_follow(source: Dockerfile, major: int, when: str) -> Observation:
    """Todas las etapas que hacen falta y parten de una imagen de Node parten de Node ``major``.

    ``source`` lleva ya resueltos sus ``ARG``; ``when`` dice con qué se construyó: «con NODE=24».
    """
    starts = [stage for stage in source.needed() if source.parent(stage) is None]
    found = {stage: _NODE.fullmatch(short_name(stage.image)) for stage in starts}
    other = [stage for stage, image in found.items() if image and image["major"] != str(major)]
    if not other:
        return Observation(True, f"{when}, sus etapas parten de Node {major}.")
    named = [f"la etapa «{stage.name or stage.index}» (línea {stage.line})" for stage in other]
    many = len(other) > 1
    seen = f"{when}, {text.join(named)} parte{'n' if many else ''} de {other[0].image}"
    return Observation(
        False,
        f"{seen}.",
        (
            f"{seen}: se compilaría con un Node y se atendería con otro.",
            f"Mira el FROM de la línea {other[0].line}: lo que va escrito no cambia con el argumento.",
        ),
    )


def runs_with(body: str, major: int, when: str) -> Observation:
    """El programa que contesta corre con Node ``major``, según él mismo dice en su respuesta."""
    version = str(said_in(body).get("node", ""))
    if version.startswith(f"v{major}."):
        return Observation(True, f"{when}, la tienda contesta con Node {version.removeprefix('v')}.")
    seen = f"Node {version.removeprefix('v')}" if version else "una versión de Node que no dice"
    return Observation(
        False,
        f"{when}, la tienda contesta con {seen}, y se pide Node {major}.",
        (
            f"{when}, la tienda dice en su respuesta que corre con {seen}.",
            "El Node de la imagen es el de la base de su última etapa: mira de dónde sale su versión.",
        ),
    )


def says_its_base(labels: Mapping[str, str], base: str, when: str) -> Observation:
    """La imagen dice, en la etiqueta de siempre, de qué base parte: ``base``."""
    said = labels.get(BASE_NAME)
    if said is not None and short_name(said.strip()) == short_name(base):
        return Observation(True, f"{when}, la imagen dice que parte de {said.strip()}.")
    if said is None:
        seen = f"{when}, la imagen no dice de qué base parte: no lleva la etiqueta {BASE_NAME}"
        return Observation(
            False,
            f"{seen}.",
            (f"{seen}.", "La pone «LABEL» en la última etapa: es configuración, y no pasa de una a otra."),
        )
    seen = f"{when}, la imagen dice que parte de «{said}», y parte de {base}"
    return Observation(
        False,
        f"{seen}.",
        (
            f"{seen}: a la etiqueta no le llegó el mismo valor que al FROM.",
            "Un ARG de antes del primer FROM vale en los FROM. Dentro de una etapa no existe hasta que ella "
            "lo pide con «ARG» y su nombre, sin darle otro valor.",
        ),
    )
