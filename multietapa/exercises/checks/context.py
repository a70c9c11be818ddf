"""Preguntas sobre lo que viaja de la carpeta, y por qué línea de ``.dockerignore``.

Si algo viajó lo dice la imagen; la línea que lo decide la dicen las reglas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multietapa import text
from multietapa.dockerfile.travel import Item, Travel
from multietapa.exercises.outcome import Observation


def stays_out(
    carried: Mapping[str, bool], travel: Travel, names: Sequence[str], *, what: str, why: str
) -> Observation:
    """Ninguno de ``names`` está en la imagen. ``carried`` dice, de cada archivo, si lo lleva.

    ``what`` los nombra juntos (``los secretos``) y ``why`` es la segunda pista.
    """
    inside = [name for name in names if carried[name]]
    if not inside:
        return Observation(True, f"La imagen no lleva {what}.")
    told = "; ".join(f"{name} ({_decided(travel, name)})" for name in inside)
    seen = f"La imagen lleva {what}: {told}."
    return Observation(
        False, seen, (f"{seen} Lo que viaja y se copia con «COPY . .» acaba en una capa.", why)
    )


def comes_along(carried: Mapping[str, bool], travel: Travel, name: str, *, why: str) -> Observation:
    """La imagen lleva ``name``."""
    if carried[name]:
        return Observation(True, f"La imagen lleva {name}.")
    seen = f"En la imagen no está {name}: {_decided(travel, name)}."
    return Observation(False, seen, (seen, why))


def _decided(travel: Travel, name: str) -> str:
    """Qué línea decide ``name``, con palabras."""
    item = _item(travel, name)
    if item is None:
        return "no está en la carpeta"
    if item.rule is None:
        return "ninguna línea lo deja fuera"
    line = f"la línea {text.number(item.rule.line)}, «{item.rule.text}»"
    return f"lo rescata {line}" if item.travels else f"lo deja fuera {line}"


def _item(travel: Travel, name: str) -> Item | None:
    """Su entrada o, si su carpeta está fuera entera, la de ella."""
    by_name = {item.name: item for item in travel.items}
    parts = name.split("/")
    return next(
        (by_name[path] for n in range(len(parts), 0, -1) if (path := "/".join(parts[:n])) in by_name), None
    )
