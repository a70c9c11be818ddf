"""El mapa del gemelo: el mismo dibujo que el del widget, en un SVG sin programas."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from multietapa import text
from multietapa.image.nodes import Node
from multietapa.widgets.explorer.shelves import ORIGINS, Shelves, Sum
from multietapa.widgets.explorer.squarify import Box, squarify
from multietapa.widgets.surface.listing import plain
from multietapa.widgets.theme import ORIGIN_PAINTS, Paint, veil

WIDTH, HEIGHT = 960, 420
_HEADER, _EDGE = 18, 3
_MOST = 220  # rectángulos
_CHAR = 6.6  # ancho de una letra
_DRAWN = {
    "diagonal": '<path d="M-2 10L10 -2M-2 2L2 -2M6 10L10 6" stroke-width="2"/>',
    "contra": '<path d="M-2 -2L10 10M6 -2L10 2M-2 6L2 10" stroke-width="3"/>',
    "puntos": '<circle cx="4" cy="4" r="1.6" stroke="none"/>',
    "cuadros": '<path d="M0 0h4v4h-4zM4 4h4v4h-4z" stroke="none"/>',
    "rayas": '<path d="M1 0V8" stroke-width="2"/>',
}


def picture(shelves: Shelves) -> str:
    """Un SVG con las carpetas de la imagen, tan grandes como lo que pesan, con su color y su trama."""
    whole = shelves.tree.root.bytes + shelves.tree.root.hidden
    if not whole:
        return ""
    drawing = _Drawing(shelves)
    drawing.fill(shelves.tree.root, Box(0, 0, WIDTH, HEIGHT), 0)
    said = f"Mapa de la imagen por carpetas: {text.size(whole)}. La lista de debajo dice lo mismo."
    return (
        f'<svg class="mte-pic" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}" font-size="12" font-family="system-ui, sans-serif">'
        f"<defs>{''.join(_patterns())}</defs>{''.join(drawing.parts)}</svg>"
    )


def heaviest(node: Node, limit: int) -> tuple[list[tuple[int, Node]], int, int]:
    """Los hijos de una carpeta que más pesan, contando lo que se pierde; cuántos quedan, y lo que suman."""
    kids = [(child.bytes + child.hidden, child) for child in node.everything()]
    kids = sorted((pair for pair in kids if pair[0]), key=lambda pair: (-pair[0], pair[1].path))
    return kids[:limit], len(kids[limit:]), sum(size for size, _ in kids[limit:])


class _Drawing:
    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self.parts: list[str] = []

    def fill(self, node: Node, box: Box, depth: int) -> None:
        """Lo que cuelga de una carpeta, dentro de ``box``; después, lo que cuelga de cada cosa, si cabe."""
        kids, _, rest = heaviest(node, 40)
        sizes = [size for size, _ in kids]
        boxes = squarify([*sizes, rest] if rest else sizes, box)
        nested = []
        for (size, kid), place in zip(kids, boxes, strict=False):
            if place.width < 4 or place.height < 4 or len(self.parts) > _MOST:
                break
            if self._one(kid, size, place, depth):
                nested.append((kid, place))
        for kid, (x, y, width, height) in nested:
            inside = Box(x + 3, y + _HEADER, width - 2 * _EDGE, height - _HEADER - _EDGE)
            self.fill(kid, inside, depth + 1)

    def _one(self, node: Node, size: int, place: Box, depth: int) -> bool:
        """Dibuja una cosa; dice si es una carpeta en la que caben las suyas."""
        name, (x, y, width, height) = plain(node.name), place
        nested = bool(node.children or node.gone) and width > 60 and height > 48 and depth < 2
        paint = None if nested else self._paint(node)
        title = f"<title>/{escape(plain(node.path))}: {text.size(size)}</title>"
        fill = 'fill="none" stroke="currentColor" stroke-opacity=".45"'
        if not nested:
            fill = f'fill="url(#mte-{paint.pattern})"' if paint else 'fill="#8886"'
        self.parts.append(
            f'<rect x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{max(width - 1, 0.5):.1f}" '
            f'height="{max(height - 1, 0.5):.1f}" rx="2" {fill}>{title}</rect>'
        )
        fits = int((width - 8) / _CHAR)
        if height > 15 and fits >= min(len(name), 4):
            label = name if len(name) <= fits else f"{name[: fits - 1]}…"
            if nested and len(name) + 10 <= fits:
                label += f" {text.size(size)}"
            ink = "currentColor" if nested or not paint else paint.ink
            self.parts.append(f'<text x="{x + 5:.1f}" y="{y + 13.5:.1f}" fill="{ink}">{escape(label)}</text>')
        return nested

    def _paint(self, node: Node) -> Paint | None:
        whole = Sum()
        for each in self._shelves.at(node.path).values():
            whole.add(each)
        for leaf in self._shelves.of(node):
            if leaf.origin >= 0:
                whole.origins[leaf.origin] += leaf.bytes
        origin, _ = whole.origin
        return ORIGIN_PAINTS[ORIGINS[origin].value] if origin >= 0 else None


def _patterns() -> Iterator[str]:
    for paint in ORIGIN_PAINTS.values():
        colour = veil(paint)
        drawn = _DRAWN.get(paint.pattern, "")
        yield (
            f'<pattern id="mte-{paint.pattern}" width="8" height="8" patternUnits="userSpaceOnUse">'
            f'<rect width="8" height="8" fill="{paint.fill}"/>'
            f'<g fill="{colour}" stroke="{colour}">{drawn}</g></pattern>'
        )
