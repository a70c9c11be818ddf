"""El taller Multietapa: lo que se usa desde los cuadernos."""

from multietapa.bases import bases_disponibles
from multietapa.cleanup import limpiar
from multietapa.identity import labels as etiquetas
from multietapa.motor.session import motor

__all__ = ["bases_disponibles", "etiquetas", "limpiar", "motor"]
