"""Lo que viaja al widget y se guarda con el cuaderno: renglones, y nunca el árbol entero."""

from __future__ import annotations

from typing import Any

from multietapa import text
from multietapa.image.nodes import Change
from multietapa.image.waste import WasteItem
from multietapa.widgets.explorer.rows import WHYS, number, packed
from multietapa.widgets.explorer.shelves import ORIGINS
from multietapa.widgets.explorer.value import Explored, LayerRow
from multietapa.widgets.explorer.words import (
    PHASES,
    about,
    cause,
    grouping,
    headline,
    notes,
    share,
    short,
)
from multietapa.widgets.progress import Phase
from multietapa.widgets.surface.listing import plain
from multietapa.widgets.theme import ORIGIN_PAINTS

LOSSES = 60
"""Cuántas causas de lo que se pierde se guardan, las mayores."""
CHOICES = (
    ("", "todo"),
    ("a", f"lo {Change.ADDED.value}"),
    ("c", f"lo {Change.CHANGED.value}"),
    ("m", "lo copiado solo por permisos o dueño"),
    ("x", f"lo {Change.DELETED.value}"),
    ("waste", "solo lo que se pierde"),
)


def payload(explored: Explored, phase: Phase, reason: str = "") -> dict[str, Any]:
    """Los rasgos del widget, menos el avance."""
    shelves = explored.shelves
    weights = shelves.total.origins if shelves else []
    return {
        "head": {
            **PHASES.payload(phase, reason),
            "about": about(explored),
            "headline": headline(explored),
            "engine": explored.source,
            "grouped": grouping(explored),
            "notes": list(notes(explored)),
            "origins": [
                {"name": origin.value, "paint": ORIGIN_PAINTS[origin.value].pattern, "bytes": size}
                for origin, size in zip(ORIGINS, weights, strict=False)
            ],
            "choices": [list(choice) for choice in CHOICES],
            "whys": {letter: cause(why) for why, letter in WHYS.items()},
        },
        "layers": [_layer(layer) for layer in explored.layers],
        "rows": {str(n): rows for n, rows in packed(shelves, shelves.tree.root).items()} if shelves else {},
        "waste": _waste(explored),
    }


def _layer(layer: LayerRow) -> str:
    flags = "b" if layer.in_base else ""
    numbers = (number(layer.bytes), number(layer.files), number(layer.waste))
    line = "" if layer.line is None else str(layer.line)
    return "\t".join((*numbers, flags, line, plain(layer.stage), short(layer.instruction)))


def _waste(explored: Explored) -> dict[str, Any]:
    losses = explored.losses
    if losses is None:
        return {"title": "", "about": "", "rows": [], "more": ""}
    if not losses.total:
        return {"title": "Desperdicio: nada", "about": NOTHING_LOST, "rows": [], "more": ""}
    shown, left, left_bytes = losses.first(LOSSES)
    part = share(losses.total, explored.bytes)
    rest = f"Y {text.count(left, 'causa', 'causas')} más: {text.size(left_bytes)}." if left else ""
    return {
        "title": f"Desperdicio: {text.size(losses.total)} ({part} de Desempaquetado)",
        "about": LOST,
        "rows": [_loss(item) for item in shown],
        "more": rest,
    }


NOTHING_LOST = "Todo lo que viaja con esta imagen se ve desde un contenedor."
LOST = "Bytes que viajan con la imagen y que ningún contenedor ve."


def _loss(item: WasteItem) -> str:
    fields = (plain(item.path), number(item.bytes), item.layer, item.hidden_by, WHYS[item.why], item.count)
    return "\t".join((*map(str, fields), "d" if item.folder else ""))
