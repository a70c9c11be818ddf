"""Hasta qué etapa se construye. El motor solo entiende nombres, y una etapa puede no tenerlo."""

from __future__ import annotations

from multietapa.dockerfile.stages import Dockerfile


def name_target(source: Dockerfile, text: str, target: str | None) -> tuple[str, str | None]:
    """El Dockerfile que viaja y el nombre de la etapa ``target`` en él.

    A una etapa sin nombre (``"0"`` o ``"stage-0"``) se le pone el que ya le da BuildKit en su progreso, sin
    mover ninguna línea de ``text``.
    """
    stage = source.stage(target) if target else None
    if stage is None or stage.name:
        return text, stage.name if stage else None
    name = stage.label
    while any(other.name == name for other in source.stages):
        name += "-"
    lines, opening = text.split("\n"), stage.opening
    size = opening.end_line - opening.line + 1
    lines[opening.line - 1 : opening.end_line] = [f"{opening.text} AS {name}", *[""] * (size - 1)]
    return "\n".join(lines), name
