"""Qué se dice de un contenedor que no está en marcha: por qué, según el motor, y lo que escribió."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multietapa.containers.crash import Crash, explain
from multietapa.containers.created import LOG_LINES, last_lines
from multietapa.containers.launched import why_not_launched
from multietapa.engine.session import Engine
from multietapa.errors import ContainerError

_CRASH_LINES = 500  # líneas del registro en las que se busca por qué murió


def check_running(engine: Engine, container: Any) -> None:
    """Lanza :class:`ContainerError`, con su razón, si no está en marcha.

    ``container`` es el del SDK, su nombre o su id.
    """
    attributes = engine.client.api.inspect_container(getattr(container, "id", container))
    if not attributes["State"]["Running"]:
        raise not_running(engine, attributes)


def not_running(engine: Engine, attributes: Mapping[str, Any]) -> ContainerError:
    """El error de un contenedor que no está en marcha; ``attributes``, lo que el motor dice de él."""
    image, state = attributes["Config"]["Image"], attributes["State"]
    if state["Status"] == "created":
        return ContainerError(
            f"El contenedor de {image} no está en marcha.",
            why="Se creó, y todavía no se ha arrancado.",
            next_step="Arráncalo con .start() y repite.",
        )
    container = engine.client.containers.get(attributes["Id"])
    return ended(container, state, what=f"El contenedor de {image} ya no está en marcha.")


def crash_of(container: Any, state: Mapping[str, Any], *, read: int = _CRASH_LINES) -> Crash:
    """Cómo acabó, según ``state`` y las últimas ``read`` líneas que escribió."""
    return explain(
        last_lines(container, read),
        int(state.get("ExitCode") or 0),
        out_of_memory=bool(state.get("OOMKilled")),
        lines=LOG_LINES,
    )


def ended(container: Any, state: Mapping[str, Any], *, what: str) -> ContainerError:
    """El error de un contenedor que se cerró: ``what`` es la frase; ``state`` y su registro dicen por qué."""
    crash = crash_of(container, state)
    said, step = why_not_launched(container, crash) or (crash.said, crash.step)
    return ContainerError(
        what,
        why=f"{crash.facts[0].upper()}{crash.facts[1:]}.",
        said=said,
        detail=crash.extract,
        next_step=step,
    )
