"""El widget de ``superficie``. Solo el hilo de la celda lo toca, y quien atiende su botón de guardar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import traitlets

from multietapa.errors import MultietapaError
from multietapa.measure.surface.face import Surfaces
from multietapa.widgets.drawing import drawing
from multietapa.widgets.progress import PROGRESS_CSS, PROGRESS_JS, Phase
from multietapa.widgets.reading import ReadingView
from multietapa.widgets.surface.payload import payload
from multietapa.widgets.surface.twin import lines, static_html
from multietapa.widgets.surface.words import PHASES, headline
from multietapa.widgets.theme import paint_css

Export = Callable[[str], tuple[str, str]]
"""De una imagen, por su nombre: cómo se llama el archivo de su lista de paquetes, y lo que lleva dentro."""


class SurfaceView(ReadingView[Surfaces]):
    """El widget. La lista de paquetes (SBOM) viaja cuando se pide: no está en sus rasgos."""

    doing = "Mirando"
    _esm, _css = drawing(__file__, js=PROGRESS_JS, css=PROGRESS_CSS + paint_css())

    kinds: traitlets.List[Any] = traitlets.List().tag(sync=True)
    places: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, names: Sequence[str], surfaces: Surfaces, export: Export | None = None) -> None:
        self._names, self._export = tuple(names), export
        super().__init__(surfaces)
        self.on_msg(self._asked)

    def _payload(self, surfaces: Surfaces, phase: Phase, reason: str) -> dict[str, Any]:
        return payload(self._names, surfaces, phase, reason)

    def twins(self) -> tuple[str, str]:
        """Lo que se ve, con lo último que se sabe, en texto y en HTML."""
        return "\n".join(lines(self._names, *self._state)), static_html(self._names, *self._state)

    def _asked(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        """El botón de guardar: contesta con la lista de paquetes de esa imagen, o con por qué no se puede."""
        wanted = content.get("sbom")
        if self._export is None or wanted not in [face.name for face in self._state[0].faces]:
            return
        try:
            file, written = self._export(wanted)
        except MultietapaError as problem:
            self.send({"sbom": wanted, "error": problem.what})
        else:
            self.send({"sbom": wanted, "file": file, "text": written})

    def __repr__(self) -> str:
        surfaces, phase, _ = self._state
        return f"{headline(surfaces, self._names)} ({PHASES.word(phase)})"
