"""Lo común a las dos vistas de una construcción en marcha: su reloj, su final y el botón Cancelar.

Solo cambian desde el hilo que construye: el botón llega en otro y lo único que hace es activar un
``threading.Event``.
"""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import BuildState
from multietapa.widgets.adapters.ipykernel import listen_while_busy
from multietapa.widgets.base import WidgetView


class BuildingView(WidgetView):
    """El widget de una construcción. ``cancel`` es el evento que activa el botón.

    ``summary`` es un hueco para lo que se sepa después («Desempaquetado 612 MB»).
    """

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    rate = traitlets.Float(1.0).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)

    def __init__(self, cancel: threading.Event | None, **start: Any) -> None:
        self._cancel = cancel or threading.Event()
        super().__init__(**start)
        self.on_msg(self._receive)
        listen_while_busy(self.comm)

    def show(self, state: BuildState, elapsed: float) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        new = self._changes(state, elapsed)
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

    def _changes(self, state: BuildState, elapsed: float) -> dict[str, Any]:
        """Los rasgos de la vista en ese estado, que se recuerda para sus gemelos."""
        raise NotImplementedError

    def _receive(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("type") == "cancelar":
            self._cancel.set()
