"""Los dos gemelos: en texto, la tabla y sus porqués; en HTML, además, cada lista en su plegable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

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
    LISTS,
    PHASES,
    details,
    headline,
    notes,
    runtimes,
    user,
)
from multietapa.widgets.theme import VARIABLES, paint_css

FIRST = 500
"""Líneas de cada lista en el gemelo en HTML, que se guarda con el cuaderno; los secretos van todos."""
PAINTS = ("diagonal", "puntos", "contra", "rayas", "cuadros", "liso")
"""La trama de cada imagen, en su orden."""
_LINE = 110  # caracteres de una línea de la tabla en texto
_CSS = """
.mtf-one { margin: .6em 0; }
.mtf-one p, .mt .mtf-kind p { margin: .2em 0; }
.mtf-kind { border-top: 1px solid var(--mt-line); padding: .3em 0; }
.mtf-cell { display: grid; grid-template-columns: minmax(6em, 14em) minmax(0, 1fr) 5em; gap: 0 8px;
  align-items: center; overflow-wrap: anywhere; }
.mtf-cell b { text-align: right; }
.mtf-cell i { display: block; height: 12px; border-radius: 2px; box-shadow: inset 0 0 0 1px #8888; }
.mtf-cell em { grid-column: 2 / -1; }
.mt .mtf-kind ul { margin: .3em 0; padding-left: 1.2em; overflow-wrap: anywhere; list-style: none; }
.mt small { color: var(--mt-soft); }
"""


def lines(
    names: Sequence[str], surfaces: Surfaces, phase: Phase = Phase.DONE, reason: str = ""
) -> Iterator[str]:
    """El gemelo en texto."""
    yield f"Motor: {surfaces.engine}"
    if phase is not Phase.DONE:
        yield PHASES.status(phase, reason)
    yield ""
    yield f"{headline(surfaces, names)}."
    if not surfaces.faces:
        return
    yield ""
    yield from _table(surfaces)
    for face in surfaces.faces:
        yield ""
        yield " · ".join(filter(None, (face.name, details(face))))
        yield from (f"  {line}" for line in _told(face))
    yield from _blocks(surfaces)
    if phase is Phase.DONE:
        yield ""
        yield LISTS
        yield EXPORT


def static_html(names: Sequence[str], surfaces: Surfaces, phase: Phase = Phase.DONE, reason: str = "") -> str:
    """El gemelo en HTML, sin programas: sus plegables se abren sin kernel y sin red."""
    opening = f"<p>{escape(PHASES.status(phase, reason))}</p>" if phase is not Phase.DONE else ""
    head = f"<p><strong>{escape(headline(surfaces, names))}.</strong></p>"
    head += f"<p>Mirado con {escape(surfaces.engine)}</p>"
    faces = "".join(map(_face_html, surfaces.faces))
    kinds = "".join(_kind_html(surfaces, kind) for kind in surfaces.kinds) if surfaces.faces else ""
    about = f"<p><small>{BARS}</small></p>" if kinds else ""
    foot = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes(surfaces))
    if phase is Phase.DONE:
        foot += f"<p><small>{escape(LISTS)} {escape(EXPORT)}</small></p>"
    style = re.sub(r"\s*\n\s*", "", VARIABLES + paint_css() + _CSS)
    return f'<div class="mt"><style>{style}</style>{opening}{head}{faces}{about}{kinds}{foot}</div>'


def _told(face: Face) -> Iterator[str]:
    """El usuario de una imagen y lo que ejecuta, en frases."""
    yield user(face.user)
    yield from (said for said, _ in runtimes(face))


def _table(surfaces: Surfaces) -> Iterator[str]:
    """La tabla de cuentas; con nombres que no caben, sus columnas llevan un número que se explica antes."""
    names = [face.name for face in surfaces.faces]
    rows = [(kind, [_cell(face, kind) for face in surfaces.faces]) for kind in surfaces.kinds]
    first = max(len(kind.value) for kind in surfaces.kinds)
    if first + sum(max(len(name), len(UNKNOWN)) + 2 for name in names) > _LINE:
        yield from (f"({n}) {name}" for n, name in enumerate(names, 1))
        names = [f"({n})" for n, _ in enumerate(names, 1)]
    widths = [max(len(name), *(len(cells[n]) for _, cells in rows)) for n, name in enumerate(names)]
    yield _columns("", names, "", first, widths)
    for kind, cells in rows:
        found = sections(surfaces, kind)
        changes = tally_words(found[0]) if found and not found[0].name else ""
        yield _columns(kind.value, cells, changes, first, widths)


def _cell(face: Face, kind: Kind) -> str:
    count = face.counts[kind]
    return text.number(len(count.entries)) if count.known else UNKNOWN


def _columns(title: str, cells: Sequence[str], last: str, first: int, widths: Sequence[int]) -> str:
    spread = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([title.ljust(first), *spread, last]).rstrip()


def _blocks(surfaces: Surfaces) -> Iterator[str]:
    """Los secretos, enteros; lo que no se pudo comprobar, y lo que hay que saber de cada cuenta."""
    for section in sections(surfaces, Kind.SECRETS):
        if section.lines:
            yield ""
            yield f"Secretos{f' de {section.name}' if section.name else ''}"
            for line in section.lines:
                yield f"  {' · '.join(_parts(line, whole=True))}"
    for kind in surfaces.kinds:
        said = [*unknowns(surfaces, kind), *about_counts(surfaces, kind)]
        if said:
            yield ""
            yield kind.value
            yield from (f"  {one}" for one in said)
    if found := notes(surfaces):
        yield ""
        yield from found


def _parts(line: Line, *, whole: bool) -> Iterator[str]:
    """Lo que se lee de una línea de una lista: qué le pasa, qué es, su detalle y de dónde sale."""
    entry, before = line.entry, line.before
    name = plain(entry.name)
    yield f"{line.state.sign} {line.state.one}: {name}" if line.state else name
    if before is not None:
        yield f"{plain(before.detail) or 'nada'} → {plain(entry.detail) or 'nada'}"
    elif entry.detail:
        yield plain(entry.detail)
    yield from filter(None, (_where(entry, before, whole=whole),))


def _where(entry: Entry, before: Entry | None, *, whole: bool) -> str:
    now = place(entry, whole=whole)
    was = place(before, whole=whole) if before is not None else now
    return now if was == now else f"antes, {was}; ahora, {now}"


def _face_html(face: Face) -> str:
    about = f" <small>{escape(details(face))}</small>" if details(face) else ""
    told = "".join(f"<p>{escape(sentence)}</p>" for sentence in _told(face))
    return f'<div class="mtf-one"><strong>{escape(face.name)}</strong>{about}{told}</div>'


def _kind_html(surfaces: Surfaces, kind: Kind) -> str:
    counts = [face.counts[kind] for face in surfaces.faces]
    most = max((len(count.entries) for count in counts if count.known), default=0)
    cells = "".join(
        f'<div class="mtf-cell"><span>{escape(face.name)}</span>'
        + (
            f'<span><i class="mt-{PAINTS[n % len(PAINTS)]}" '
            f'style="width:{100 * len(face.counts[kind].entries) / max(most, 1):.2f}%"></i></span>'
            f"<b>{text.number(len(face.counts[kind].entries))}</b>"
            if face.counts[kind].known
            else f"<em>{UNKNOWN}</em>"
        )
        + "</div>"
        for n, face in enumerate(surfaces.faces)
    )
    found = [section for section in sections(surfaces, kind) if section.lines]
    changes = tally_words(found[0]) if found and not found[0].name else ""
    said = (changes, *unknowns(surfaces, kind), *about_counts(surfaces, kind))
    told = "".join(f"<p><small>{escape(one)}</small></p>" for one in said if one)
    lists = "".join(_list_html(section, kind) for section in found)
    return f'<div class="mtf-kind"><strong>{kind.value}</strong>{cells}{told}{lists}</div>'


def _list_html(section: Section, kind: Kind) -> str:
    whole = kind is Kind.SECRETS
    shown = section.lines if whole else _telling(section.lines)
    groups: dict[str, list[str]] = {}
    for line in shown:
        head, said = _grouped(line, alone=whole)
        groups.setdefault(head, []).append(said)
    items = "".join(_item(head, said) for head, said in groups.items())
    rest = len(section.lines) - len(shown)
    more = f'<li>Y {text.number(rest)} más: resultado.lista("{CALLED[kind].short}")</li>' if rest else ""
    title = f"La lista de {section.name}" if section.name else "La lista"
    opening = f"<details{' open' if whole else ''}><summary>{escape(title)}</summary>"
    return f"{opening}<ul>{items}{more}</ul></details>"


def _item(head: str, said: Sequence[str]) -> str:
    """Lo que comparte cabecera va seguido; lo que no la tiene, cada cosa en su línea."""
    if not head:
        return "".join(f"<li>{escape(one)}</li>" for one in said)
    return f"<li><small>{escape(head)}</small><br>{escape(' · '.join(said))}</li>"


def _grouped(line: Line, *, alone: bool) -> tuple[str, str]:
    """Lo que comparte una línea con otras (qué les pasa y de dónde salen), que se dice una vez, y lo suyo."""
    entry = line.entry
    if alone or line.before is not None:
        return "", " · ".join(_parts(line, whole=alone))
    head = " · ".join(
        filter(None, (f"{line.state.sign} {line.state.many}" if line.state else "", place(entry)))
    )
    return head, f"{plain(entry.name)} ({plain(entry.detail)})" if entry.detail else plain(entry.name)


def _telling(found: Sequence[Line]) -> list[Line]:
    """Las primeras; de dos imágenes, antes lo que cambia que lo que sigue igual."""
    order = (State.CHANGED, State.NEW, State.GONE, State.KEPT, None)
    return sorted(found, key=lambda line: order.index(line.state))[:FIRST]
