"""Los dos gemelos: en texto, lo que pesa y lo que se pierde, que se lee en voz alta; en HTML, y el mapa."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from multietapa import text
from multietapa.image.nodes import Node
from multietapa.widgets.explorer.payload import LOSSES, LOST, NOTHING_LOST
from multietapa.widgets.explorer.picture import heaviest, picture
from multietapa.widgets.explorer.shelves import ORIGINS
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.explorer.words import (
    PHASES,
    grouping,
    headline,
    loss_path,
    loss_words,
    notes,
    share,
    short,
)
from multietapa.widgets.progress import Phase
from multietapa.widgets.surface.listing import plain
from multietapa.widgets.theme import ORIGIN_PAINTS, VARIABLES, paint_css

HINT = (
    "Todo, en filas: resultado.archivos. Lo mayor: resultado.mayores(20). "
    'Buscar: resultado.buscar("node_modules").'
)
_WIDE, _DEEP = 8, 3  # carpetas de una carpeta y niveles en el gemelo de texto
_LEAST = 1_000  # lo que pesa menos de esta parte de la imagen va agrupado
_HTML_WIDE, _HTML_ROOM = 12, 14_000
_CSS = """
.mte-key { display: inline-flex; align-items: center; gap: 6px; margin-right: 14px; white-space: nowrap; }
.mte-key i { width: 16px; height: 14px; border-radius: 2px; box-shadow: inset 0 0 0 1px #8888; }
.mt .mte-pic { display: block; max-width: 100%; height: auto; margin: 8px 0; }
.mt table { border-collapse: collapse; font-size: inherit; margin: 0; }
.mt td, .mt th { text-align: left; padding: 2px 12px 2px 0; vertical-align: top; }
.mt td.n { text-align: right; white-space: nowrap; } .mt td { overflow-wrap: anywhere; }
.mt details { padding-left: 1.1em; } .mt .mte-leaf { padding-left: 2.1em; }
.mt small { color: var(--mt-soft); }
"""


def lines(explored: Explored, phase: Phase = Phase.DONE, reason: str = "") -> Iterator[str]:
    """El gemelo en texto."""
    yield f"Motor: {explored.source}" if explored.source else ""
    if phase is not Phase.DONE:
        yield PHASES.status(phase, reason)
    yield ""
    yield f"{headline(explored)}."
    if many := grouping(explored):
        yield many
    if explored.layers:
        yield ""
        yield "Capas, de abajo arriba:"
        yield from _layer_lines(explored)
    if explored.shelves and explored.tree:
        total = explored.shelves.total
        yield ""
        yield "De dónde salen los bytes:"
        for origin, size in zip(ORIGINS, total.origins, strict=True):
            if size:
                yield f"  {origin.value}: {text.size(size)} ({share(size, explored.bytes)})"
        yield ""
        yield "Lo que más pesa:"
        yield from _node_lines(explored.tree.root, explored.bytes, 1)
    yield from _loss_lines(explored)
    if found := notes(explored):
        yield ""
        yield from found
    if phase is Phase.DONE:
        yield ""
        yield HINT


def static_html(explored: Explored, phase: Phase = Phase.DONE, reason: str = "") -> str:
    """El gemelo en HTML: un mapa, unas tablas y unos plegables que se abren sin kernel y sin red."""
    opening = f"<p>{escape(PHASES.status(phase, reason))}</p>" if phase is not Phase.DONE else ""
    head = f"<p><strong>{escape(headline(explored))}.</strong></p>"
    head += f"<p><small>{escape(explored.source)}</small></p>"
    if many := grouping(explored):
        head += f"<p>{escape(many)}</p>"
    drawn = ""
    if explored.shelves and explored.tree:
        drawn = _legend(explored) + picture(explored.shelves)
        drawn += f"<p><strong>Carpetas</strong></p>{_tree_html(explored.tree.root, explored.bytes)}"
    layers = _layers_html(explored) if explored.layers else ""
    foot = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes(explored))
    if phase is Phase.DONE:
        foot += f"<p><small>{escape(HINT)}</small></p>"
    style = re.sub(r"\s*\n\s*", "", VARIABLES + paint_css() + _CSS)
    inside = f"{opening}{head}{drawn}{layers}{_losses_html(explored)}{foot}"
    return f'<div class="mt"><style>{style}</style>{inside}</div>'


def _layer_lines(explored: Explored) -> Iterator[str]:
    measured = explored.shelves is not None
    for number, layer in enumerate(explored.layers, 1):
        base = ", de la base" if layer.in_base else ""
        line = f", línea {layer.line}" if layer.line else ""
        counted = f" en {text.count(layer.files, 'archivo', 'archivos')}" if measured else " (provisional)"
        lost = f"; se pierden {text.size(layer.waste)}" if layer.waste else ""
        crossed = f"; copia de la etapa «{layer.stage}»" if layer.stage else ""
        told = f": {short(layer.instruction)}" if layer.instruction else ""
        yield f"  capa {number}{base}{line}, {text.size(layer.bytes)}{counted}{lost}{crossed}{told}"


def _node_lines(node: Node, whole: int, depth: int) -> Iterator[str]:
    shown, left, rest = heaviest(node, _WIDE)
    for size, child in shown:
        if size * _LEAST < whole:
            left, rest = left + 1, rest + size
            continue
        lost = f", de los que se pierden {text.size(child.hidden)}" if child.hidden else ""
        yield f"{'  ' * depth}{_shown(child)}: {text.size(size)} ({share(size, whole)}){lost}"
        if depth < _DEEP and size > whole / 50:
            yield from _node_lines(child, whole, depth + 1)
    if rest:
        yield f"{'  ' * depth}y {text.number(left)} más: {text.size(rest)}"


def _loss_lines(explored: Explored) -> Iterator[str]:
    losses = explored.losses
    if losses is None:
        return
    yield ""
    if not losses.total:
        yield NOTHING_LOST
        return
    yield f"{LOST[:-1]}: {text.size(losses.total)}."
    shown, left, left_bytes = losses.first(20)
    for item in shown:
        yield f"  {text.size(item.bytes)}: {loss_path(item)}, {loss_words(item, explored.layers)}"
    if left:
        yield f"  y {text.count(left, 'causa', 'causas')} más: {text.size(left_bytes)}"


def _shown(node: Node) -> str:
    folder = node.children or node.gone or node.kind == "dir"
    return f"/{plain(node.path)}{'/' if folder else ''}"


def _legend(explored: Explored) -> str:
    assert explored.shelves is not None  # solo se llama con el árbol
    keys = (
        f'<span class="mte-key"><i class="mt-{ORIGIN_PAINTS[origin.value].pattern}"></i>{origin.value} '
        f"<small>{text.size(size)}</small></span>"
        for origin, size in zip(ORIGINS, explored.shelves.total.origins, strict=True)
        if size
    )
    return f"<p>{''.join(keys)}</p>"


def _tree_html(root: Node, whole: int) -> str:
    """Las carpetas, en plegables: lo mayor primero, hasta donde cabe."""
    room = _HTML_ROOM

    def inside(node: Node) -> str:
        nonlocal room
        shown, left, rest = heaviest(node, _HTML_WIDE)
        found = []
        for size, child in shown:
            lost = f" · se pierden {text.size(child.hidden)}" if child.hidden else ""
            name = f"{escape(plain(child.name))}{'/' if child.children or child.gone else ''}"
            said = f"{name} <small>{text.size(size)} · {share(size, whole)}{lost}</small>"
            room -= len(said) + 60
            deeper = (
                inside(child) if room > 0 and size > whole / 400 and (child.children or child.gone) else ""
            )
            found.append(
                f"<details><summary>{said}</summary>{deeper}</details>"
                if deeper
                else f'<div class="mte-leaf">{said}</div>'
            )
        if rest:
            said = f"<small>y {text.number(left)} más: {text.size(rest)}</small>"
            found.append(f'<div class="mte-leaf">{said}</div>')
        return "".join(found)

    return inside(root)


def _layers_html(explored: Explored) -> str:
    measured = explored.shelves is not None
    rows = "".join(
        f'<tr><td class="n">{number}</td><td class="n">{text.size(layer.bytes)}</td>'
        f'<td class="n">{text.size(layer.waste) if measured else ""}</td>'
        f"<td>{'base' if layer.in_base else ''}"
        f"{f'⇢ etapa «{escape(layer.stage)}»' if layer.stage else ''}</td>"
        f"<td><code>{escape(short(layer.instruction))}</code></td></tr>"
        for number, layer in enumerate(explored.layers, 1)
    )
    size = "Desempaquetado" if measured else "Según el motor (provisional)"
    return (
        f"<p><strong>Capas</strong></p><table><thead><tr><th>Capa</th><th>{size}</th><th>Se pierde</th>"
        f"<th>De</th><th>Instrucción</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _losses_html(explored: Explored) -> str:
    losses = explored.losses
    if losses is None:
        return ""
    if not losses.total:
        return f"<p>{NOTHING_LOST}</p>"
    shown, left, left_bytes = losses.first(LOSSES)
    rows = "".join(
        f'<tr><td class="n">{text.size(item.bytes)}</td><td><code>{escape(loss_path(item))}</code></td>'
        f"<td>{escape(loss_words(item, explored.layers))}</td></tr>"
        for item in shown
    )
    more = f"<p>Y {text.count(left, 'causa', 'causas')} más: {text.size(left_bytes)}.</p>" if left else ""
    return (
        f"<p><strong>Desperdicio: {text.size(losses.total)}</strong> <small>{LOST}</small></p>"
        "<table><thead><tr><th>Bytes</th><th>Qué</th><th>Por qué</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>{more}"
    )
