"""El widget de las etapas de una construcción en marcha; terminada, sirve para mirarla despacio."""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from multietapa.build.state import BuildState
from multietapa.widgets.base import drawing
from multietapa.widgets.building import BuildingView
from multietapa.widgets.lanes.lanes import STRIP_CSS, STRIP_JS
from multietapa.widgets.live.payload import opening, payload
from multietapa.widgets.live.picture import PICTURE_CSS, draw
from multietapa.widgets.live.value import Staged
from multietapa.widgets.live.words import amounts, headline_of, lines, looks, news, static_html
from multietapa.widgets.stages.picture import PICTURE_CSS as GRAPH_CSS
from multietapa.widgets.stages.picture import twin_css


class LiveView(BuildingView):
    """El widget. ``change`` es la línea que se supone que cambia (0: ninguna).

    ``picture`` es el dibujo tal como empezó: el navegador cambia sus textos con ``nodes`` y ``amounts``.
    ``news`` es lo último que merece leerse en voz alta.
    """

    _esm, _css = drawing(__file__, js=STRIP_JS, css=GRAPH_CSS + PICTURE_CSS + STRIP_CSS)

    picture = traitlets.Unicode().tag(sync=True)
    order: traitlets.List[int] = traitlets.List().tag(sync=True)
    info: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    nodes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    amounts: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    lanes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    steps: traitlets.List[Any] = traitlets.List().tag(sync=True)
    log: traitlets.List[str] = traitlets.List().tag(sync=True)
    warnings: traitlets.List[Any] = traitlets.List().tag(sync=True)
    after: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    news = traitlets.Unicode("").tag(sync=True)
    change = traitlets.Int(0).tag(sync=True)

    def __init__(self, plan: Staged, *, cancel: threading.Event | None = None, rate: float = 1.0) -> None:
        self._plan, self._line = plan, plan.at(BuildState())
        start = {**opening(plan, self._line), **payload(plan, self._line, 0.0)}
        super().__init__(cancel, rate=rate, **start)

    def _changes(self, state: BuildState, elapsed: float) -> dict[str, Any]:
        before, self._line = self._line, self._plan.at(state)
        new = payload(self._plan, self._line, elapsed)
        if said := news(before, self._line):
            new["news"] = said
        return new

    def twins(self) -> tuple[str, str]:
        """La construcción, con lo último que se sabe, en texto y en HTML."""
        plan, line = self._plan, self._line
        picture = draw(plan.scene, headline_of(plan, line), looks(plan, line), amounts(plan, line))
        shown = static_html(plan, line, picture, self.summary)
        css = f"<style>{twin_css()}{PICTURE_CSS}{STRIP_CSS}</style>"
        return "\n".join(lines(plan, line, self.summary)), f'{css}<div class="mt">{shown}</div>'

    def __repr__(self) -> str:
        return f"Construcción de {self._plan.request.title}: {self._line.state.phase.value}"
