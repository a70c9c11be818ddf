"""Mide las imágenes de una comparación una tras otra, y enseña cada cifra en cuanto se sabe.

Mientras el motor entrega una imagen se comprimen las capas de la anterior: su Desempaquetado se ve antes que
su Transferencia. Nunca hay más de dos imágenes a la vez entre manos.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace

import docker

from multietapa.cells.asked import Ticker, ending
from multietapa.engine.model import EngineInfo
from multietapa.image.image import ProgressCallback
from multietapa.measure.comparison import Comparison, Row
from multietapa.measure.disappeared import Contents, disappeared
from multietapa.measure.measure import Measurement, Measuring, QuickSizes, measuring
from multietapa.widgets.progress import Phase
from multietapa.widgets.reading import View


@dataclass
class _Packing:
    """Una imagen ya leída, mientras se comprimen sus capas: ``place`` es su sitio en la comparación."""

    place: int
    tick: Ticker
    started: Measuring
    held: ExitStack


class Comparing:
    """Una comparación en marcha: ``comparison`` y ``measured`` tienen lo que ya se sabe."""

    def __init__(
        self, client: docker.DockerClient, info: EngineInfo, comparison: Comparison, view: View[Comparison]
    ) -> None:
        self.comparison = comparison
        self.measured: dict[str, Measurement] = {}
        self._client, self._info, self._view = client, info, view
        self._packing: _Packing | None = None
        self._first: Contents | None = None

    def run(self, quick: Mapping[str, QuickSizes]) -> None:
        """Mide las imágenes de ``quick``, por su nombre y en el orden de las filas, y enseña el final."""
        start = time.monotonic()
        with ending(self._end), ExitStack() as held:
            for place, (name, known) in enumerate(quick.items()):
                tick = Ticker(self._view, name, place + 1, len(quick), start)
                tick("Consultando lo ya medido", 0, 0)
                one = held.enter_context(ExitStack())
                started = one.enter_context(
                    measuring(
                        self._client,
                        known.image_id,
                        info=self._info,
                        progress=self._minding(tick),
                        quick=known,
                    )
                )
                self._put(place, started.measurement)
                self._compare(name, started.measurement)
                self._finish()
                self._packing = _Packing(place, tick, started, one)
                if started.ready:
                    self._finish()
            self._finish()

    def _end(self, phase: Phase, reason: str) -> None:
        self._view.finish(self.comparison, phase, reason)

    def _minding(self, tick: Ticker) -> ProgressCallback:
        """El avance de una imagen, que de paso enseña la anterior si ya está comprimida."""

        def progress(phase: str, done: int, total: int) -> None:
            if self._packing and self._packing.started.ready:
                self._finish()
            tick(phase, done, total)

        return progress

    def _finish(self) -> None:
        """Espera a la imagen que se está comprimiendo, si la hay, y suelta lo que ocupa."""
        if (packing := self._packing) is None:
            return
        self._put(packing.place, packing.started.finish(packing.tick))
        self._packing = None
        packing.held.close()

    def _compare(self, name: str, measured: Measurement) -> None:
        """Qué desaparece de la primera imagen a esta; no le hace falta Transferencia."""
        contents = Contents(name, measured)
        if self._first is None:
            self._first = contents
            return
        changes = (*self.comparison.changes, disappeared(self._first, contents))
        self.comparison = replace(self.comparison, changes=changes)

    def _put(self, place: int, measured: Measurement) -> None:
        rows = list(self.comparison.rows)
        before = rows[place]
        self.measured[before.name] = measured
        if before.figures:
            rows[place] = before.with_transfer(measured)
        else:
            known = before.reported_bytes
            rows[place] = Row.from_measurement(before.name, before.tag, measured, reported_bytes=known)
        self.comparison = replace(self.comparison, rows=tuple(rows))
        self._view.show(self.comparison)
