"""La comparación en tablas, en texto y en HTML, y lo que dibuja el widget.

Todo son funciones de ``Comparison``: lo que se lee en el widget, en una exportación y en una terminal sale
de los mismos textos.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from multietapa import text
from multietapa.measure.comparison import SPLITS, Comparison, Figure, Measure, Row, Split
from multietapa.widgets.compare.bars import bars_css, bars_html
from multietapa.widgets.compare.changes import (
    HOW,
    blamed,
    change_lines,
    change_tables,
    waste_lines,
    wasted,
)
from multietapa.widgets.compare.layers import layer_lines, layers_html
from multietapa.widgets.compare.splits import LAYER_KEY, MANY, choices, drawn
from multietapa.widgets.compare.words import (
    EQUIVALENT,
    MEANINGS,
    PENDING,
    PHASES,
    PROVISIONAL,
    UNMEASURED,
    about,
    change,
    details,
    exact,
    factor,
    headline,
    interplay,
    notes,
    percent,
    predicted,
    prediction,
    saving,
    short_headline,
)
from multietapa.widgets.progress import Phase

_LINE = 110  # caracteres de una línea de la tabla en texto


def lines(comparison: Comparison, phase: Phase = Phase.DONE, reason: str = "") -> Iterator[str]:
    """El gemelo en texto de la vista."""
    yield f"Motor: {comparison.engine}"
    if phase is not Phase.DONE:
        yield PHASES.status(phase, reason)
    for group in _fitting(comparison):
        yield ""
        yield from _text_table(group)
    if known := [measure for measure in Measure if comparison.known(measure)]:
        yield ""
        yield from (f"{headline(comparison, measure)}." for measure in known)
    if sentence := prediction(comparison):
        yield f"{predicted(comparison)}: {sentence}."
    if comparison.grid:
        for measure in known:
            yield ""
            yield f"Efectos en {measure.value}"
            effects = comparison.effects(measure)
            for effect in effects.all if effects else ():
                yield f"  {change(effect)}: {saving(effect)} ({factor(effect)})"
            yield from interplay(comparison, measure)
    yield from waste_lines(comparison)
    yield from layer_lines(comparison)
    yield from change_lines(comparison)
    if extra := notes(comparison):
        yield ""
        yield from extra


def table_html(comparison: Comparison) -> str:
    """La tabla entera: una columna por imagen. Con muchas, los bytes exactos son solo los de los totales."""
    brief = len(comparison.rows) > MANY
    head = "".join(f'<th scope="col">{escape(row.name)}</th>' for row in comparison.rows)
    body = "".join(
        f'<tr class="mtc-row-{kind}"><th scope="row">{escape(title)}</th>'
        + "".join(f"<td>{_lines(cell[:1] if brief and kind == 'part' else cell)}</td>" for cell in cells)
        + "</tr>"
        for kind, title, cells in _grid_rows(comparison.rows)
    )
    return (
        f"<table><caption>Medido con {escape(comparison.engine)}</caption>"
        f'<thead><tr><th scope="col">Medida y parte</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def effects_html(comparison: Comparison, measure: Measure) -> str:
    """La tabla de los efectos de un cuadro y lo que se aprende de ella; ``""`` si no hay cuadro."""
    effects = comparison.effects(measure) if comparison.known(measure) else None
    if effects is None:
        return ""
    body = "".join(
        f'<tr><th scope="row">{escape(change(effect))}</th><td>{escape(saving(effect))}</td>'
        f"<td>{escape(factor(effect))}</td></tr>"
        for effect in effects.all
    )
    sentences = "".join(f"<p>{escape(sentence)}</p>" for sentence in interplay(comparison, measure))
    return (
        f"<table><caption>Qué consigue cada cambio, en {measure.value}</caption><thead><tr>"
        '<th scope="col">Cambio</th><th scope="col">En bytes</th><th scope="col">En veces</th></tr></thead>'
        f"<tbody>{body}</tbody></table>{sentences}"
    )


def static_html(comparison: Comparison, phase: Phase = Phase.DONE, reason: str = "") -> str:
    """El gemelo en HTML, sin controles: para exportaciones y lectores de pantalla."""
    sentences = [PHASES.status(phase, reason)] if phase is not Phase.DONE else []
    sentences += [f"{predicted(comparison)}: {guess}."] if (guess := prediction(comparison)) else []
    paragraphs = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    bars = "".join(bars_html(comparison, measure) for measure in Measure)
    effects = "".join(effects_html(comparison, measure) for measure in Measure)
    foot = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes(comparison))
    changes = "".join(
        f"<p><strong>{escape(sentence)}.</strong></p>{table}" for sentence, table in change_tables(comparison)
    )
    changes += f"<p><small>{escape(HOW)}</small></p>" if changes else ""
    escaped = "".join(f"<p>{escape(line)}</p>" for line in waste_lines(comparison) if line)
    tables = f'<div class="mts-scroll">{table_html(comparison)}{layers_html(comparison)}</div>'
    body = f"{bars}{paragraphs}{tables}{effects}{escaped}{changes}{foot}"
    return f'<style>{bars_css()}</style><div class="mt">{body}</div>'


def payload(comparison: Comparison, phase: Phase, reason: str = "") -> dict[str, Any]:
    """Lo que viaja al widget cuando cambia algo: ``head``, ``rows`` y ``table``."""
    return {
        "head": {
            **PHASES.payload(phase, reason),
            "about": about(comparison),
            "engine": comparison.engine,
            "grid": [list(comparison.grid.rows), list(comparison.grid.columns)] if comparison.grid else [],
            "measures": [  # en una lista: un cuaderno guardado no conserva el orden de las claves
                {
                    "key": measure.name.lower(),
                    "name": measure.value,
                    "meaning": MEANINGS[measure],
                    "headline": short_headline(comparison, measure),
                    "effects": effects_html(comparison, measure),
                    "splits": choices(measure),
                }
                for measure in Measure
            ],
            "guess": comparison.prediction or 0,
            "guessed": f"tu predicción: {text.size(comparison.prediction)}" if comparison.prediction else "",
            "predicted": predicted(comparison),
            "prediction": prediction(comparison),
            "notes": list(notes(comparison)),
            "changes": change_tables(comparison),
            "many": MANY,
            "layers": [list(each) for each in LAYER_KEY],
            "how": HOW if comparison.changes else "",
        },
        "rows": [_row(row, comparison, phase) for row in comparison.rows],
        "table": table_html(comparison) + layers_html(comparison),
    }


def _row(row: Row, comparison: Comparison, phase: Phase) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": row.name, "details": details(row, comparison), "mark": ""}
    if not row.figures:
        size = text.size(row.reported_bytes)
        return {**shown, "reported": {"bytes": row.reported_bytes, "size": f"≈ {size}", "label": PROVISIONAL}}
    figures = {}
    for measure, figure in row.figures.items():
        figures[measure.name.lower()] = {
            "bytes": figure.bytes,
            "size": text.size(figure.bytes),
            "splits": {
                split.name.lower(): drawn(row, measure, split, comparison)
                for split in SPLITS[measure]
                if split is SPLITS[measure][0] or (measure, split) in row.splits
            },
        }
    if sentence := wasted(row):
        shown["waste"] = [f"{sentence}.", *blamed(row.waste)]
    if not row.measured:
        shown["pending"] = PENDING if phase is Phase.WORKING else UNMEASURED
    return {**shown, "mark": EQUIVALENT if row.equivalent else "", "figures": figures}


def _grid_rows(rows: Sequence[Row]) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """Las filas de la tabla: clase, título y, por imagen, los renglones de su casilla."""
    for measure in Measure:
        cells: list[tuple[str, ...]] = []
        names: dict[str, None] = {}
        for row in rows:
            if row.has(measure):
                figure = row.figure(measure)
                cells.append((text.size(figure.bytes), exact(figure.bytes)))
                names.update(dict.fromkeys(part.name for part in figure.parts))
            elif measure is Measure.UNPACKED:
                cells.append((f"≈ {text.size(row.reported_bytes)}", PROVISIONAL))
            else:
                cells.append((UNMEASURED,))
        yield "total", measure.value, cells
        for name in names:
            yield (
                "part",
                name,
                [_part_cell(row.figure(measure), name) if row.has(measure) else ("",) for row in rows],
            )
        yield from _more_rows(rows, measure)
    if any(row.base or row.equivalent for row in rows):
        yield "about", "Base", [_base_cell(row) for row in rows]
    if any(row.figures for row in rows):
        yield "about", "Arquitectura", [(row.architecture,) for row in rows]


def _more_rows(rows: Sequence[Row], measure: Measure) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """Los demás repartos de una medida que se leen por filas: por clase y por lo que se ve."""
    for split in (Split.KIND, Split.SEEN):
        found = [row.splits.get((measure, split)) for row in rows]
        names = {
            part.name: None for figure in found for part in (figure.parts if figure else ()) if part.bytes
        }
        if names:
            yield "sub", f"{measure.value} {split.value}", [("",) for _ in rows]
        for name in names:
            yield "part", name, [_part_cell(figure, name) if figure else ("",) for figure in found]


def _part_cell(figure: Figure, name: str) -> tuple[str, ...]:
    for part in figure.parts:
        if part.name == name:
            if not part.bytes:
                return (text.size(0),)
            return (f"{text.size(part.bytes)} · {percent(figure.share(part))}", exact(part.bytes))
    return ("",)


def _base_cell(row: Row) -> tuple[str, ...]:
    return tuple(filter(None, (row.base, EQUIVALENT if row.equivalent else ""))) or ("",)


def _text_table(rows: Sequence[Row]) -> Iterator[str]:
    """La tabla en texto: de cada casilla, la cifra; los bytes exactos van en la otra."""
    found = list(_grid_rows(rows))
    texts = [
        [cell[0] if kind == "part" else " · ".join(_short(kind, cell)) for cell in cells]
        for kind, _, cells in found
    ]
    titles = [f"  {title}" if kind == "part" else title for kind, title, _ in found]
    first = max(map(len, titles))
    widths = [max(len(row.name), *(len(line[n]) for line in texts)) for n, row in enumerate(rows)]
    yield _columns("", [row.name for row in rows], first, widths)
    for title, line in zip(titles, texts, strict=True):
        yield _columns(title, line, first, widths)


def _short(kind: str, cell: tuple[str, ...]) -> tuple[str, ...]:
    measured = kind == "total" and not cell[0].startswith("≈")
    return cell[:1] if measured else cell


def _columns(title: str, cells: Sequence[str], first: int, widths: Sequence[int]) -> str:
    spread = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([title.ljust(first), *spread]).rstrip()


def _fitting(comparison: Comparison) -> Iterator[tuple[Row, ...]]:
    """Las imágenes, repartidas en tablas que caben en una línea."""
    group: list[Row] = []
    room = _LINE
    for row in comparison.rows:
        width = max(len(row.name), 36) + 2
        if group and width > room:
            yield tuple(group)
            group, room = [], _LINE
        group.append(row)
        room -= width
    yield tuple(group)


def _lines(cell: tuple[str, ...]) -> str:
    """Los renglones de una casilla: el primero es la cifra y los demás la acompañan."""
    return "<br>".join([escape(cell[0]), *(f"<small>{escape(line)}</small>" for line in cell[1:])])
