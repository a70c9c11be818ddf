"""Lo que comparten las pruebas que dibujan vistas en un Chromium de verdad."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page

from multietapa.widgets.base import WidgetView
from tools import sample

#: Las vistas del kit que se salen de su sitio por la derecha.
OVERFLOWING = """() => [...document.querySelectorAll('.mt')]
  .filter(view => view.scrollWidth > view.clientWidth + 1).map(view => view.className)"""
#: Lo que se sale por la derecha del borde interior de su vista, sin contar lo que se puede desplazar.
STICKING_OUT = """() => [...document.querySelectorAll('.mt')].flatMap(view => {
  const style = getComputedStyle(view);
  const inner = parseFloat(style.paddingRight) + parseFloat(style.borderRightWidth);
  const edge = view.getBoundingClientRect().right - inner + 1;
  const cut = node => {
    for (let n = node.parentElement; n !== view; n = n.parentElement)
      if (getComputedStyle(n).overflowX !== 'visible') return true;
    return false;
  };
  const boxes = [...view.querySelectorAll('*')].filter(n => n.getBoundingClientRect().width);
  return boxes.filter(n => n.getBoundingClientRect().right > edge && !cut(n))
    .map(n => `${n.className}: ${n.textContent.trim().slice(0, 30)}`);
})"""
#: Las palabras que el borde de una caja parte por la mitad, sin puntos suspensivos ni modo de desplazarlas.
CUT_SHORT = """() => {
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [], range = document.createRange();
  for (let node; (node = words.nextNode());) {
    if (!node.textContent.trim() || !node.parentElement.closest('.mt')) continue;
    range.selectNodeContents(node);
    for (const text of range.getClientRects())
      for (let box = node.parentElement; box && !box.matches('.mt'); box = box.parentElement) {
        const style = getComputedStyle(box), edge = box.getBoundingClientRect();
        if (style.overflowX === 'visible') continue;
        const seen = text.top < edge.bottom - 1 && text.left < edge.right - 1 && edge.width > 1;
        const hides = style.overflowX === 'hidden' && style.textOverflow === 'clip';
        if (seen && hides && text.right > edge.right + 1)
          found.push(`${box.className.baseVal ?? box.className}: ${node.textContent.trim().slice(0, 30)}`);
        break;
      }
  }
  return found;
}"""
#: Los textos de las vistas del kit cuyo contraste (WCAG 2) con lo que tienen debajo no llega a 4,5.
FAINT = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = node => {
    for (let n = node; n; n = n.parentElement) {
      const style = getComputedStyle(n), c = parse(style.backgroundColor);
      if (style.backgroundImage !== 'none') return null;
      if (c.length === 3 || c[3] > 0.5) return c;
    }
    return [255, 255, 255];
  };
  const faint = new Set();
  for (const node of document.querySelectorAll('.mt *')) {
    const own = [...node.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (!own || !node.offsetParent) continue;
    const under = back(node);
    if (!under) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(under)].sort((x, y) => y - x);
    const words = `${node.className}: ${node.textContent.trim().slice(0, 40)}`;
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.add(words);
  }
  return [...faint];
}"""


def draw(page: Page, *views: WidgetView, themes: Iterable[str] = ("claro",)) -> None:
    """Dibuja esos widgets, uno debajo de otro; en la página, ``shown[n].model`` es el modelo de cada uno."""
    page.set_content(sample.page({f"vista {n}": view for n, view in enumerate(views)}, themes))
    page.wait_for_selector("body[data-ready]")
