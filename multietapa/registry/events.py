"""Lo que pasa mientras una imagen viaja, como generador de estos valores; también un despliegue entero.

Los tiempos (``at``) son segundos desde que empezó lo que se mira; los tamaños, bytes. ``layer`` son las doce
primeras cifras de una capa, como las enseña Docker: de su digest comprimido al bajar, y de su contenido al
subir.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

SHORT = 12
"""Cuántas cifras de un digest se enseñan."""


def short(digest: str) -> str:
    """Las primeras cifras de un digest, con ``sha256:`` o sin él."""
    return digest.rpartition(":")[2][:SHORT]


class LayerState(Enum):
    """Por dónde va una capa. El valor es la palabra que se lee."""

    WAITING = "espera"
    TRAVELLING = "viaja"
    ARRIVED = "comprobada"
    """Llegó entera y su sha256 es el que tenía que ser."""
    UNPACKING = "se abre"
    DONE = "lista"
    PRESENT = "ya estaba"


class Phase(Enum):
    """Las fases de un despliegue, en su orden. El valor es la palabra que se lee."""

    TRANSFER = "transferir"
    """Desde que se pide la imagen hasta que llega su último byte."""
    UNPACK = "comprobar y abrir"
    """Lo que falta desde entonces: lo que se comprueba y se abre mientras llega lo demás no cuesta tiempo."""
    CREATE = "crear el contenedor"
    START = "arrancar"
    HEALTHY = "contestar"
    """Desde que el motor dice que arrancó hasta la primera respuesta de la aplicación."""


@dataclass(frozen=True)
class LayerDeclared:
    """Una capa de la imagen: lo que pesa comprimida (0 si no se sabe todavía)."""

    layer: str
    size: int = 0


@dataclass(frozen=True)
class LayerProgress:
    """Una capa va por ahí: ``current`` de ``total`` bytes de lo que dice ``state`` (0 si no se sabe)."""

    layer: str
    state: LayerState
    at: float
    current: int = 0
    total: int = 0


@dataclass(frozen=True)
class Pushed:
    """La imagen está en el registro con ese nombre y ese digest; ``layers``, cuántas se subieron ahora."""

    reference: str
    digest: str
    layers: int
    seconds: float


@dataclass(frozen=True)
class Pulled:
    """La imagen ya está aquí. ``bytes``, los de las capas que viajaron; ``present``, los que ya estaban."""

    reference: str
    bytes: int
    present: int
    seconds: float


@dataclass(frozen=True)
class PhaseStarted:
    """Una fase del despliegue empezó."""

    phase: Phase
    at: float


@dataclass(frozen=True)
class PhaseFinished:
    """Una fase del despliegue terminó, tras ``seconds``."""

    phase: Phase
    at: float
    seconds: float


TransferEvent = LayerDeclared | LayerProgress | Pushed | Pulled

DeployEvent = LayerDeclared | LayerProgress | Pushed | PhaseStarted | PhaseFinished
"""Lo de un despliegue: primero, las capas que suben al registro; después, por fases, las que van al nodo."""
