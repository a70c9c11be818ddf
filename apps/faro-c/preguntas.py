"""Lo que ``apps/verificar`` pregunta a un faro en marcha: su estado y su página."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

FIELDS = {"estado", "hora", "zona", "desfase", "usuario", "uid", "autoridades"}


def ask(web: Any) -> Iterator[str]:
    """Hace todas las preguntas y da cada cosa comprobada; se para en la primera mal contestada."""
    state = web.json("/salud")
    web.expect(state.get("estado") == "bien", "/salud debería decir estado «bien»", state)
    web.expect(set(state) == FIELDS, f"/salud debería decir {', '.join(sorted(FIELDS))}", state)
    who = state["usuario"] or "sin nombre"
    yield f"/salud: {state['hora']} ({state['zona']}), usuario {who} ({state['uid']})"
    trusted = state["autoridades"]
    web.expect(isinstance(trusted, int), "las autoridades deberían ser un número", trusted)
    yield f"Se fía de {trusted} autoridades"
    web.expect("<h1>Faro del Puerto</h1>" in web.text("/"), "la página debería llevar su título", "otra")
    web.text("/no-existe", status=404)
    yield "Página: se sirve, y lo que no existe da 404"
