"""``limpiar`` desde una terminal: en el motor de un taller abierto, o en el tuyo. Nunca arranca uno."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from multietapa import text
from multietapa.cells.limpiar import limpiar
from multietapa.engine.discovery import VARIABLE, discover
from multietapa.engine.model import OWN_KINDS, Choice
from multietapa.engine.session import connect
from multietapa.errors import EngineError

NOTHING = (
    "No hay ningún motor en marcha, así que no hay nada que limpiar.\n"
    "Lo que guardan los motores del taller para la próxima vez se borra con «motor --borrar-datos»."
)


@dataclass(frozen=True)
class Running:
    """Un motor en marcha: cuál es y, si es de un taller abierto, en qué hueco."""

    choice: Choice
    slot: int | None = None

    @property
    def option(self) -> str:
        """Lo que hay que escribir para elegirlo."""
        return "--motor existente" if self.slot is None else f"--hueco {self.slot}"


def clean(slot: int | None = None) -> str:
    """Borra lo que creó el taller, en todas sus sesiones, y dice dónde y qué borró.

    ``slot`` elige el de un taller; si falta, tiene que haber un solo motor en marcha, o uno nombrado por
    ``DOCKER_HOST``. Lanza :class:`EngineError` si hay varios, o si en ``slot`` no hay ninguno.
    """
    found = running()
    if slot is not None:
        others = text.join([str(one.slot) for one in found if one.slot is not None])
        found = [one for one in found if one.slot == slot]
        if not found:
            raise EngineError(
                f"En el hueco {slot} no hay ningún motor en marcha.",
                next_step=f"Los hay en: {others}." if others else "Abre el taller, o quita --hueco.",
            )
    if not found:
        return NOTHING
    if len(found) > 1:
        raise EngineError(
            f"Hay {len(found)} motores en marcha.",
            detail="\n".join(f"{one.option}: {one.choice.kind} ({one.choice.host})" for one in found),
            next_step="Repite la orden con la opción del que quieras limpiar.",
        )
    engine = connect(found[0].choice)
    try:
        where = engine.info.label if engine.info else found[0].choice.host
        return f"{where}\n{limpiar(cliente=engine.client, todas=True)}"
    finally:
        engine.client.close()


def running(env: Mapping[str, str] | None = None) -> list[Running]:
    """Los motores en marcha: el tuyo, si contesta, y los de los talleres abiertos.

    Uno solo si lo nombra ``DOCKER_HOST`` (como en las terminales del taller); si se pidió una clase, solo los
    de esa clase. Lanza :class:`EngineError` si se pidió ``existente`` y no contesta.
    """
    values = os.environ if env is None else env
    forced = values.get(VARIABLE, "")
    mine = _existing(forced)
    if mine and (values.get("DOCKER_HOST") or forced):
        return mine
    return [*mine, *(one for one in _of_workshops() if one.choice.kind == (forced or one.choice.kind))]


def _existing(forced: str) -> list[Running]:
    if forced in OWN_KINDS:
        return []
    choice = discover()
    return [Running(choice)] if choice.host else []


def _of_workshops() -> list[Running]:
    if sys.platform != "linux":
        return []
    from multietapa.engine import slots  # usa fcntl, que no existe en Windows

    return [Running(Choice(kind, host, f"hueco {n}"), n) for n, kind, host in slots.running()]
