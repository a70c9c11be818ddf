"""Lo que BuildKit cuenta de un paso mientras lo da: la carpeta que llega, las capas que baja y abre.

De una imagen que baja él habla pieza a pieza, por su digest, primero al bajarla y después al abrirla, y a
veces dice que una está bajada cuando ya la está abriendo. El manifiesto y la configuración son piezas que no
se abren, y llegan ya bajadas: no son capas. Cuando el paso termina, el motor puede callarse la última noticia
de una capa (dockerd deja de leerlas en cuanto acaba de bajar): que todas están abiertas lo dice entonces que
el paso terminara bien.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from multietapa.build.events import StepProgress
from multietapa.build.locating import spanish

WAITING, DOWNLOADING, DOWNLOADED, OPENING, OPENED = "en espera", "bajando", "bajada", "abriendo", "lista"
_ORDER = (WAITING, DOWNLOADING, DOWNLOADED, OPENING, OPENED)
_PIECE = re.compile(r"(?P<opening>extracting )?sha256:(?P<short>[0-9a-f]{12})[0-9a-f]{52}")
_TRANSFERRING = "transferring"
_DOING = {"downloading": DOWNLOADING, "done": DOWNLOADED}


class Told:
    """Lo último que contó cada paso de una construcción."""

    def __init__(self) -> None:
        self._pieces: dict[tuple[str, str], StepProgress] = {}
        self._shown: set[tuple[str, str]] = set()

    def feed(self, item: Any) -> StepProgress | None:
        """El avance que cuenta un ``VertexStatus``, o ``None`` si no dice nada nuevo."""
        if piece := _PIECE.fullmatch(item.ID):
            return self._piece(item, piece["short"], opening=bool(piece["opening"]))
        label = "recibiendo" if item.name == _TRANSFERRING else spanish(item.ID or item.name)[0]
        return StepProgress(item.vertex, label, int(item.current), int(item.total))

    def opened(self, vertex: str) -> Iterator[StepProgress]:
        """Las capas que un paso que termina bien estaba abriendo, ya abiertas."""
        for key, piece in self._pieces.items():
            if key[0] == vertex and piece.doing == OPENING:
                self._pieces[key] = replace(piece, doing=OPENED)
                yield self._pieces[key]

    def _piece(self, item: Any, short: str, *, opening: bool) -> StepProgress | None:
        key = item.vertex, short
        before = self._pieces.get(key)
        current, total = int(item.current), int(item.total)
        if opening:
            doing = OPENED if item.HasField("completed") else OPENING
            current = total = before.total if before else 0
        else:
            doing = _DOING.get(item.name, WAITING)
        if before and _ORDER.index(doing) < _ORDER.index(before.doing):  # llega tarde: solo dice cuánto ocupa
            doing, current, total = before.doing, before.current or total, before.total or total
        new = StepProgress(item.vertex, short, current, total, doing)
        if new == before:
            return None
        self._pieces[key] = new
        if key not in self._shown and doing in (WAITING, DOWNLOADED):
            return None
        self._shown.add(key)
        return new
