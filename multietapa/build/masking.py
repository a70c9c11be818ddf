"""Un secreto que un paso escribe no se enseña: se tapa antes de que llegue a la vista o a una grabación."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from multietapa.build.events import BuildFailed, Event, LogLine, StepFinished

HIDDEN = "•••"
_SHORTEST = 4  # letras: algo más corto aparecería en cualquier sitio


def masked(events: Iterable[Event], secrets: Iterable[bytes]) -> Iterator[Event]:
    """Los mismos eventos, con ``HIDDEN`` en lugar de cada línea de un secreto que se haya escrito."""
    hide = hider(secrets)
    for event in events:
        yield _hidden(event, hide)


def hider(secrets: Iterable[bytes]) -> Callable[[str], str]:
    """Quien tapa, en un texto, cada línea de un secreto."""
    pieces = _pieces(secrets)

    def hide(text: str) -> str:
        for piece in pieces:
            text = text.replace(piece, HIDDEN)
        return text

    return hide


def _hidden(event: Event, hide: Callable[[str], str]) -> Event:
    if isinstance(event, LogLine):
        return replace(event, text=hide(event.text))
    if isinstance(event, StepFinished):
        return replace(event, error=hide(event.error))
    if isinstance(event, BuildFailed):
        return replace(event, reason=hide(event.reason), log=tuple(map(hide, event.log)))
    return event


def _pieces(secrets: Iterable[bytes]) -> list[str]:
    """Cada línea de cada secreto que es texto; antes las más largas, que pueden llevar dentro otras."""
    lines: set[str] = set()
    for content in secrets:
        try:
            lines.update(line.strip() for line in content.decode().splitlines())
        except UnicodeDecodeError:  # binario: el registro, que es texto, no puede llevarlo tal cual
            continue
    return sorted((line for line in lines if len(line) >= _SHORTEST), key=len, reverse=True)
