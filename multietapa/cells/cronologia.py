"""Lo que da ``etapas`` con construcciones terminadas: cuándo trabajó cada etapa, en un mismo eje."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from multietapa.cells.construccion import Construccion
from multietapa.cells.hechas import stages_done
from multietapa.errors import BuildError
from multietapa.widgets.base import SilentView, open_view
from multietapa.widgets.lanes.lanes import LanesView
from multietapa.widgets.lanes.words import Built, headline
from multietapa.widgets.lanes.words import lines as lanes_lines
from multietapa.widgets.live.live import LiveView
from multietapa.widgets.live.open import finished_view
from multietapa.widgets.live.value import Staged
from multietapa.widgets.live.words import headline_of
from multietapa.widgets.live.words import lines as live_lines
from multietapa.widgets.where import ShownInCell


@dataclass(frozen=True)
class Cronologia(ShownInCell):
    """Los tiempos de las etapas de una o de varias construcciones.

    ``construcciones`` son sus etiquetas; ``filas``, una por etapa y construcción (los tiempos, en segundos
    desde que empezó cada una), lista para una tabla de datos; y ``texto``, todo en frases, para ``print``.
    """

    construcciones: tuple[str, ...]
    filas: list[dict[str, str | int | float | None]] = field(repr=False)
    texto: str = field(repr=False)
    vista: LiveView | LanesView | None = field(default=None, repr=False, compare=False)
    _frase: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return self._frase


def chronology(found: Sequence[Construccion], vista: bool | str) -> Cronologia:
    """Enseña esas construcciones: una sola, con su grafo; varias, con sus franjas en un mismo eje.

    Raises:
        BuildError: de alguna no se sabe qué pasos son de cada etapa.
    """
    builds = [_built(each) for each in found]
    said = _lines(builds)
    view = open_view(vista, lambda: _widget(builds), lambda: _write(said))
    rows = [row for built in builds for row in _rows(built)]
    one = builds[0]
    phrase = headline(builds) if len(builds) > 1 else headline_of(_staged(one), one.line)
    names = tuple(each.etiqueta for each in found)
    return Cronologia(names, rows, "\n".join(said), None if isinstance(view, SilentView) else view, phrase)


def _built(found: Construccion) -> Built:
    if found.por_etapas is None:
        raise BuildError(
            f"De la construcción de «{found.etiqueta}» no se sabe qué pasos son de cada etapa.",
            why="Su Dockerfile no se pudo leer.",
            next_step="Construye la carpeta otra vez.",
        )
    return found.por_etapas


def _staged(built: Built) -> Staged:
    return Staged(built.request, built.line.source, built.line.graph, built.classic)


def _lines(builds: Sequence[Built]) -> list[str]:
    return lanes_lines(builds) if len(builds) > 1 else live_lines(_staged(builds[0]), builds[0].line)


def _widget(builds: Sequence[Built]) -> LiveView | LanesView:
    return LanesView(builds) if len(builds) > 1 else finished_view(builds[0])


def _write(said: Sequence[str]) -> None:
    """Escribe el gemelo en texto."""
    sys.stdout.write("\n".join(said) + "\n")


def _rows(built: Built) -> list[dict[str, str | int | float | None]]:
    return [
        {
            "construccion": built.request.title,
            "etapa": stage.nombre,
            "estado": stage.estado,
            "inicio": stage.inicio,
            "fin": stage.fin,
            "segundos": stage.segundos,
            "pasos": stage.pasos,
            "de_cache": stage.de_cache,
            "bytes": stage.bytes,
            "porque": stage.porque,
        }
        for stage in stages_done(built)
    ]
