"""El bloque de lo calculado: cuánto costarían muchos despliegues como los medidos, dicho con palabras.

Nada de aquí se midió, y por eso lleva siempre delante la palabra ``LABEL``. ``deploy.js`` escribe lo mismo
cuando se mueven los controles.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from multietapa import text
from multietapa.registry.outcome import middle
from multietapa.registry.projection import Plan, Projection, project, rest_seconds
from multietapa.widgets.deploy.words import Measured, speed

LABEL = "cálculo"
TITLE = "Si se desplegara muchas veces"
ASSUMED = (
    "Se supone que las réplicas piden a la vez los bytes que viajaron aquí y se reparten un mismo enlace, el "
    "del registro. Lo demás (abrir, crear, arrancar y contestar) lo hace cada una en su nodo y dura lo que "
    "duró al medirlo."
)
PER_DEPLOYMENT = "Cada despliegue, hasta que contesta la última réplica"
TRAFFIC = "Tráfico al mes"
MONTHLY = "Tiempo al mes, entre todos"
COST = "Coste al mes"
LABELS = (PER_DEPLOYMENT, TRAFFIC, MONTHLY, COST)
FIELDS = (
    "Velocidad del enlace (Mb/s)",
    "Réplicas",
    "Despliegues al mes",
    "Precio de cada GB, con su moneda (si lo sabes)",
)
LIMITS = ((0.1, 10_000), (1, 1000), (1, 1000))
"""Entre qué valores se mueven los tres primeros controles."""
WRONG_PRICE = "Escribe un número y, si quieres, su moneda: 0,09 €"
_HOUR = 1.0


def hours(value: float) -> str:
    """Un tiempo en horas; si no llega a una, como cualquier duración."""
    return f"{text.number(value, 1)} h" if value >= _HOUR else text.duration(value * 3600)


def plan_words(plan: Plan) -> str:
    """Lo que se supone, en una frase: ``con un enlace de 20 Mb/s, 3 réplicas y 20 despliegues al mes``."""
    replicas = text.count(plan.replicas, "réplica", "réplicas")
    deployments = text.count(plan.deployments, "despliegue", "despliegues")
    return f"con un enlace de {speed(plan.mbps)}, {replicas} y {deployments} al mes"


def said(projection: Projection) -> list[str]:
    """Las tres cifras de una imagen, escritas: segundos de cada despliegue y, al mes, tráfico y tiempo."""
    return [text.duration(projection.seconds), text.size(projection.traffic), hours(projection.hours)]


def basis(found: Measured) -> dict[str, tuple[int, float]]:
    """De cada imagen, lo medido de lo que sale el cálculo: bytes que viajaron y segundos de después."""
    chosen = {name: middle(runs) for name, runs in found.items()}
    return {name: (done.travelled_bytes, rest_seconds(done)) for name, done in chosen.items()}


def default_plan(mbps: float | None) -> Plan:
    """Lo que se supone mientras nadie mueve nada: la velocidad con la que se midió, si la había."""
    slowest, fastest = LIMITS[0]
    return Plan() if mbps is None else Plan(mbps=min(max(mbps, slowest), fastest))


def estimate_lines(found: Measured, plan: Plan) -> Iterator[str]:
    """El bloque en texto: cada línea dice que es un cálculo."""
    if not found:
        return
    yield f"{LABEL.capitalize()} (no es una medida), {plan_words(plan)}:"
    for name, (travelled, rest) in basis(found).items():
        seconds, traffic, waiting = said(project(travelled, rest, plan))
        monthly = f"al mes, {traffic} de tráfico y {waiting} en despliegues"
        yield f"  {LABEL}: {name}, {seconds} por despliegue; {monthly}"
    yield f"  {ASSUMED}"


def estimate_html(found: Measured, plan: Plan) -> str:
    """El bloque en HTML, sin controles."""
    if not found:
        return ""
    return (
        f'<div class="mtd-calc"><p><b>{LABEL}</b> <strong>{TITLE}</strong></p>'
        f"{estimate_table(found, plan)}<p><small>{escape(ASSUMED)}</small></p></div>"
    )


def estimate_table(found: Measured, plan: Plan, *, labels: tuple[str, ...] = LABELS[:-1]) -> str:
    """La tabla del cálculo, una columna por imagen; la fila de la que no hay cifra queda vacía."""
    rows = {name: said(project(*each, plan)) for name, each in basis(found).items()}
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in rows)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{escape(''.join(row[number : number + 1]))}</td>" for row in rows.values())
        + "</tr>"
        for number, label in enumerate(labels)
    )
    return (
        f"<table><caption>Cálculo {escape(plan_words(plan))}</caption><thead><tr>"
        f'<th scope="col">{LABEL}</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def control_words() -> dict[str, Any]:
    """Lo que se lee en los controles y en la tabla, para el dibujo."""
    return {
        "label": LABEL,
        "title": TITLE,
        "about": f"{LABEL.capitalize()}: {TITLE[0].lower()}{TITLE[1:]}",
        "fields": list(FIELDS),
        "limits": [list(pair) for pair in LIMITS],
        "rows": list(LABELS),
        "assumed": ASSUMED,
        "wrong": WRONG_PRICE,
    }
