"""Lo que impide construir una respuesta sin que sea culpa suya: la red, o un límite de la base hecha aquí."""

from __future__ import annotations

import re
from typing import Any

import docker

from multietapa.bases.catalogue import recipe
from multietapa.dockerfile.stages import parse
from multietapa.errors import BuildError, MultietapaError
from multietapa.exercises.network import unreachable
from multietapa.identity import EQUIVALENT_LABEL

_NOT_FOUND = re.compile(r"(?:^|[\s:/])([\w-]+): (?:command )?not found$")


def excuse(client: docker.DockerClient, x: Any, problem: MultietapaError) -> str:
    """Por qué no se puede comprobar, y qué hacer; ``""`` si el fallo es de la respuesta.

    ``x`` es la respuesta: si es el texto de un Dockerfile se mira de qué base parte la etapa que falló.
    """
    if not isinstance(problem, BuildError) or not problem.log:
        return ""
    step = f"El paso de la línea {problem.line} falló" if problem.line else "Un paso falló"
    if silent := unreachable(problem.log):
        return (
            f"{step}, y no parece por tu respuesta: no llegó a un registro. {silent.said}\n"
            f"Qué hacer: {silent.step}"
        )
    if not isinstance(x, str) or problem.line is None:
        return ""
    base, missing = _limit(client, x, problem)
    if not missing:
        return ""
    return (
        f"{step} porque pide «{missing}», y aquí {base} es un equivalente local, que no lo trae. Es un "
        "límite del equivalente, no un error tuyo: con la imagen publicada puede funcionar.\n"
        "Qué hacer: consigue lo mismo con lo que la base ya trae; o guarda la imagen publicada, donde haya "
        "red, con «docker save», y abre el taller con --imagenes CARPETA."
    )


def _limit(client: docker.DockerClient, text: str, problem: BuildError) -> tuple[str, str]:
    """La base de la etapa que falló y el programa que le falta, si es un equivalente; ``("", "")`` si no."""
    written = [_NOT_FOUND.search(line.strip()) for line in problem.log]
    names = {found[1] for found in written if found}
    base = _base_at(text, problem.line or 0)
    known = recipe(base)
    missing = sorted(names & set(known.absent)) if known else []
    if not missing:
        return "", ""
    try:
        labels = (client.api.inspect_image(base).get("Config") or {}).get("Labels") or {}
    except docker.errors.APIError:
        return "", ""
    return (base, missing[0]) if labels.get(EQUIVALENT_LABEL) == "1" else ("", "")


def _base_at(text: str, line: int) -> str:
    """La imagen de la que parte, a la larga, la etapa que tiene esa línea; ``""`` si no se sabe."""
    try:
        source = parse(text).resolved()
    except MultietapaError:
        return ""
    stage = source.stage_at(line)
    return source.root(stage) if stage else ""
