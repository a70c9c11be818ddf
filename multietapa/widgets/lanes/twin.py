"""El gemelo en HTML de las franjas de tiempo: las de una construcción, y las de varias en un mismo eje."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from multietapa.build.timeline import Timeline
from multietapa.widgets.lanes.words import LEGEND, Built, about, headline, lanes, notes_of, summary
from multietapa.widgets.theme import VARIABLES


def static_html(builds: Sequence[Built], css: str) -> str:
    """El gemelo en HTML: las mismas franjas, sin controles, y cada una con su frase."""
    total = max((built.line.state.seconds or 0.0 for built in builds), default=0.0) or 1.0
    shown = "".join(_section(at, built, total) for at, built in enumerate(builds, 1))
    return (
        f'<style>{VARIABLES}{css}</style><div class="mt"><p><strong>{escape(headline(builds))}</strong></p>'
        f"{shown}<p>{escape(legend_words())}</p></div>"
    )


def legend_words() -> str:
    """Cómo se leen las franjas, en una línea."""
    return " ".join(LEGEND)


def _section(at: int, built: Built, total: float) -> str:
    recording = built.request.recording
    badge = f'<div class="mt-grabacion">{escape(recording)}</div>' if recording else ""
    notes = notes_of(built.line)
    return (
        f"{badge}<p><strong>{at}. {escape(built.request.title)}</strong> · {escape(about(built))}<br>"
        f"{escape(summary(built))}</p>{strip_html(built.line, total)}"
        + "".join(f"<p>{escape(note)}</p>" for note in notes)
    )


def strip_html(line: Timeline, total: float) -> str:
    """Las franjas de una construcción, en HTML fijo."""
    rows = "".join(
        f'<li><span class="mtl-name">{escape(lane["name"])}</span>'
        f'<span class="mtl-track">{"".join(_bar(piece, total) for piece in lane["pieces"])}</span>'
        f'<span class="mtl-mark">{"◆ " if lane["hot"] else ""}{escape(lane["says"].partition(": ")[2])}'
        "</span></li>"
        for lane in lanes(line)
    )
    return f'<ul class="mtl-lanes">{rows}</ul>'


def _bar(piece: list[float], total: float) -> str:
    start, end, kind = piece
    left, width = 100 * start / (total or 1.0), 100 * (end - start) / (total or 1.0)
    return f'<i class="mtl-{int(kind)}" style="left:{left:.2f}%;width:{width:.2f}%"></i>'
