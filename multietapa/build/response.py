"""La respuesta del motor a una construcción, hasta su final: lo que es igual en los dos constructores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from multietapa import sdk
from multietapa.build.events import BuildFailed, BuildFinished, Event
from multietapa.build.stream import Cancelled, Refused
from multietapa.errors import engine_lost


class Reader(Protocol):
    """Traduce a eventos las líneas de un constructor."""

    @property
    def cannot_stop(self) -> bool:
        """Quien construye no para al cancelar: acaba el paso en el que está."""

    def feed(self, message: Mapping[str, Any]) -> Iterator[Event]:
        """Los eventos de una línea."""

    def close(self, error: str = "") -> Iterator[Event]:
        """Los de lo que quedó a medias; ``error`` es por lo que se acabó, o ``""``."""

    def failure(self, reason: str) -> BuildFailed:
        """El último evento de una construcción que falló."""


def read_with(
    reader: Reader, lines: Iterable[Mapping[str, Any]], clock: Callable[[], float]
) -> Iterator[Event]:
    """Los eventos de una respuesta entera; ``clock`` da los segundos desde que empezó.

    Raises:
        EngineLostError: se acabó sin una imagen ni un error.
    """
    image_id, error = "", ""
    try:
        for message in lines:
            if said := sdk.error_in(message):
                error = said
            elif built := _image_in(message):
                image_id = built
            else:
                yield from reader.feed(message)
    except Cancelled:
        yield from reader.close()
        yield BuildFailed("cancelada", clock(), cancelled=True, still_running=reader.cannot_stop)
        return
    except Refused as refused:
        error = str(refused)
    yield from reader.close(error)
    if error:
        yield reader.failure(error)
    elif image_id:
        yield BuildFinished(image_id, clock())
    else:
        raise engine_lost()


def _image_in(message: Mapping[str, Any]) -> str:
    """El identificador de la imagen, si es lo que trae esa línea; si no, ``""``."""
    aux = message.get("aux")
    return str(aux.get("ID") or "") if isinstance(aux, dict) else ""
