"""Lo que viaja al widget y se guarda con el cuaderno: cada lista es un texto, y cada capa se dice una vez.

Un cuaderno se escribe con un renglón por cada valor de una lista: mil filas de seis valores serían seis mil
renglones con su sangría.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from multietapa import text
from multietapa.measure.surface.face import Entry, Face, Kind, Surfaces
from multietapa.widgets.progress import Phase
from multietapa.widgets.surface.kinds import CALLED
from multietapa.widgets.surface.listing import (
    UNKNOWN,
    Line,
    Section,
    State,
    about_counts,
    place,
    plain,
    sections,
    tally_words,
    unknowns,
)
from multietapa.widgets.surface.words import (
    BARS,
    EXPORT,
    PHASES,
    about,
    details,
    headline,
    notes,
    runtimes,
    user,
)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
MOST = 20_000
"""Cuántas líneas de una lista se mandan y se guardan."""
LETTERS = {State.GONE: "g", State.KEPT: "k", State.CHANGED: "c", State.NEW: "n", None: ""}


def payload(names: Sequence[str], surfaces: Surfaces, phase: Phase, reason: str = "") -> dict[str, Any]:
    """Los rasgos del widget."""
    places: dict[str, int] = {"": 0}
    kinds = [_kind(surfaces, kind, places) for kind in surfaces.kinds] if surfaces.faces else []
    return {
        "head": {
            **PHASES.payload(phase, reason),
            "about": about(names),
            "headline": headline(surfaces, names),
            "engine": surfaces.engine,
            "bars": BARS,
            "export": EXPORT,
            "faces": [_face(face) for face in surfaces.faces],
            "notes": list(notes(surfaces)),
        },
        "kinds": kinds,
        "places": list(places),
    }


def _face(face: Face) -> dict[str, Any]:
    return {
        "name": face.name,
        "details": details(face),
        "user": user(face.user),
        "root": bool(face.user.root),
        "runtimes": [{"text": said, "ended": gone} for said, gone in runtimes(face)],
    }


def _kind(surfaces: Surfaces, kind: Kind, places: dict[str, int]) -> dict[str, Any]:
    counts = [face.counts[kind] for face in surfaces.faces]
    known = [len(count.entries) for count in counts if count.known]
    listed = sections(surfaces, kind)
    whole = kind is Kind.SECRETS
    return {
        "title": kind.value,
        "meaning": CALLED[kind].meaning,
        "counts": [len(count.entries) if count.known else UNKNOWN for count in counts],
        "most": max(known, default=0),
        "whys": list(unknowns(surfaces, kind)),
        "notes": list(about_counts(surfaces, kind)),
        "tally": tally_words(listed[0]) if listed and not listed[0].name else "",
        "open": whole and any(section.lines for section in listed),
        "sections": [_section(section, kind, places, whole=whole) for section in listed if section.lines],
    }


def _section(section: Section, kind: Kind, places: dict[str, int], *, whole: bool) -> dict[str, Any]:
    lines = section.lines[:MOST]
    missing = len(section.lines) - len(lines)
    command = f'resultado.lista("{CALLED[kind].short}")'
    return {
        "name": section.name,
        "rows": "\n".join(_rows(lines, places, whole=whole)),
        "missing": f"Y {text.number(missing)} más, en {command}." if missing else "",
    }


def _rows(lines: Sequence[Line], places: dict[str, int], *, whole: bool) -> Iterator[str]:
    """Una fila por línea. El nombre es una cifra (base 36), lo que repite del anterior, y el resto."""
    last = ""
    for line in lines:
        name = plain(line.entry.name)
        same = _repeated(last, name)
        yield "\t".join(_fields(line, f"{_DIGITS[same]}{name[same:]}", places, whole=whole)).rstrip("\t")
        last = name


def _repeated(last: str, name: str) -> int:
    """Cuántas letras del principio son las mismas, sin las que JavaScript cuenta como dos."""
    pairs = zip(last[: len(_DIGITS) - 1], name, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1] <= "\uffff", pairs))


def _fields(line: Line, name: str, places: dict[str, int], *, whole: bool) -> Iterator[str]:
    """Estado, nombre, detalle y sitio; de lo que cambia, además, el detalle y el sitio de antes."""
    yield LETTERS[line.state]
    yield name
    yield plain(line.entry.detail)
    yield _place(line.entry, places, whole=whole)
    if line.before is not None:
        yield plain(line.before.detail)
        yield _place(line.before, places, whole=whole)


def _place(entry: Entry, places: dict[str, int], *, whole: bool) -> str:
    """El número de su sitio en la tabla de sitios, o ``""`` si no se sabe."""
    where = place(entry, whole=whole)
    return str(places.setdefault(where, len(places))) if where else ""
