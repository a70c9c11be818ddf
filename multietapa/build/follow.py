"""El bucle de una construcción: un hilo recorre los eventos y el de la celda los enseña.

Solo el hilo de la celda toca la vista, cada ``REFRESH`` segundos. Cancelar (con el botón, que llega en otro
hilo, o interrumpiendo el kernel) activa un ``threading.Event`` y espera a que el motor pare.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any, Protocol

from multietapa.build.events import Event, LogLine
from multietapa.build.state import BuildPhase, BuildState, broken, cancelling, explained, heading, reduce
from multietapa.errors import BuildCancelled, BuildError, MultietapaError

REFRESH = 0.1
"""Segundos entre dos cambios de la pantalla."""
HEARTBEAT = 3.0
"""Segundos que el widget puede estar sin mandar la hora. El widget echa de menos cinco latidos."""
STOP_LIMIT = 20.0
"""Segundos que se espera, después de cancelar, a que el motor pare."""
_LOG_LIMIT = 5_000_000  # caracteres del registro entero
_FINAL = object()


class View(Protocol):
    """Lo que ``construir`` pide a una vista. ``elapsed`` son segundos desde que empezó."""

    def show(self, state: BuildState, elapsed: float) -> None:
        """Enseña el estado de ahora."""

    def finish(self, state: BuildState) -> None:
        """Enseña el estado final."""

    def note(self, phrase: str) -> None:
        """Añade al final algo que se supo después: ``Desempaquetado 612 MB``."""


def follow(
    events: Iterator[Event],
    view: View,
    cancel: threading.Event,
    *,
    messages: queue.SimpleQueue[Any] | None = None,
    rate: float = 1.0,
    complete: Callable[[BuildState], BuildState] | None = None,
) -> tuple[BuildState, str]:
    """Recorre ``events`` en otro hilo y enseña cada cambio desde este. Devuelve el estado y el registro.

    ``messages`` deja que otros hilos añadan eventos; ``rate`` es cuánto corre el reloj que se enseña;
    ``complete`` añade al estado de una construcción terminada lo que solo entonces se sabe.
    Lanza lo que lance el generador, y ``BuildCancelled`` si se interrumpe el kernel.
    """
    line = messages or queue.SimpleQueue()
    worker = threading.Thread(target=_pump, args=(events, line), name="multietapa-eventos", daemon=True)
    loop = _Loop(line, view, cancel, rate)
    worker.start()
    interrupted = False
    try:
        loop.run()
    except KeyboardInterrupt:
        interrupted = True
        cancel.set()
        try:
            loop.run()
        except KeyboardInterrupt:  # la segunda vez no se espera más
            pass
    loop.close(complete)
    if interrupted and not isinstance(loop.error, MultietapaError):
        done = loop.state.phase is BuildPhase.DONE
        raise BuildCancelled(
            "Se interrumpió el kernel" + (" cuando la construcción ya había terminado." if done else "."),
            why="La imagen llegó a hacerse y está en el motor." if done else "",
            next_step="Vuelve a ejecutar la celda cuando quieras.",
        ) from loop.error
    if loop.error is not None:
        raise loop.error
    return loop.state, loop.log


class _Loop:
    """El lado del hilo de la celda: junta eventos, calcula el estado y lo enseña cada ``REFRESH``."""

    def __init__(
        self, line: queue.SimpleQueue[Any], view: View, cancel: threading.Event, rate: float
    ) -> None:
        self.state = BuildState()
        self.error: BaseException | None = None
        self._line, self._view, self._cancel, self._rate = line, view, cancel, rate
        self._start = self._shown_at = time.monotonic()
        self._over = False
        self._cancelled_at: float | None = None
        self._speaker = ""
        self._written: list[str] = []
        self._room = _LOG_LIMIT

    @property
    def log(self) -> str:
        """Todo lo que escribieron los pasos, con un título cuando cambia el que habla."""
        return "\n".join(self._written)

    def run(self) -> None:
        """Hasta que acaba el generador, o hasta ``STOP_LIMIT`` después de cancelar."""
        while not self._over and not self._given_up():
            shown = self.state
            self._gather(time.monotonic() + REFRESH)
            if self._cancel.is_set():
                self.state = cancelling(self.state)
            if self.state is not shown or time.monotonic() - self._shown_at > HEARTBEAT:
                self._shown_at = time.monotonic()
                self._view.show(self.state, self._elapsed())

    def close(self, complete: Callable[[BuildState], BuildState] | None) -> None:
        """El último estado, aunque el generador se fuera sin decir cómo acabó."""
        if not self.state.phase.over:
            self.error = self.error or self._without_end()
            reason = self.error.what if isinstance(self.error, MultietapaError) else repr(self.error)
            cancelled = self._cancel.is_set()
            self.state = broken(self.state, reason, self._elapsed(), cancelled=cancelled)
        elif self.state.phase is BuildPhase.FAILED and isinstance(self.error, MultietapaError):
            self.state = explained(self.state, self.error.what)
        try:
            if complete is not None and self.state.phase is BuildPhase.DONE and self.error is None:
                self.state = complete(self.state)
        finally:
            self._view.finish(self.state)

    def _without_end(self) -> MultietapaError:
        if not self._cancel.is_set():
            return BuildError(
                "La construcción acabó sin decir cómo.",
                why="El motor cerró la conversación antes de terminar.",
                next_step="Vuelve a ejecutar la celda.",
            )
        return BuildCancelled(
            "La construcción se canceló sin esperar a que el motor parase.",
            why=f"Puede que siga trabajando unos segundos: se le espera {STOP_LIMIT:.0f} s como mucho.",
            next_step="Si va lento, espera un poco antes de volver a construir.",
        )

    def _elapsed(self) -> float:
        return (time.monotonic() - self._start) * self._rate

    def _given_up(self) -> bool:
        if not self._cancel.is_set():
            return False
        self._cancelled_at = self._cancelled_at or time.monotonic()
        return time.monotonic() - self._cancelled_at > STOP_LIMIT

    def _gather(self, until: float) -> None:
        """Atiende lo que llegue hasta ``until``."""
        while not self._over and (left := until - time.monotonic()) > 0:
            try:
                item = self._line.get(timeout=left)
            except queue.Empty:
                return
            if isinstance(item, tuple) and item[0] is _FINAL:
                self._over, self.error = True, item[1]
                return
            self.state = reduce(self.state, item)
            if isinstance(item, LogLine):
                self._write(item)

    def _write(self, item: LogLine) -> None:
        if self._room > 0 and item.id != self._speaker and item.id in self.state.steps:
            self._speaker = item.id
            self._written.append(heading(self.state.steps[item.id]))
        if self._room > 0:
            self._written.append(item.text)
            self._room -= len(item.text) + 1
            if self._room <= 0:
                self._written.append("(el registro sigue, pero ya no se guarda)")


def _pump(events: Iterator[Event], line: queue.SimpleQueue[Any]) -> None:
    error: BaseException | None = None
    try:
        if isinstance(events, Generator):
            with closing(events):
                for event in events:
                    line.put(event)
        else:
            for event in events:
                line.put(event)
    except BaseException as problem:  # noqa: BLE001  lo lanza el hilo de la celda
        error = problem
    line.put((_FINAL, error))
