"""Las listas de una clase: de dos imágenes, una con lo que cambia; de una, o de tres, la de cada una."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from multietapa import text
from multietapa.measure.surface.face import Change, Count, Entry, Kind, Surfaces

UNKNOWN = "no se puede comprobar"
_MOST_INSTRUCTION = 160  # caracteres


class State(Enum):
    """Qué le pasa a una cosa de la primera imagen a la segunda: su signo, de una y de varias."""

    GONE = ("−", "se va", "se van")
    KEPT = ("=", "sigue", "siguen")
    CHANGED = ("≠", "cambia", "cambian")
    NEW = ("+", "llega", "llegan")

    @property
    def sign(self) -> str:
        """Lo que la distingue además del color."""
        return self.value[0]

    @property
    def one(self) -> str:
        """``se va``."""
        return self.value[1]

    @property
    def many(self) -> str:
        """``se van``."""
        return self.value[2]


@dataclass(frozen=True)
class Line:
    """Una línea: lo que hay (``entry``) y, si es de dos imágenes, qué le pasa y cómo era antes."""

    entry: Entry
    state: State | None = None
    before: Entry | None = None


@dataclass(frozen=True)
class Section:
    """Una lista: la de una imagen (``name``), o la de las dos (``""``)."""

    name: str
    lines: tuple[Line, ...]

    @property
    def tally(self) -> Mapping[State, int]:
        """Cuántas hay de cada estado, sin los que no tienen ninguna."""
        states = [line.state for line in self.lines]
        return {state: states.count(state) for state in State if state in states}


def sections(surfaces: Surfaces, kind: Kind) -> tuple[Section, ...]:
    """Las listas de una clase, sin las que no se pudieron mirar."""
    counts = {face.name: face.counts[kind] for face in surfaces.faces}
    if len(counts) == 2 and all(count.known for count in counts.values()):
        return (Section("", tuple(map(_line, surfaces.changes(kind)))),)
    return tuple(
        Section(name, tuple(Line(entry) for entry in count.entries))
        for name, count in counts.items()
        if count.known
    )


def tally_words(section: Section) -> str:
    """Lo que cambia, contado: ``se van 412 · siguen 19``."""
    return " · ".join(
        f"{state.one if amount == 1 else state.many} {text.number(amount)}"
        for state, amount in section.tally.items()
    )


def place(entry: Entry, *, whole: bool = False) -> str:
    """Su capa, contada desde 1, y la instrucción que la hizo, recortada si no se pide entera."""
    told = plain(entry.instruction)
    if not whole and len(told) > _MOST_INSTRUCTION:
        told = f"{told[:_MOST_INSTRUCTION]}…"
    return " · ".join(filter(None, (f"capa {entry.layer + 1}" if entry.layer is not None else "", told)))


def unknown(count: Count) -> str:
    """Por qué no hay cuenta: ``no se puede comprobar: no hay ningún escáner``."""
    if count.why.casefold().startswith(UNKNOWN):
        return count.why
    return f"{UNKNOWN}: {count.why}"


def unknowns(surfaces: Surfaces, kind: Kind) -> Iterator[str]:
    """De qué imágenes no se sabe, y por qué; una línea para todas si es por lo mismo."""
    whys: dict[str, list[str]] = {}
    for face in surfaces.faces:
        if not face.counts[kind].known:
            whys.setdefault(unknown(face.counts[kind]), []).append(face.name)
    for why, names in whys.items():
        yield (
            f"{why[0].upper()}{why[1:]}"
            if len(names) == len(surfaces.faces)
            else f"{text.join(names)}: {why}"
        )


def about_counts(surfaces: Surfaces, kind: Kind) -> tuple[str, ...]:
    """Lo que hay que saber de una cuenta: quién lo dice y sus notas, con la imagen si no valen para todas."""
    said: dict[str, list[str]] = {}
    for face in surfaces.faces:
        count = face.counts[kind]
        for one in (f"Según {count.source}." if count.source else "", *count.notes):
            if one:
                said.setdefault(one, []).append(face.name)
    return tuple(
        one if len(names) == len(surfaces.faces) else f"{text.join(names)}: {one}"
        for one, names in said.items()
    )


def plain(words: str) -> str:
    """Un texto ajeno en una línea: lo que no se puede imprimir, o no era UTF-8, se ve escapado."""
    known = words.encode("utf-8", "backslashreplace").decode()
    if known.isprintable():
        return known
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in known)


def _line(change: Change) -> Line:
    if change.after is None:
        assert change.before is not None  # una de las dos está
        return Line(change.before, State.GONE)
    if change.new:
        return Line(change.after, State.NEW)
    if change.changed:
        return Line(change.after, State.CHANGED, change.before)
    return Line(change.after, State.KEPT)
