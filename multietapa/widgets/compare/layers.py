"""Las capas de las imágenes comparadas, en una lista: de quién es cada una y lo que ocupa en cada medida."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from multietapa import text
from multietapa.measure.comparison import Comparison, Measure, Split
from multietapa.widgets.compare.splits import MANY, also_in, folded, limit, short_layer

_MOST, _FEWER = 40, 15  # capas en la tabla


@dataclass(frozen=True)
class _Line:
    """Una capa: cómo se llama, qué imágenes la llevan y sus bytes (``None``: sin medir, o ya contada)."""

    name: str
    images: tuple[str, ...]
    unpacked: int
    transfer: int | None


def layers_html(comparison: Comparison) -> str:
    """Las capas mayores, una sola vez cada una; ``""`` si no se sabe ninguna."""
    lines = _lines(comparison)
    if not lines:
        return ""
    most = _FEWER if len(comparison.rows) > MANY else _MOST
    body = "".join(
        f'<tr><th scope="row">{escape(line.name)}</th><td>{escape(_whose(line, comparison))}</td>'
        f"<td>{text.size(line.unpacked)}</td><td>{_packed(line)}</td></tr>"
        for line in lines[:most]
    )
    rest = lines[most:]
    size = text.size(sum(line.unpacked for line in rest))
    left = f"<p>Y {text.count(len(rest), 'capa más', 'capas más')}, que suman {size}.</p>" if rest else ""
    return (
        '<table><caption>Capa a capa</caption><thead><tr><th scope="col">Capa</th>'
        '<th scope="col">En</th><th scope="col">Desempaquetado</th><th scope="col">Transferencia</th></tr>'
        f"</thead><tbody>{body}</tbody></table>{left}"
    )


def layer_lines(comparison: Comparison) -> Iterator[str]:
    """Las capas de cada imagen, en texto; las que comparte lo dicen."""
    for row in comparison.rows:
        figure = row.splits.get((Measure.UNPACKED, Split.LAYER))
        if figure is None or not figure.parts:
            continue
        yield ""
        yield f"Capas de {row.name}, de abajo arriba (Desempaquetado)"
        shown, rest = folded(figure, limit(comparison))
        for part in shown:
            marks = ("de la base" if part.in_base else "", also_in(row, part, comparison))
            said = "; ".join(filter(None, marks))
            yield f"  {short_layer(part, comparison)}: {text.size(part.bytes)}" + (
                f" ({said})" if said else ""
            )
        if rest:
            size = text.size(sum(part.bytes for part in rest))
            yield f"  otras {text.count(len(rest), 'capa', 'capas')}: {size}"


def _lines(comparison: Comparison) -> list[_Line]:
    """Cada capa una vez, de más a menos bytes."""
    found: dict[str, _Line] = {}
    images: dict[str, dict[str, None]] = {}
    for row in comparison.rows:
        packed = row.splits.get((Measure.TRANSFER, Split.LAYER))
        sizes = {part.layer: part.bytes for part in packed.parts} if packed else {}
        for part in row.splits[Measure.UNPACKED, Split.LAYER].parts if row.splits else ():
            images.setdefault(part.layer, {})[row.name] = None
            names = tuple(images[part.layer])
            found[part.layer] = _Line(short_layer(part, comparison), names, part.bytes, sizes.get(part.layer))
    return sorted(found.values(), key=lambda line: -line.unpacked)


def _whose(line: _Line, comparison: Comparison) -> str:
    if len(line.images) == len(comparison.rows) > 1:
        return "todas"
    return text.join(line.images) if len(line.images) < 3 else f"{len(line.images)} imágenes"


def _packed(line: _Line) -> str:
    return "sin medir" if line.transfer is None else text.size(line.transfer)
