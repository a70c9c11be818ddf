"""Lo que devuelve ``desplegar``."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from multietapa import text
from multietapa.engine.model import EngineInfo
from multietapa.registry.batch import Request
from multietapa.registry.events import Phase
from multietapa.registry.outcome import Deployment
from multietapa.registry.state import DeployState
from multietapa.widgets.where import ShownInCell

Runs = tuple[tuple[Deployment, ...], ...]


class View(Protocol):
    """Lo que ``desplegar`` pide a una vista."""

    def show(self, state: DeployState) -> None:
        """Enseña por dónde va."""

    def finish(self, state: DeployState, results: Runs) -> None:
        """Enseña el final: de cada imagen, en su orden, los despliegues que acabaron."""


@dataclass(frozen=True)
class Despliegues(ShownInCell):
    """Unas imágenes desplegadas; los tamaños son bytes y los tiempos, segundos, todos medidos.

    De cada nombre, ``despliegues`` tiene el despliegue (el de total intermedio, si se repitió) y ``todos``,
    cada repetición. ``segundos`` es lo que duró cada fase de ese despliegue y ``total``, su suma: de pedir la
    imagen a la primera respuesta. ``bytes_viajados`` son los de las capas que viajaron y ``bytes_presentes``,
    los de las que ya estaban en el nodo. ``veces_mas_rapido`` es cuántas veces cabe el menor total en el
    mayor (1.0 si solo hay una imagen). ``tabla`` es una fila por imagen y ``tabla_texto``, todo, para
    ``print``.
    """

    despliegues: dict[str, Deployment]
    todos: dict[str, tuple[Deployment, ...]] = field(repr=False)
    segundos: dict[str, dict[str, float]]
    total: dict[str, float]
    bytes_viajados: dict[str, int]
    bytes_presentes: dict[str, int]
    veces_mas_rapido: float
    tabla: list[dict[str, str | int | float | None]]
    motor: EngineInfo | None
    tabla_texto: str = field(repr=False)
    vista: View | None = field(default=None, repr=False, compare=False)
    _frase: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return f"{self._frase} · {self.motor.label}" if self.motor else self._frase


def gathered(request: Request, runs: Runs, engine: EngineInfo | None, view: View) -> Despliegues:
    """El resultado de unos despliegues que acabaron todos."""
    every = {wanted.name: done for wanted, done in zip(request.images, runs, strict=True)}
    chosen = {name: middle(done) for name, done in every.items()}
    totals = {name: done.total_seconds for name, done in chosen.items()}
    slowest, fastest = max(totals.values()), min(totals.values())
    return Despliegues(
        despliegues=chosen,
        todos=every,
        segundos={name: _by_phase(done) for name, done in chosen.items()},
        total=totals,
        bytes_viajados={name: done.travelled_bytes for name, done in chosen.items()},
        bytes_presentes={name: done.present_bytes for name, done in chosen.items()},
        veces_mas_rapido=slowest / fastest,
        tabla=[_row(name, done) for name, done in chosen.items()],
        motor=engine,
        tabla_texto="\n".join(_lines(chosen, engine)),
        vista=view,
        _frase=_sentence(chosen),
    )


def middle(runs: Sequence[Deployment]) -> Deployment:
    """El despliegue cuyo total queda en medio: uno de verdad, con fases que suman lo que dice."""
    wanted = statistics.median_low([run.total_seconds for run in runs])
    return next(run for run in runs if run.total_seconds == wanted)


def _by_phase(done: Deployment) -> dict[str, float]:
    return {phase.value: done.seconds[phase] for phase in Phase}


def _row(name: str, done: Deployment) -> dict[str, str | int | float | None]:
    return {
        "imagen": name,
        "etiqueta": done.image,
        **_by_phase(done),
        "total": done.total_seconds,
        "bytes que viajaron": done.travelled_bytes,
        "bytes que ya estaban": done.present_bytes,
        "Mb/s": done.mbps,
        "nodo": done.node.value,
    }


def _sentence(chosen: dict[str, Deployment]) -> str:
    order = sorted(chosen.items(), key=lambda item: item[1].total_seconds)
    said = text.join([f"{name} contestó a los {text.duration(d.total_seconds)}" for name, d in order])
    first = order[0][1]
    link = "sin límite" if first.mbps is None else f"a {text.number(first.mbps, 1)} Mb/s"
    return f"{said} · {link} · a {first.node.value}"


def _lines(chosen: dict[str, Deployment], engine: EngineInfo | None) -> list[str]:
    lines = []
    for name, done in chosen.items():
        phases = text.join([f"{phase} {text.duration(s)}" for phase, s in _by_phase(done).items()])
        lines.append(f"{name}: {text.duration(done.total_seconds)} ({phases})")
    return [*lines, engine.label if engine else ""]
