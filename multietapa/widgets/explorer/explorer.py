"""El widget de ``explorar``. Solo lo tocan el hilo de la celda y quien contesta a lo que pide la página."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import traitlets

from multietapa.errors import MultietapaError
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.explorer.payload import payload
from multietapa.widgets.explorer.twin import lines, static_html
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.explorer.words import Phase, headline
from multietapa.widgets.progress import Progress, progress_payload
from multietapa.widgets.theme import paint_css

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]
"""De lo que pide la página, a lo que se le contesta. Lanza ``MultietapaError`` si no se puede."""
_PARTS = tuple(
    "pieces store treemap table looking telling talk head filters map search detail losses".split()
)


class View(Protocol):
    """Lo que ``explorar`` pide a una vista."""

    def show(self, explored: Explored) -> None:
        """Enseña lo que ya se sabe."""

    def advance(self, progress: Progress) -> None:
        """Enseña por dónde va."""

    def finish(self, explored: Explored, phase: Phase, reason: str = "") -> None:
        """Enseña el final; ``reason`` dice por qué no se pudo terminar."""


class ExplorerView(WidgetView):
    """El widget. En sus rasgos va lo que más pesa; lo demás lo pide la página, y contesta ``answer``."""

    _esm, _css = drawing(__file__, css=paint_css(), parts=_PARTS)

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    waste: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, explored: Explored, answer: Answer | None = None) -> None:
        self._answer = answer
        self._state = (explored, Phase.LOOKING, "")
        super().__init__(**payload(*self._state))
        self.on_msg(self._asked)

    def show(self, explored: Explored) -> None:
        """Manda a la pantalla lo que ya se sabe, en un solo mensaje."""
        self._state = (explored, Phase.LOOKING, "")
        self.put(payload(*self._state))

    def advance(self, progress: Progress) -> None:
        """Mueve la barra de avance."""
        self.progress = progress_payload(progress, "Leyendo")

    def finish(self, explored: Explored, phase: Phase, reason: str = "") -> None:
        """Deja sus gemelos guardados en la salida, para exportaciones, y enseña el final.

        Por este orden: al guardarlos se dibuja otra vez, y quien ya mirara perdería su sitio.
        """
        self._state = (explored, phase, reason)
        values = payload(*self._state)
        self.save_twins()
        self.put({"progress": {}, **values})

    def twins(self) -> tuple[str, str]:
        """Lo que se ve, con lo último que se sabe, en texto y en HTML."""
        return "\n".join(lines(*self._state)), static_html(*self._state)

    def _asked(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        """Lo que pide la página: se contesta con su mismo número, o se dice por qué no se puede."""
        if self._answer is None or not isinstance(content.get("id"), int):
            return
        try:
            answer = self._answer(content)
        except MultietapaError as problem:
            answer = {"error": problem.what}
        self.send({"id": content["id"], **answer})

    def __repr__(self) -> str:
        explored, phase, _ = self._state
        return f"{headline(explored)} ({phase.value})"
