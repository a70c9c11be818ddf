"""Lo que devuelve ``desplegar``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from multietapa.engine.model import EngineInfo
from multietapa.registry.events import Phase
from multietapa.registry.outcome import Deployment, middle
from multietapa.registry.state import DeployState
from multietapa.widgets.deploy.twin import lines
from multietapa.widgets.deploy.words import Runs, how, measured, sentence
from multietapa.widgets.where import ShownInCell


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
    motor: EngineInfo
    tabla_texto: str = field(repr=False)
    vista: View | None = field(default=None, repr=False, compare=False)
    _frase: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return self._frase


def gathered(
    state: DeployState, runs: Runs, tags: Sequence[str], engine: EngineInfo, view: View
) -> Despliegues:
    """El resultado de unos despliegues que acabaron todos; ``tags`` son las etiquetas, en su orden."""
    every = measured(state, runs)
    chosen = {name: middle(done) for name, done in every.items()}
    totals = {name: done.total_seconds for name, done in chosen.items()}
    return Despliegues(
        despliegues=chosen,
        todos=every,
        segundos={name: _by_phase(done) for name, done in chosen.items()},
        total=totals,
        bytes_viajados={name: done.travelled_bytes for name, done in chosen.items()},
        bytes_presentes={name: done.present_bytes for name, done in chosen.items()},
        veces_mas_rapido=max(totals.values()) / min(totals.values()),
        tabla=[_row(name, tag, done) for (name, done), tag in zip(chosen.items(), tags, strict=True)],
        motor=engine,
        tabla_texto="\n".join(lines(state, runs)),
        vista=view,
        _frase=f"{sentence(every)} {how(state, every)}",
    )


def _by_phase(done: Deployment) -> dict[str, float]:
    return {phase.value: done.seconds[phase] for phase in Phase}


def _row(name: str, tag: str, done: Deployment) -> dict[str, str | int | float | None]:
    return {
        "imagen": name,
        "etiqueta": tag,
        **_by_phase(done),
        "total": done.total_seconds,
        "bytes que viajaron": done.travelled_bytes,
        "bytes que ya estaban": done.present_bytes,
        "Mb/s": done.mbps,
        "nodo": done.node.value,
    }
