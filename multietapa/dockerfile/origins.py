"""Si el motor aceptaría el nombre de una imagen o de una etapa, antes de pedírselo."""

from __future__ import annotations

import re
from collections.abc import Mapping

from multietapa.dockerfile.instructions import fail
from multietapa.dockerfile.references import invalid_reference
from multietapa.text import join

STAGE_NAME = re.compile(r"^[a-z][a-z0-9\-_.]*$")


def check_image(lines: tuple[str, ...], name: str, line: int, unset: Mapping[str, int] | None = None) -> None:
    """Lanza ``DockerfileError`` si el motor no aceptaría ese nombre, en la línea ``line`` de ``lines``.

    ``unset`` son las variables que lleva y ahí no tienen valor, cada una con la línea del ``ARG`` que se lo
    pone demasiado tarde (0 si no lo hay).
    """
    why, step = invalid_reference(name)
    if why and unset:
        names = join([f"«{n}»" for n in unset])
        why = f"{why} Ahí no {'tienen' if len(unset) > 1 else 'tiene'} valor {names}."
        after = min(filter(None, unset.values()), default=0)
        step = (
            f"El «ARG» de la línea {after} va detrás de un «FROM» y solo vale en su etapa: súbelo."
            if after
            else f"Escribe «ARG {next(iter(unset))}=valor» antes del primer «FROM»."
        )
    if why:
        fail(lines, line, why, next_step=step)
