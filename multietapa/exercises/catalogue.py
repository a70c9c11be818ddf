"""Todos los ejercicios, reunidos de los paquetes ``nNN_tema`` de esta carpeta: aquí no se apunta ninguno."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path

from multietapa.errors import UnknownNameError
from multietapa.exercises.exercise import Exercise

LESSONS = "n[0-9][0-9]_*/__init__.py"


@cache
def exercises() -> tuple[Exercise, ...]:
    """Todos, por su número, cada uno con su carpeta: la que lleva su número en el paquete que lo nombra."""
    found = []
    for package in Path(__file__).parent.glob(LESSONS):
        lesson = import_module(f"{__package__}.{package.parent.name}")
        found += [replace(one, folder=package.parent / one.id) for one in lesson.EXERCISES]
    return tuple(sorted(found, key=lambda one: one.id))


def exercise(id: str) -> Exercise:
    """El ejercicio con ese número. Lanza :class:`UnknownNameError` con los que hay."""
    for found in exercises():
        if found.id == id:
            return found
    raise UnknownNameError(id, (one.id for one in exercises()), kind="el ejercicio")
