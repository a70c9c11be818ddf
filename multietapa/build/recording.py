"""Graba una construcción y la vuelve a dar: los mismos eventos, sin motor.

Una grabación es un archivo de líneas JSON: la primera dice con qué motor se tomó; cada una de las demás es un
evento con el segundo en que llegó. Quien la muestra la rotula siempre como grabación. Las que se escriben son
de la versión 2; las de la 1 se leen igual (``recording_v1``).
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import threading
import time
import typing
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multietapa.build import events as model
from multietapa.build import recording_v1
from multietapa.build.events import BuildFailed, BuildFinished, Event, StepKind
from multietapa.build.failure import explain
from multietapa.dockerfile.stages import Dockerfile, parse
from multietapa.errors import ArchiveError, DockerfileError

FORMAT = "multietapa-grabacion"
VERSION = 2
_MAX_BYTES = 64_000_000
_MAX_LINE = 1_000_000  # bytes
_MAX_SECONDS = 86_400.0
_EVENTS: dict[str, Any] = {event.__name__: event for event in typing.get_args(model.Event)}
_HINTS = {name: typing.get_type_hints(event) for name, event in _EVENTS.items()}
_STEP_KINDS = {kind.value for kind in StepKind}


@dataclass(frozen=True)
class Header:
    """Con qué se tomó una grabación.

    ``engine`` es ``EngineInfo.label``; ``date`` una fecha ISO con zona; ``dockerfile`` el nombre del archivo
    y ``text`` su contenido; ``tag`` la etiqueta que se construyó; ``app`` el nombre de la aplicación, que es
    la única para la que vale (``""`` en la versión 1, que no la decía).
    """

    engine: str
    architecture: str
    date: str
    dockerfile: str
    tag: str
    text: str = ""
    app: str = ""

    @property
    def source(self) -> Dockerfile | None:
        """Su Dockerfile leído, o ``None`` si no se entiende."""
        try:
            return parse(self.text)
        except DockerfileError:
            return None


@dataclass(frozen=True)
class Recording:
    """Una grabación cargada: cada evento con el segundo en que llegó."""

    header: Header
    events: tuple[tuple[float, Event], ...]

    @property
    def seconds(self) -> float:
        """Lo que dura a velocidad normal."""
        return self.events[-1][0] if self.events else 0.0


class Recorder:
    """Escribe en ``path`` los eventos que pasan por ``wrap``.

    El archivo aparece entero al terminar la construcción, bien o mal; si se abandona a medias no queda nada.
    """

    def __init__(self, path: str | os.PathLike[str], *, header: Header) -> None:
        self.path = Path(path)
        self.header = header

    def wrap(self, events: Iterable[Event]) -> Generator[Event, None, None]:
        """Da los mismos eventos, y los mismos errores, y los va escribiendo."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.{os.getpid()}.parcial")
        start, complete = time.monotonic(), False
        try:
            with partial.open("w", encoding="utf-8", newline="\n") as file:
                head = {"format": FORMAT, "version": VERSION, **dataclasses.asdict(self.header)}
                file.write(json.dumps(head, ensure_ascii=False) + "\n")
                try:
                    for event in events:
                        line = {"t": round(time.monotonic() - start, 3), "event": type(event).__name__}
                        line |= {key: _plain(item) for key, item in dataclasses.asdict(event).items()}
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                        complete = isinstance(event, (BuildFinished, BuildFailed))
                        yield event
                finally:
                    if isinstance(events, Generator):
                        events.close()
        finally:
            if complete:
                partial.replace(self.path)
            else:
                partial.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Recording:
    """Carga y comprueba una grabación entera.

    Raises:
        ArchiveError: no existe, está cortada, es de otra versión o no es una grabación; dice la línea.
    """
    source = Path(path)
    try:
        if source.stat().st_size > _MAX_BYTES:
            raise _broken(source, f"ocupa más de {_MAX_BYTES // 1_000_000} MB")
        with source.open("rb") as file:
            lines = _lines(source, file.read(_MAX_BYTES + 1))
    except OSError as error:
        raise _broken(source, error.strerror or str(error)) from error
    version, header = _header(source, next(lines, (1, {}))[1])
    found: list[tuple[float, Event]] = []
    for number, line in lines:
        current = recording_v1.upgraded(line) if version == recording_v1.VERSION else line
        moment, event = _event(source, number, current)
        if found and moment < found[-1][0]:
            raise _broken(source, "el tiempo va hacia atrás", number)
        if found and isinstance(found[-1][1], (BuildFinished, BuildFailed)):
            raise _broken(source, "sigue después del final", number)
        found.append((moment, event))
    if not found or not isinstance(found[-1][1], (BuildFinished, BuildFailed)):
        raise _broken(source, "está cortada: no dice cómo terminó la construcción")
    return Recording(header, tuple(found))


