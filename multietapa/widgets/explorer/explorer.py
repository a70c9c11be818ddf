"""El widget de ``explorar``. Solo lo tocan el hilo de la celda y quien contesta a lo que pide la página."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from multietapa.errors import MultietapaError
from multietapa.widgets.drawing import drawing
from multietapa.widgets.explorer.payload import payload
from multietapa.widgets.explorer.twin import lines, static_html
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.explorer.words import PHASES, headline
from multietapa.widgets.progress import PROGRESS_CSS, PROGRESS_JS, Phase
from multietapa.widgets.reading import ReadingView
from multietapa.widgets.theme import paint_css

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]
"""De lo que pide la página, a lo que se le contesta. Lanza ``MultietapaError`` si no se puede."""
_PARTS = tuple("pieces store treemap table looking telling talk filters map search detail losses".split())


class ExplorerView(ReadingView[Explored]):
    """El widget. En sus rasgos va lo que más pesa; lo demás lo pide la página, y contesta ``answer``."""

    doing = "Leyendo"
    _esm, _css = drawing(__file__, js=PROGRESS_JS, css=PROGRESS_CSS + paint_css(), parts=_PARTS)

    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rows: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    waste: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, explored: Explored, answer: Answer | None = None) -> None:
        self._answer = answer
        super().__init__(explored)
        self.on_msg(self._asked)

    def _payload(self, explored: Explored, phase: Phase, reason: str) -> dict[str, Any]:
        return payload(explored, phase, reason)

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
        return f"{headline(explored)} ({PHASES.word(phase)})"
