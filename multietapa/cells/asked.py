"""Las imágenes que se piden en una celda: cómo se llaman, y por dónde va lo que se hace con ellas."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from multietapa import text
from multietapa.cells.construccion import Construccion
from multietapa.errors import MultietapaError, NoEngineError
from multietapa.widgets.progress import Phase, Progress

REFRESH = 0.15
"""Segundos entre dos cambios de la barra de avance."""


class Advancing(Protocol):
    """Una vista que enseña por dónde va."""

    def advance(self, progress: Progress) -> None:
        """Enseña por dónde va."""


class Ticker:
    """Pasa el avance a la vista sin saturarla: cada cambio de fase y, si no, cada ``REFRESH``."""

    def __init__(self, view: Advancing, name: str, number: int, total: int, start: float) -> None:
        self._view, self._name, self._number, self._total, self._start = view, name, number, total, start
        self._phase, self._sent = "", 0.0

    def __call__(self, phase: str, done: int, expected: int) -> None:
        now = time.monotonic()
        if phase == self._phase and now - self._sent < REFRESH:
            return
        self._phase, self._sent = phase, now
        elapsed = now - self._start
        self._view.advance(Progress(self._name, self._number, self._total, phase, done, expected, elapsed))


@contextmanager
def ending(finish: Callable[[Phase, str], None]) -> Iterator[None]:
    """Lo que se hace con ellas; ``finish`` enseña cómo acaba: entero, interrumpido o por qué no se pudo."""
    try:
        yield
    except KeyboardInterrupt:
        finish(Phase.INTERRUPTED, "")
        raise KeyboardInterrupt from None  # una nueva: el rastro de esta llega hasta el fondo
    except BaseException as problem:
        finish(Phase.FAILED, problem.what if isinstance(problem, MultietapaError) else repr(problem))
        raise
    finish(Phase.DONE, "")


def asked_images(
    function: str, doing: str, images: Sequence[str | Construccion], names: Sequence[str] | None
) -> dict[str, str | Construccion]:
    """Las imágenes, por su nombre y en su orden; ``function`` las pide, y ``doing`` es lo que hace con ellas.

    Lanza ``MultietapaError`` si no hay ninguna, si algo no lo es, o si los nombres no cuadran.
    """
    if not images:
        raise MultietapaError(
            f"No hay ninguna imagen que {doing}.",
            next_step=f'Escribe sus etiquetas: {function}("tienda:ingenua", "tienda:multietapa").',
        )
    called = [str(name) for name in names] if names is not None else [tag_of(_checked(i)) for i in images]
    if len(called) != len(images):
        raise MultietapaError(
            f"Hay {text.count(len(images), 'imagen', 'imágenes')} y "
            f"{text.count(len(called), 'nombre', 'nombres')}.",
            next_step="Da en nombres=[...] uno para cada imagen, en el mismo orden.",
        )
    return named(called, images)


def named(names: Sequence[str], images: Sequence[str | Construccion]) -> dict[str, str | Construccion]:
    """Cada imagen con su nombre; lanza ``MultietapaError`` si dos se llaman igual."""
    if repeated := [name for name in names if list(names).count(name) > 1]:
        raise MultietapaError(
            f"Dos imágenes se llaman igual: «{repeated[0]}».",
            next_step='Dale a cada una su nombre: nombres=["antes", "después"].',
        )
    return dict(zip(names, map(_checked, images), strict=True))


def refuse_recordings(wanted: Mapping[str, str | Construccion], verb: str) -> None:
    """Lanza ``NoEngineError`` si una es una grabación: lo que no se puede hacer con ella es ``verb``."""
    for image in wanted.values():
        if isinstance(image, Construccion) and image.grabacion:
            raise NoEngineError(
                f"«{image.etiqueta}» es una grabación y no se puede {verb}.",
                why=f"Se construyó en otra máquina ({image.grabacion}) y su imagen no existe aquí.",
                next_step="Con un motor en marcha, constrúyela de verdad con construir y repite.",
            )


def tag_of(image: str | Construccion) -> str:
    """Su etiqueta."""
    return image.etiqueta if isinstance(image, Construccion) else image


def reference(image: str | Construccion) -> str:
    """Con qué se le pide al motor: su id si se acaba de construir."""
    return image.imagen if isinstance(image, Construccion) else image


def _checked(image: object) -> str | Construccion:
    if isinstance(image, Construccion) or (isinstance(image, str) and image.strip()):
        return image
    raise MultietapaError(
        f"Esto no es una imagen: {image!r}.",
        next_step='Pasa su etiqueta ("tienda:multietapa") o lo que devolvió construir.',
    )
