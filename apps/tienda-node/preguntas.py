"""Lo que ``apps/verificar`` pregunta a una tienda en marcha: salud, catálogo, carrito y página."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TITLE = "<title>Tienda del Puerto</title>"
SEARCH = "/api/productos?categoria=papeleria&buscar=cuaderno"
FOUND = ["cuaderno-bitacora"]
CART = {"lineas": [{"id": "taza-ballena", "cantidad": 2}, {"id": "pegatinas-puerto", "cantidad": 3}]}
CART_SUM = 2 * 1250 + 3 * 350  # céntimos
CART_TOTAL = CART_SUM + 490  # no llega al envío gratis


def ask(web: Any) -> Iterator[str]:
    """Hace todas las preguntas y da cada cosa comprobada; se para en la primera mal contestada."""
    for check in (_health, _products, _cart, _wrong_cart, _page):
        yield check(web)


def _health(web: Any) -> str:
    health = web.json("/salud")
    web.expect(health.get("estado") == "bien", "/salud debería decir estado «bien»", health)
    return f"/salud: Node {health.get('node')}, usuario {health.get('uid')}"


def _products(web: Any) -> str:
    everything = web.json("/api/productos")
    total = everything.get("total", 0)
    web.expect(total > len(FOUND), "el catálogo debería tener varios productos", everything)
    answer = web.json(SEARCH)
    ids = [product.get("id") for product in answer.get("productos", [])]
    web.expect(ids == FOUND, f"{SEARCH} debería encontrar solo {', '.join(FOUND)}", answer)
    return f"Catálogo: {total} productos, y el filtro encuentra {', '.join(FOUND)}"


def _cart(web: Any) -> str:
    quote = web.json("/api/carrito/total", send=CART)
    web.expect(
        (quote.get("subtotalCentimos"), quote.get("totalCentimos")) == (CART_SUM, CART_TOTAL),
        f"el carrito debería sumar {CART_SUM} céntimos, y {CART_TOTAL} con el envío",
        quote,
    )
    return f"Carrito: suma {CART_SUM} céntimos, {CART_TOTAL} con el envío"


def _wrong_cart(web: Any) -> str:
    wrong = {"lineas": [{"id": "taza-ballena", "cantidad": -1}]}
    answer = web.json("/api/carrito/total", send=wrong, status=400)
    web.expect(answer.get("detalles"), "un carrito imposible debería explicar por qué lo es", answer)
    return f"Carrito imposible: lo rechaza ({answer['detalles'][0]})"


def _page(web: Any) -> str:
    page = web.text("/")
    web.expect(TITLE in page, f"la página debería llevar {TITLE}", page)
    # En dist/ tiene que estar también lo que TypeScript no compila.
    for name in ("tienda.css", "tienda.js", "iconos.svg"):
        web.expect(name == "iconos.svg" or name in page, f"la página debería usar {name}", page)
        web.text(f"/{name}")
    return "Página: se sirve, con sus estilos, su código y sus dibujos"
