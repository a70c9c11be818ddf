"""El taller Multietapa: lo que se usa desde los cuadernos. Cada nombre se carga al pedirlo."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from multietapa.cells.comparar import comparar
    from multietapa.cells.construir import construir
    from multietapa.cells.contexto import contexto
    from multietapa.cells.desplegar import desplegar
    from multietapa.cells.etapas import etapas
    from multietapa.cells.explorar import explorar
    from multietapa.cells.limpiar import limpiar
    from multietapa.cells.motor import motor
    from multietapa.cells.predecir import predecir
    from multietapa.cells.superficie import superficie
    from multietapa.exercises.ejercicio import ejercicio
    from multietapa.exercises.pregunta import pregunta

__all__ = [
    "comparar",
    "construir",
    "contexto",
    "desplegar",
    "ejercicio",
    "etapas",
    "explorar",
    "limpiar",
    "motor",
    "predecir",
    "pregunta",
    "superficie",
]
__version__ = "0.1.0"

_HOMES = {
    "comparar": "multietapa.cells.comparar",
    "construir": "multietapa.cells.construir",
    "contexto": "multietapa.cells.contexto",
    "desplegar": "multietapa.cells.desplegar",
    "ejercicio": "multietapa.exercises.ejercicio",
    "etapas": "multietapa.cells.etapas",
    "explorar": "multietapa.cells.explorar",
    "limpiar": "multietapa.cells.limpiar",
    "motor": "multietapa.cells.motor",
    "predecir": "multietapa.cells.predecir",
    "pregunta": "multietapa.exercises.pregunta",
    "superficie": "multietapa.cells.superficie",
}


def __getattr__(name: str) -> Any:
    found = getattr(import_module(_HOMES[name]), name) if name in _HOMES else None
    if "IPython" in sys.modules and (found or not find_spec(f"multietapa.{name}")):
        import_module("multietapa.cells.cell_errors").install()  # quien pide un nombre escribe celdas
    if found is None:
        raise AttributeError(f"«multietapa» no tiene «{name}». Tiene: {', '.join(__all__)}.")
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
