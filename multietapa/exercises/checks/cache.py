"""Preguntas sobre lo que se repite al construir otra vez."""

from __future__ import annotations

from collections.abc import Sequence

from multietapa import text
from multietapa.cells.hechas import Paso
from multietapa.exercises.outcome import Observation
from multietapa.exercises.reinstalled import Reinstalled, repeated

_MOST = 60  # caracteres de una instrucción


def installs_nothing(found: Sequence[Reinstalled], changed: str) -> Observation:
    """Con una línea de ``changed`` cambiada no se instala nada en ninguna etapa."""
    when = f"Con una línea de {changed} cambiada"
    if not found:
        return Observation(True, f"{when} no se vuelve a instalar ninguna dependencia.")
    names = text.join([f"«{one.stage}»" for one in found])
    stages = f"la{'s' if len(found) > 1 else ''} etapa{'s' if len(found) > 1 else ''} {names}"
    first = found[0]
    seen = (
        f"{when} las dependencias se instalan otra vez en {stages}: el primer paso que se repite en "
        f"«{first.stage}» es {_step(first.first)}."
    )
    return Observation(
        False,
        seen,
        (
            f"En la etapa «{first.stage}», {first.path} se hizo de nuevo. Lo primero que se repitió ahí "
            f"fue {_step(first.first)}, y lo que va detrás en su etapa se repite con él.",
            "Instalar solo necesita los dos package*.json. ¿Qué más había llegado ya a esa etapa cuando se "
            "instaló? Lo que cambia con cada línea de código puede llegar después.",
        ),
    )


def repeats_nothing(steps: Sequence[Paso], changed: str) -> Observation:
    """Con ``changed`` cambiado, todos los pasos salen de la caché."""
    again = [step for step in steps if repeated(step)]
    if not again:
        return Observation(True, f"Cambiar {changed} no repite ningún paso.")
    many = text.count(len(again), "paso se repite", "pasos se repiten")
    return Observation(
        False,
        f"Al cambiar {changed}, {many}: el primero es {_step(again[0])}.",
        (
            f"{changed} viaja, y {_step(again[0])} lo copia: si cambia, ese paso se repite, y los de detrás.",
            f"¿Hace falta {changed} para construir la tienda? Lo que no viaja no invalida ningún paso.",
        ),
    )


def _step(step: Paso) -> str:
    said = step.texto if len(step.texto) <= _MOST else f"{step.texto[: _MOST - 1]}…"
    return f"el de la línea {step.linea}: «{said}»" if step.linea else f"«{said}»"
