"""Por qué se repitió un paso, y cómo se dice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from multietapa import text

NAMED = 3
"""Cuántos archivos se nombran; de los demás se dice cuántos son."""
_LONG = 70  # letras de una instrucción, o de lo que cambió de ella


class Cause(Enum):
    """Qué cambió desde la última vez."""

    INSTRUCTION = auto()
    NEW = auto()
    MOVED = auto()
    FILES = auto()
    ARGUMENT = auto()
    IMAGE = auto()
    STAGE = auto()
    """Su etapa no se había hecho."""
    REMOVED = auto()
    """Ya no está una instrucción que iba delante."""
    REPEATED = auto()
    """Otro paso del que depende se volvió a hacer."""
    NO_CACHE = auto()
    FIRST = auto()
    GONE = auto()
    """No cambió nada."""

    @property
    def general(self) -> bool:
        """Es de toda la construcción, y no de un paso."""
        return self in (Cause.NO_CACHE, Cause.FIRST)


@dataclass(frozen=True)
class Place:
    """Una instrucción: su texto, su línea y, si es de otra etapa que la del paso, cuál."""

    text: str
    line: int
    stage: str = ""


@dataclass(frozen=True)
class Why:
    """La razón de un paso, o de la instrucción ``guilty`` de la que depende.

    ``before`` y ``after`` son una instrucción antes y ahora; ``name``, el argumento o la imagen que cambió; y
    ``changed``, ``new``, ``gone`` y ``modes``, los archivos (de estos últimos, solo sus permisos).
    """

    cause: Cause
    before: str = ""
    after: str = ""
    name: str = ""
    changed: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    guilty: Place | None = None

    def blaming(self, place: Place) -> Why:
        """La misma, si la culpable es otra instrucción."""
        return replace(self, guilty=place)


def phrase(why: Why, *, brief: bool = False) -> str:
    """La razón en pocas palabras, sin mayúscula ni punto. ``brief``: de la culpable basta decir cuál es."""
    place = why.guilty
    if place is None:
        return _own(why)
    what = f"«{_cut(place.text)}»"
    if why.cause is Cause.REMOVED:
        return f"se repite porque ya no va delante {what}"
    where = f"línea {place.line}"
    where = f"etapa «{place.stage}», {where}" if place.stage else where
    if why.cause is Cause.REPEATED:
        return f"se repite por {what} ({where}), que se volvió a hacer"
    return f"se repite por {what} ({where}){'' if brief else f': {_own(why)}'}"


def _own(why: Why) -> str:
    if why.cause is Cause.INSTRUCTION:
        before, after = difference(why.before, why.after)
        if why.before.startswith("FROM ") and before and after:
            return f"parte de otra imagen o etapa: antes «{before}», ahora «{after}»"
        if not before and not after:
            return "cambió la instrucción"
        if before and after:
            return f"cambió la instrucción: antes «{before}», ahora «{after}»"
        return f"cambió la instrucción: {f'ya no lleva «{before}»' if before else f'ahora lleva «{after}»'}"
    if why.cause is Cause.FILES:
        return "; ".join(_files(why))
    return {
        Cause.NEW: "es nueva: no estaba la última vez",
        Cause.MOVED: "cambió de sitio",
        Cause.ARGUMENT: f"cambió el argumento «{why.name}»",
        Cause.IMAGE: f"cambió la imagen «{why.name}»: se llama igual, pero es otra",
        Cause.STAGE: "es la primera vez, que se recuerde, que se hace su etapa",
        Cause.NO_CACHE: "se pidió sin caché",
        Cause.FIRST: "no se recuerda otra construcción como esta (carpeta, Dockerfile, motor y constructor)",
        Cause.GONE: "no cambió nada, pero el motor ya no la tenía en su caché",
    }[why.cause]


def _files(why: Why) -> list[str]:
    """Cada clase de cambio, nombrando entre todas ``NAMED`` archivos como mucho."""
    kinds = (
        (why.changed, "cambió", "cambiaron"),
        (why.new, "es nuevo", "son nuevos"),
        (why.gone, "ya no está", "ya no están"),
        (why.modes, "cambiaron los permisos de", "cambiaron los permisos de"),
    )
    room, found, hidden = NAMED, [], 0
    for names, one, several in kinds:
        shown = names[:room]
        room -= len(shown)
        hidden += len(names) - len(shown)
        if shown:
            listed = text.join([f"«{_cut(name)}»" for name in shown])
            found.append(f"{one if len(shown) == 1 else several} {listed}")
    if hidden:
        found.append(f"y {text.count(hidden, 'archivo más', 'archivos más')}")
    return found


def difference(before: str, after: str) -> tuple[str, str]:
    """Lo que cambia de una instrucción a otra, por palabras y recortado; ``""`` donde no queda nada."""
    old, new = before.split(" "), after.split(" ")
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    middle = (" ".join(words[start : len(words) - end]) for words in (old, new))
    first, second = (_cut(part) for part in middle)
    return first, second


def _cut(value: str) -> str:
    return value if len(value) <= _LONG else f"{value[: _LONG - 1]}…"
