"""Las barras de una comparación en HTML, sin programas: lo que se ve en una exportación."""

from __future__ import annotations

import re
from html import escape

from multietapa import text
from multietapa.measure.comparison import Comparison, Figure, Measure, Part, Row
from multietapa.widgets.compare.splits import MANY, PAINTS
from multietapa.widgets.compare.words import EQUIVALENT, MEANINGS, details, headline, percent
from multietapa.widgets.theme import VARIABLES, paint_css

_CSS = """
.mts { margin: 0 0 1.2em; }
.mts-row { margin: .6em 0 0; }
.mts-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1em; }
.mts-head span, .mts-none { color: var(--mt-soft); }
.mts-bar { display: flex; gap: 1px; height: 26px; margin: 3px 0 5px; }
.mts-bar i { flex: 0 1 0; min-width: 3px; border-radius: 2px; box-shadow: inset 0 0 0 1px #8888; }
.mt ul.mts-legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr));
  gap: 0 20px; margin: 0; padding: 0; list-style: none; }
.mts-legend li { display: grid; grid-template-columns: 16px minmax(0, 1fr) auto 4em; gap: 0 8px; margin: 0;
  align-items: center; text-align: right; }
.mts-legend i { width: 16px; height: 14px; border-radius: 2px; box-shadow: inset 0 0 0 1px #8888; }
.mts-legend i + span { text-align: left; }
.mts-scroll { overflow-x: auto; }
"""


def bars_css() -> str:
    """El estilo que necesitan las barras, en pocos bytes: va en cada gemelo."""
    return re.sub(r"\s*\n\s*", "", VARIABLES + paint_css() + _CSS)


def bars_html(comparison: Comparison, measure: Measure) -> str:
    """Una barra por imagen, a escala, con su leyenda; ``""`` si no hay ninguna medida."""
    rows = [row for row in comparison.rows if row.has(measure)]
    if not rows:
        return ""
    scale = max(max(row.figure(measure).bytes for row in rows), 1)
    used = {part.name for row in rows for part in row.figure(measure).parts if part.bytes}
    title = escape(headline(comparison, measure)) if comparison.known(measure) else measure.value
    drawn = "".join(_row(row, comparison, measure, scale, used) for row in rows)
    if len(comparison.rows) > MANY:
        drawn = (
            f'<ul class="mts-legend">{"".join(_named(name) for name in PAINTS if name in used)}</ul>{drawn}'
        )
    return f'<div class="mts"><p><strong>{title}.</strong> {escape(MEANINGS[measure])}</p>{drawn}</div>'


def _row(row: Row, comparison: Comparison, measure: Measure, scale: int, used: set[str]) -> str:
    figure = row.figure(measure)
    about = " · ".join(filter(None, (details(row, comparison), EQUIVALENT if row.equivalent else "")))
    total = f"{text.size(figure.bytes)} de {measure.value}"
    parts = "".join(
        f'<i class="mt-{PAINTS[part.name]}" style="flex-grow:{part.bytes}"></i>'
        for part in figure.parts
        if part.bytes
    )
    legend = "".join(_legend(figure, part) for part in figure.parts if part.name in used)
    legend = "" if len(comparison.rows) > MANY else f'<ul class="mts-legend">{legend}</ul>'
    return (
        f'<div class="mts-row"><div class="mts-head"><div><strong>{escape(row.name)}</strong> '
        f"<span>{escape(about)}</span></div><strong>{total}</strong></div>"
        f'<div class="mts-bar" style="width:{100 * figure.bytes / scale:.2f}%" role="img" '
        f'aria-label="{escape(f"{row.name}: {total}")}">{parts}</div>{legend}</div>'
    )


def _legend(figure: Figure, part: Part) -> str:
    share = percent(figure.share(part)) if part.bytes else ""
    return (
        f'<li{"" if part.bytes else " class=mts-none"}><i class="mt-{PAINTS[part.name]}"></i>'
        f"<span>{escape(part.name)}</span><b>{text.size(part.bytes)}</b> <span>{share}</span></li>"
    )


def _named(name: str) -> str:
    """Una parte en la leyenda de todas las imágenes, que están cada una con sus cifras en la tabla."""
    return f'<li><i class="mt-{PAINTS[name]}"></i><span>{escape(name)}</span></li>'
