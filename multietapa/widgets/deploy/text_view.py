"""Unos despliegues en texto, según avanzan: lo que se lee en una terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from multietapa.registry.events import Phase
from multietapa.registry.state import DeployPhase, DeployState, ImageOnItsWay
from multietapa.widgets.deploy import words
from multietapa.widgets.deploy.twin import lines
from multietapa.widgets.deploy.words import Runs

EVERY = 5.0
"""Segundos entre dos noticias de una misma transferencia."""


class TextView:
    """Una línea por cada fase que empieza o acaba y, al final, lo medido (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y lo medido, que es el resultado, a ``out``.
    """

    def __init__(self, out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._out, self._log = out or sys.stdout, log or sys.stderr
        self._said: dict[str, tuple[object, ...]] = {}
        self._ended: set[tuple[str, Phase]] = set()
        self._told = 0.0
        self._preparing = self._node = ""

    def show(self, state: DeployState) -> None:
        """Escribe lo que cambió: qué se prepara, la fase de cada imagen y, cada poco, lo que ha viajado."""
        # De «el registro: descargar (12 %)» solo importa que es el registro.
        part = state.preparing.partition(":")[0]
        if part and part != self._preparing:
            self._write(f"Preparando {part}…")
        self._preparing = part
        if state.node and not self._node:
            self._node = words.node_note(state)
            self._write(*filter(None, (words.context(state), self._node)))
            self._node = self._node or state.node.value
        for image in state.images:
            self._tell(image)

    def finish(self, state: DeployState, results: Runs) -> None:
        """Escribe lo medido y lo calculado, cada cosa con su nombre."""
        self.show(state)
        self._out.write("\n".join(lines(state, results)) + "\n")
        self._out.flush()

    def _tell(self, image: ImageOnItsWay) -> None:
        if image.phase is DeployPhase.WAITING:
            self._ended = {each for each in self._ended if each[0] != image.name}
        for phase, seconds in image.seconds.items():
            if (image.name, phase) not in self._ended:
                self._ended.add((image.name, phase))
                self._write(f"{image.name}: {phase.value}, {words.took(seconds)}")
        now, key = time.monotonic(), (image.phase, image.running)
        if self._said.get(image.name) != key:
            self._said[image.name] = key
            if image.phase not in (DeployPhase.WAITING, DeployPhase.RUNNING):
                self._write(f"{words.image_word(image)} {image.name}")
            self._told = now
        elif image.running is Phase.TRANSFER and now - self._told >= EVERY:
            self._told = now
            self._write(f"{image.name}: {words.doing(image)}")

    def _write(self, *found: str) -> None:
        self._log.write("".join(f"{line}\n" for line in found))
        self._log.flush()
