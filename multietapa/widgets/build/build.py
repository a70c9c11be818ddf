"""El widget de una construcción en marcha.

Solo cambia desde el hilo que construye: el botón Cancelar llega en otro y lo único que hace es activar un
``threading.Event``.
"""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import BuildState
from multietapa.widgets.adapters.ipykernel import listen_while_busy
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.build.words import Request, lines, payload, static_html


class BuildView(WidgetView):
    """El widget. ``summary`` es un hueco para lo que se sepa después («Desempaquetado 612 MB»).

    ``cancel`` es el evento que activa el botón. Guarda el último estado para sus gemelos.
    """

    _esm, _css = drawing(__file__)

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    log: traitlets.List[str] = traitlets.List().tag(sync=True)
    warnings: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rate = traitlets.Float(1.0).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)

    def __init__(self, request: Request, *, cancel: threading.Event | None = None, rate: float = 1.0) -> None:
        self._request = request
        self._state = BuildState()
        self._cancel = cancel or threading.Event()
        super().__init__(rate=rate, **payload(self._state, request, 0.0))
        self.on_msg(self._receive)
        listen_while_busy(self.comm)

    def show(self, state: BuildState, elapsed: float) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._state = state
        new = payload(state, self._request, elapsed)
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
        said = (self._state, self._request, self.summary)
        return "\n".join(lines(*said)), static_html(*said)

    def _receive(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("type") == "cancelar":
            self._cancel.set()

    def __repr__(self) -> str:
        return f"Construcción de {self._request.title}: {self._state.phase.value}"