def replay(
    recording: Recording, *, speed: float | None = 1.0, cancel: threading.Event | None = None
) -> Generator[Event, None, None]:
    """Da los eventos de una grabación a su ritmo y, si falló, lanza al final su error.

    Args:
        speed: cuántas veces más rápido (2 es el doble); ``None``, todo seguido.
        cancel: al activarse termina como una construcción cancelada.

    Raises:
        ValueError: ``speed`` no es positivo.
        BuildError: la construcción grabada falló, o se canceló.
    """
    if speed is not None and not (speed > 0 and math.isfinite(speed)):
        raise ValueError(f"La velocidad tiene que ser mayor que 0, no {speed}.")
    cancel = cancel or threading.Event()
    start = time.monotonic()
    for moment, event in recording.events:
        wait = 0.0 if speed is None else start + moment / speed - time.monotonic()
        if cancel.is_set() or (wait > 0 and cancel.wait(wait)):
            event = BuildFailed("cancelada", moment, cancelled=True)
        yield event
        if isinstance(event, BuildFailed):
            raise explain(event, recording.header.source, None)


def _lines(source: Path, data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, raw in enumerate(data.splitlines(), 1):
        if len(raw) > _MAX_LINE:
            raise _broken(source, "tiene una línea demasiado larga", number)
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise _broken(source, "no es JSON", number) from error
        if not isinstance(value, dict):
            raise _broken(source, "no es un objeto JSON", number)
        yield number, value


def _header(source: Path, value: dict[str, Any]) -> tuple[int, Header]:
    if value.get("format") != FORMAT:
        raise _broken(source, "no es una grabación de Multietapa", 1)
    version = value.get("version")
    if version not in (recording_v1.VERSION, VERSION):
        raise _broken(source, f"es de la versión {version} y este kit lee hasta la {VERSION}", 1)
    head = {"text": "", **value, **({"app": ""} if version == recording_v1.VERSION else {})}
    names = [field.name for field in dataclasses.fields(Header)]
    missing = [name for name in names if not isinstance(head.get(name), str)]
    if missing:
        raise _broken(source, f"a la cabecera le falta «{missing[0]}»", 1)
    return int(version), Header(**{name: head[name] for name in names})


def _event(source: Path, number: int, value: dict[str, Any]) -> tuple[float, Event]:
    moment, name = value.pop("t", None), value.pop("event", None)
    if not _fits(moment, float) or not 0 <= moment <= _MAX_SECONDS:
        raise _broken(source, "no dice cuándo llegó el evento", number)
    event_class = _EVENTS.get(name) if isinstance(name, str) else None
    if event_class is None:
        raise _broken(source, f"tiene un evento desconocido, {name!r}", number)
    hints = _HINTS[event_class.__name__]
    wrong = [key for key, item in value.items() if key not in hints or not _fits(item, hints[key])]
    if wrong:
        raise _broken(source, f"el campo «{wrong[0]}» de {name} no vale", number)
    try:
        event: Event = event_class(**{key: _valued(item, hints[key]) for key, item in value.items()})
    except TypeError as error:
        raise _broken(source, f"a {name} le faltan campos", number) from error
    return float(moment), event


def _plain(value: object) -> object:
    """Como se escribe en JSON lo que no lo es: una clase de paso, por su valor."""
    return value.value if isinstance(value, StepKind) else value


def _valued(value: Any, hint: Any) -> Any:
    """El valor de un campo a partir de lo que se leyó, que ya se sabe que vale."""
    if hint is StepKind:
        return StepKind(value)
    return tuple(value) if isinstance(value, list) else value


def _fits(value: object, hint: Any) -> bool:
    if hint is StepKind:
        return isinstance(value, str) and value in _STEP_KINDS
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    if hint in (str, bool):
        return isinstance(value, hint)
    if typing.get_origin(hint) is tuple:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return value is None or _fits(value, next(t for t in typing.get_args(hint) if t is not type(None)))


def _broken(source: Path, why: str, line: int | None = None) -> ArchiveError:
    where = f", línea {line}" if line else ""
    return ArchiveError(
        f"La grabación «{source.name}»{where} no se puede usar.",
        why=f"El archivo {why}." if not why.startswith(("el ", "a ")) else f"{why[0].upper()}{why[1:]}.",
        next_step="Usa otra, o vuelve a grabarla con un motor.",
    )
