"""Compara lo que se va recordando de dos construcciones: de cada paso que se repitió, por qué.

Solo dice lo que se comparó. Un paso se repite por lo suyo (su texto, los archivos que toma, la imagen de la
que parte) o por algo de lo que depende: lo que va delante en su etapa, o la etapa de la que toma archivos.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from multietapa.build.memory.portrait import Spot
from multietapa.build.memory.record import Element, Record, StageRecord
from multietapa.build.memory.why import Cause, Place, Why
from multietapa.dockerfile.shell import split_words
from multietapa.keywords import WITH_LAYER

_REFERENCE = re.compile(r"\$\{?(\w+)")
_LINK = re.compile(r"\s--link(=true)?\s")
_ENVIRONMENT = ("ENV", "ARG")


@dataclass(frozen=True)
class _Change:
    """Lo que le pasó a una instrucción, o a una que iba delante de ella y ya no está."""

    spot: Spot
    element: Element
    why: Why


def reasons(
    old: Record | None, new: Record, ran: frozenset[Spot], *, classic: bool = False, nocache: bool = False
) -> dict[Spot, Why]:
    """Por qué se repitió cada paso de ``ran``; los que no se sabe por qué no están.

    Args:
        old: lo que se recordaba; ``None`` si nada.
        new: lo que se acaba de hacer.
        ran: los pasos que el motor hizo: no salieron de la caché.
        classic: cada instrucción es un paso que depende de todas las anteriores (el clásico y Podman).
        nocache: se pidió repetirlo todo.
    """
    if nocache or old is None:
        return dict.fromkeys(ran, Why(Cause.NO_CACHE if nocache else Cause.FIRST))
    compared = _Compared(old, new, ran, classic=classic)
    found = {spot: compared.why(spot) for spot in ran}
    return {spot: why for spot, why in found.items() if why is not None}


class _Compared:
    def __init__(self, old: Record, new: Record, ran: frozenset[Spot], *, classic: bool) -> None:
        self._old, self._new, self._ran, self._classic = old, new, ran, classic
        self._before: dict[Spot, Element] = {}  # la misma instrucción, la última vez
        self._own: dict[Spot, Why] = {}
        self._removed: dict[Spot, tuple[Element, ...]] = {}  # las que iban delante de cada una
        self._told: dict[Spot, Why | None] = {}
        for label, stage in new.stages.items():
            self._align(label, old.stages.get(label), stage)

    def why(self, spot: Spot) -> Why | None:
        """Por qué se repitió, o ``None`` si no se sabe."""
        if spot not in self._told:
            self._told[spot] = None  # no hay círculos: una construcción los rechaza
            self._told[spot] = self._find(spot)
        return self._told[spot]

    def _find(self, spot: Spot) -> Why | None:
        if own := self._own.get(spot):
            return own
        element = self._at(spot)
        changes = [change for change in self._changes_above(spot) if self._matters(change, element, spot)]
        if changes:
            first = next(
                (c for c in changes if c.spot in self._ran or not self._is_step(c.element)), changes[0]
            )
            if first.why.cause is Cause.ARGUMENT:  # lo usa él mismo
                return first.why
            return self._blamed(first.why, first.spot, first.element, spot)
        if (before := self._step_before(spot)) and before in self._ran and not _linked(element):
            why = self.why(before)
            if why is None and _linked(self._at(before)):
                return None
            if why is None or why.cause is not Cause.GONE:
                return self._inherited(why, before, spot)
        for label in element.stages:
            if last := next((each for each in self._chain(label) if each in self._ran), None):
                why = self.why(last)
                return self._inherited(None if why and why.cause is Cause.GONE else why, last, spot)
        for label in element.stages:
            if change := self._change_in(label):
                return self._blamed(change.why, change.spot, change.element, spot)
        return Why(Cause.GONE) if self._known(spot) else None

    def _change_in(self, label: str) -> _Change | None:
        """Lo que cambió de una etapa de la que se toma algo, aunque no repita nada (un paso menos)."""
        if label not in self._new.stages:
            return None
        found = self._changes_above((label, len(self._new.stages[label].elements)))
        solid = (change for change in found if change.element.keyword in (*WITH_LAYER, "FROM"))
        return next(solid, None)

    def _align(self, label: str, before: StageRecord | None, now: StageRecord) -> None:
        if before is None:
            self._own |= {(label, n): Why(Cause.STAGE) for n in range(len(now.elements))}
            return
        old, new = before.elements, now.elements
        self._pair((label, 0), old[0], new[0])
        keys, own = ([_key(each) for each in side[1:]] for side in (old, new))
        for tag, a, b, c, d in difflib.SequenceMatcher(None, keys, own, autojunk=False).get_opcodes():
            a, b, c, d = a + 1, b + 1, c + 1, d + 1
            paired = 0
            for one, other in zip(old[a:b], new[c:d], strict=False):
                if tag != "equal" and one.keyword != other.keyword:
                    break
                self._pair((label, c + paired), one, other)
                paired += 1
            for n in range(c + paired, d):
                self._own[label, n] = Why(Cause.MOVED if _key(new[n]) in keys else Cause.NEW)
            if gone := old[a + paired : b]:
                self._removed[label, d] = self._removed.get((label, d), ()) + gone

    def _pair(self, spot: Spot, old: Element, new: Element) -> None:
        self._before[spot] = old
        if why := _compare(old, new):
            self._own[spot] = why

    def _at(self, spot: Spot) -> Element:
        return self._new.stages[spot[0]].elements[spot[1]]

    def _chain(self, label: str, upto: int | None = None) -> Iterator[Spot]:
        """Las instrucciones de una etapa antes de ``upto`` y las de aquellas de las que parte, al revés."""
        seen: set[str] = set()
        while label in self._new.stages and label not in seen:
            seen.add(label)
            stage = self._new.stages[label]
            yield from ((label, n) for n in reversed(range(len(stage.elements) if upto is None else upto)))
            label, upto = stage.parent, None

    def _changes_above(self, spot: Spot) -> list[_Change]:
        """Lo que cambió de todo lo que va delante, desde el principio."""
        found: list[_Change] = []

        def removed(at: Spot) -> Iterator[_Change]:
            for element in reversed(self._removed.get(at, ())):
                yield _Change(at, element, Why(Cause.REMOVED))

        found += removed(spot)
        label = spot[0]
        for at in self._chain(*spot):
            if at[0] != label:
                label = at[0]
                found += removed((label, len(self._new.stages[label].elements)))
            if why := self._own.get(at):
                found.append(_Change(at, self._at(at), why))
            found += removed(at)
        return found[::-1]

    def _matters(self, change: _Change, element: Element, spot: Spot) -> bool:
        """Si por eso cambiaría la clave del paso en la caché."""
        keyword = change.element.keyword
        if self._classic or (not _linked(element) and (keyword in WITH_LAYER or keyword == "FROM")):
            return True
        if keyword in _ENVIRONMENT:
            return element.keyword == "RUN" or bool(_names(change.element) & self._references(spot))
        if keyword == "USER":
            return element.keyword in ("RUN", "WORKDIR")
        return keyword == "SHELL" and element.keyword == "RUN"

    def _references(self, spot: Spot) -> set[str]:
        """Las variables que usa una instrucción, también a través de otras."""
        found = set(_REFERENCE.findall(self._at(spot).text))
        for at in self._chain(*spot):
            element = self._at(at)
            if element.keyword in _ENVIRONMENT and _names(element) & found:
                found |= set(_REFERENCE.findall(element.text))
        return found

    def _is_step(self, element: Element) -> bool:
        return element.keyword in WITH_LAYER or self._classic

    def _step_before(self, spot: Spot) -> Spot | None:
        return next((at for at in self._chain(*spot) if self._is_step(self._at(at))), None)

    def _inherited(self, why: Why | None, at: Spot, spot: Spot) -> Why:
        """La razón de un paso del que este depende: la suya, o la de quien él mismo culpa."""
        if why is None:
            why = Why(Cause.REPEATED)
        if why.guilty is not None:
            place = why.guilty
            stage = place.stage or (at[0] if at[0] != spot[0] else "")
            return why.blaming(Place(place.text, place.line, "" if stage == spot[0] else stage))
        return self._blamed(why, at, self._at(at), spot)

    def _blamed(self, why: Why, at: Spot, element: Element, spot: Spot) -> Why:
        return why.blaming(Place(element.text, element.line, at[0] if at[0] != spot[0] else ""))

    def _known(self, spot: Spot) -> bool:
        """Si de él y de todo lo que depende se sabe todo, y la última vez se hizo."""
        before = self._before.get(spot)
        if (
            before is None or not before.done or _linked(before)
        ):  # una unión se rehace aunque esté en la caché
            return False
        pending, seen = [spot, *self._chain(*spot)], set[Spot]()
        while pending:
            at = pending.pop()
            if at in seen:
                continue
            seen.add(at)
            old = self._before.get(at)
            if old is None or not old.comparable or not self._at(at).comparable:
                return False
            for label in self._at(at).stages:
                if label not in self._new.stages or any(self._changes_in(label)):
                    return False
                pending += self._chain(label)
        return True

    def _changes_in(self, label: str) -> Iterator[bool]:
        ends = [(name, len(stage.elements)) for name, stage in self._new.stages.items()]
        for at in (*self._chain(label), *ends):
            yield at in self._removed or at in self._own


def _linked(element: Element) -> bool:
    """Un ``COPY --link`` no depende de lo que va delante."""
    return element.keyword in ("COPY", "ADD") and _LINK.search(element.text) is not None


def _key(element: Element) -> tuple[str, ...]:
    """Por lo que se reconoce una instrucción de una vez a otra."""
    if element.keyword == "ARG":
        return ("ARG", *sorted(element.values))
    return element.keyword, element.mark


def _compare(old: Element, new: Element) -> Why | None:
    """Lo que cambió de una instrucción, sin mirar de qué depende."""
    if old.keyword == "ARG" and _key(old) == _key(new):
        name = next((name for name, value in new.values.items() if old.values[name] != value), "")
        return Why(Cause.ARGUMENT, name=name) if name else None
    if old.mark != new.mark:
        return Why(Cause.INSTRUCTION, before=old.text, after=new.text)
    for name, found in new.images.items():
        if found and old.images.get(name) and old.images[name] != found:
            return Why(Cause.IMAGE, name=name)
    if old.taken is None or new.taken is None or old.paths != new.paths:
        return None  # otros caminos con el mismo texto: cambió una variable, que va delante
    both = sorted(set(old.taken) & set(new.taken))
    differ = [name for name in both if old.taken[name] != new.taken[name]]
    modes = tuple(name for name in differ if _content(old.taken[name]) == _content(new.taken[name]))
    changed = tuple(name for name in differ if name not in modes)
    added, gone = sorted(set(new.taken) - set(old.taken)), sorted(set(old.taken) - set(new.taken))
    if not (differ or added or gone):
        return None
    return Why(Cause.FILES, changed=changed, new=tuple(added), gone=tuple(gone), modes=modes)


def _content(sign: str) -> tuple[str, str]:
    """La huella sin los permisos."""
    kind, _, rest = sign.partition(":")
    return kind, rest.partition(":")[2] if kind == "f" else rest if kind == "l" else ""


def _names(element: Element) -> set[str]:
    """Las variables que pone un ``ENV`` o un ``ARG``."""
    if element.keyword == "ARG":
        return set(element.values)
    words = split_words(element.text.partition(" ")[2])
    if words and "=" not in words[0]:
        return {words[0]}
    return {word.partition("=")[0] for word in words}
