"""El widget de las etapas de una construcción en marcha; terminada, sirve para mirarla despacio.

Como el de la construcción, solo cambia desde el hilo que construye: el botón Cancelar llega en otro y lo
único que hace es activar un ``threading.Event``.
"""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import BuildState
from multietapa.widgets.adapters.ipykernel import listen_while_busy
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.lanes.lanes import STRIP_CSS, STRIP_JS
from multietapa.widgets.live.payload import opening, payload
from multietapa.widgets.live.picture import PICTURE_CSS, draw
from multietapa.widgets.live.value import Staged
from multietapa.widgets.live.words import amounts, headline_of, lines, looks, news, static_html
from multietapa.widgets.stages.picture import PICTURE_CSS as GRAPH_CSS
from multietapa.widgets.stages.picture import twin_css


class LiveView(WidgetView):
    """El widget. ``change`` es la línea que se supone que cambia (0: ninguna).

    ``picture`` es el dibujo tal como empezó: el navegador cambia sus textos con ``nodes`` y ``amounts``.
    ``news`` es lo último que merece leerse en voz alta; ``summary``, como en ``BuildView``.
    """

    _esm, _css = drawing(__file__, js=STRIP_JS, css=GRAPH_CSS + PICTURE_CSS + STRIP_CSS)

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
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
    rate = traitlets.Float(1.0).tag(sync=True)
    change = traitlets.Int(0).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)

    def __init__(self, plan: Staged, *, cancel: threading.Event | None = None, rate: float = 1.0) -> None:
        self._plan, self._line = plan, plan.at(BuildState())
        self._cancel = cancel or threading.Event()
        start = {**opening(plan, self._line), **payload(plan, self._line, 0.0)}
        super().__init__(rate=rate, **start)
        self.on_msg(self._receive)
        listen_while_busy(self.comm)

    def show(self, state: BuildState, elapsed: float) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        before, self._line = self._line, self._plan.at(state)
        new = payload(self._plan, self._line, elapsed)
        if said := news(before, self._line):
            new["news"] = said
        # El navegador hace correr el reloj: la hora sola no merece un mensaje, salvo para ponerlo en hora.
        recent = abs(elapsed - self.head["elapsed"]) < 0.9 * HEARTBEAT * self.rate
        if recent and {**self.head, "elapsed": 0} == {**new["head"], "elapsed": 0}:
            del new["head"]
        self.put(new)

    def finish(self, state: BuildState) -> None:
        """Enseña el final y deja sus gemelos guardados en la salida, para exportaciones."""
        self.show(state, state.seconds or 0.0)
        self.save_twins()

    def note(self, phrase: str) -> None:
        """La pone en lugar del tamaño provisional."""
        self.summary = phrase
        self.save_twins()

    def twins(self) -> tuple[str, str]:
        """La construcción, con lo último que se sabe, en texto y en HTML."""
        plan, line = self._plan, self._line
        picture = draw(plan.scene, headline_of(plan, line), looks(plan, line), amounts(plan, line))
        shown = static_html(plan, line, picture, self.summary)
        css = f"<style>{twin_css()}{PICTURE_CSS}{STRIP_CSS}</style>"
        return "\n".join(lines(plan, line, self.summary)), f'{css}<div class="mt">{shown}</div>'

    def _receive(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("type") == "cancelar":
            self._cancel.set()

    def __repr__(self) -> str:
        return f"Construcción de {self._plan.request.title}: {self._line.state.phase.value}"
