"""Lo común a ``comparar``, ``explorar`` y ``superficie``: enseñan lo que se sabe, por dónde va y el final."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TextIO, TypeVar

import traitlets

from multietapa.widgets.base import WidgetView
from multietapa.widgets.progress import Phase, Progress, ProgressLog, progress_payload

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class View(Protocol[T_contra]):
    """Lo que pide a una vista quien lee imágenes."""

    def show(self, known: T_contra) -> None:
        """Enseña lo que se sabe hasta ahora."""

    def advance(self, progress: Progress) -> None:
        """Enseña por dónde va."""

    def finish(self, known: T_contra, phase: Phase, reason: str = "") -> None:
        """Enseña el final; ``reason`` dice por qué no se pudo terminar."""


class TextView(Generic[T]):
    """Una línea por cada fase y, al final, ``lines``: lo que se lee en una terminal (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y lo demás, que es el resultado, a ``out``.
    """

    def __init__(
        self,
        lines: Callable[[T, Phase, str], Iterable[str]],
        out: TextIO | None = None,
        log: TextIO | None = None,
    ) -> None:
        self._lines, self._out = lines, out or sys.stdout
        self._log = ProgressLog(log or sys.stderr)

    def show(self, known: T) -> None:
        """Nada: se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase, y una sola vez por qué tarda la primera medida."""
        self._log.advance(progress)

    def finish(self, known: T, phase: Phase, reason: str = "") -> None:
        """Escribe lo que hay."""
        self._out.write("\n".join(self._lines(known, phase, reason)) + "\n")
        self._out.flush()


class ReadingView(WidgetView, Generic[T]):
    """El widget. Guarda lo último que se supo y en qué está, para sus gemelos; la clase hija dice qué viaja.

    ``doing`` es lo que se hace con cada imagen: ``Midiendo``.
    """

    doing: str
    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, known: T) -> None:
        self._state = (known, Phase.WORKING, "")
        super().__init__(**self._payload(*self._state))

    def show(self, known: T) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._state = (known, Phase.WORKING, "")
        self.put(self._payload(*self._state))

    def advance(self, progress: Progress) -> None:
        """Mueve la barra de avance."""
        self.progress = progress_payload(progress, self.doing)

    def finish(self, known: T, phase: Phase, reason: str = "") -> None:
        """Deja sus gemelos guardados en la salida, para exportaciones, y enseña el final.

        Por este orden: al guardarlos se dibuja otra vez, y quien ya mirara perdería su sitio.
        """
        self._state = (known, phase, reason)
        values = self._payload(*self._state)
        self.save_twins()
        self.put({"progress": {}, **values})

    def _payload(self, known: T, phase: Phase, reason: str) -> dict[str, Any]:
        """Los rasgos del widget, menos el avance."""
        raise NotImplementedError
