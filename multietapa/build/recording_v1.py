"""Las grabaciones de la versión 1, puestas al día al cargarlas.

No decían de qué clase era cada paso, así que se deduce de las palabras con que se escribía. Esas palabras son
las de entonces y no cambian; las de ahora están en ``buildkit``.
"""

from __future__ import annotations

from typing import Any

from multietapa.build.events import StepKind
from multietapa.identity import LABEL

VERSION = 1
_RENAMED = {"Progress": "StepProgress"}
_EXPORTS = ("exportar", "escribir la imagen", "poner la etiqueta", "desempaquetar en")


def upgraded(value: dict[str, Any]) -> dict[str, Any]:
    """La línea de un evento como se escribiría hoy. Lo que no se entiende se deja, y se rechaza después."""
    name = value.get("event")
    if isinstance(name, str):
        value = {**value, "event": _RENAMED.get(name, name)}
    return {**value, "kind": _kind(value).value} if name == "StepDeclared" else value


def _kind(step: dict[str, Any]) -> StepKind:
    name, in_dockerfile = str(step.get("name", "")), step.get("line") is not None
    if str(step.get("id", "")).startswith("base:"):
        return StepKind.BASE
    if name.startswith("FROM "):
        return StepKind.FROM
    if name.startswith(f"LABEL {LABEL}") and not in_dockerfile:
        return StepKind.LABEL
    if in_dockerfile or step.get("stage"):
        return StepKind.INSTRUCTION
    return StepKind.EXPORT if name.startswith(_EXPORTS) else StepKind.INTERNAL
