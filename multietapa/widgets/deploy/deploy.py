"""El widget de unos despliegues en marcha.

Solo lo cambia el hilo de la celda: el botón Cancelar llega en otro y lo único que hace es activar un
``threading.Event``. Lo calculado lo mueve quien aprende, desde el navegador.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import traitlets

from multietapa.build.follow import HEARTBEAT
from multietapa.registry.state import DeployPhase, DeployState
from multietapa.widgets.adapters.ipykernel import listen_while_busy
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.deploy.estimate import control_words, default_plan
from multietapa.widgets.deploy.twin import lines, payload, static_html
from multietapa.widgets.deploy.words import Runs, overall_word, title
from multietapa.widgets.theme import paint_css

_GOING = (DeployPhase.PUSHING, DeployPhase.RUNNING)


class DeployView(WidgetView):
    """El widget. ``cancel`` es el evento que activa el botón.

    ``clock`` son los segundos que lleva todo y los de la imagen en marcha (``-1`` si no hay ninguna): el
    navegador los hace correr. ``speed``, ``replicas``, ``deployments`` y ``price`` son los controles de lo
    calculado, que en ``words`` tienen lo que se lee en ellos; ``added`` es lo que sale al moverlos: lo
    escribe el navegador y se añade al exportar.
    """

    _esm, _css = drawing(__file__, css=paint_css())

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    images: traitlets.List[Any] = traitlets.List().tag(sync=True)
    table = traitlets.Unicode("").tag(sync=True)
    clock: traitlets.List[float] = traitlets.List().tag(sync=True)
    speed = traitlets.Float(20.0).tag(sync=True)
    replicas = traitlets.Int(3).tag(sync=True)
    deployments = traitlets.Int(20).tag(sync=True)
    price = traitlets.Unicode("").tag(sync=True)
    added = traitlets.Unicode("").tag(sync=True)
    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, state: DeployState, *, cancel: threading.Event | None = None) -> None:
        self._state = state
        self._runs: Runs = ()
        self._cancel = cancel or threading.Event()
        self._began = time.monotonic()
        self._image: tuple[str, DeployPhase] | None = None
        self._image_began = self._began
        plan = default_plan(state.mbps)
        super().__init__(
            **payload(state),
            words=control_words(),
            clock=[0.0, -1.0],
            speed=plan.mbps,
            replicas=plan.replicas,
            deployments=plan.deployments,
        )
        self.on_msg(self._receive)
        listen_while_busy(self.comm)

    def show(self, state: DeployState) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._state = state
        new = payload(state, self._runs)
        if clock := self._time(state, always=new["head"] != self.head):
            new["clock"] = clock
        self.put(new)

    def finish(self, state: DeployState, results: Runs) -> None:
        """Enseña el final y deja sus gemelos guardados en la salida, para exportaciones."""
        self._runs = results
        self.show(state)
        self.save_twins()

    def twins(self) -> tuple[str, str]:
        """Los despliegues, con lo último que se sabe, en texto y en HTML."""
        return "\n".join(lines(self._state, self._runs)), static_html(self._state, self._runs)

    def _time(self, state: DeployState, *, always: bool) -> list[float]:
        """Los relojes, si hay que ponerlos en hora: cambió la imagen en marcha, o hace mucho que no.

        ``always``: viajan de todas formas, porque al llegar cualquier noticia el navegador cuenta desde ahí.
        """
        now = time.monotonic()
        going = next(((one.name, one.phase) for one in state.images if one.phase in _GOING), None)
        changed = going != self._image
        if changed:
            self._image, self._image_began = going, now
        clock = [round(now - self._began, 2), round(now - self._image_began, 2) if going else -1.0]
        late = clock[0] - self.clock[0] > 0.9 * HEARTBEAT
        return clock if always or changed or late else []

    def _receive(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("type") == "cancelar":
            self._cancel.set()

    def __repr__(self) -> str:
        return f"{title(self._state)}: {overall_word(self._state)}"
