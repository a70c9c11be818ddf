"""El taller Multietapa: lo que se usa desde los cuadernos."""

from multietapa.cells.motor import motor
from multietapa.cleanup import limpiar
from multietapa.compare import comparar
from multietapa.construct import construir
from multietapa.exercises import ejercicio

__all__ = ["comparar", "construir", "ejercicio", "limpiar", "motor"]
