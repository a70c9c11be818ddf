"""El taller Multietapa: lo que se usa desde los cuadernos. Cada nombre se carga al pedirlo."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multietapa.cells.comparar import comparar
    from multietapa.cells.construir import construir
    from multietapa.cells.limpiar import limpiar
    from multietapa.cells.motor import motor
    from multietapa.cells.predecir import predecir
    from multietapa.exercises.ejercicio import ejercicio

__all__ = ["comparar", "construir", "ejercicio", "limpiar", "motor", "predecir"]
__version__ = "0.1.0"

_HOMES = {
    "comparar": "multietapa.cells.comparar",
    "construir": "multietapa.cells.construir",
    "ejercicio": "multietapa.exercises.ejercicio",
    "limpiar": "multietapa.cells.limpiar",
    "motor": "multietapa.cells.motor",
    "predecir": "multietapa.cells.predecir",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"«multietapa» no tiene «{name}». Tiene: {', '.join(__all__)}.")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
