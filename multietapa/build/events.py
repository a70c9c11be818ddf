"""El modelo de eventos de una construcción: lo mismo para BuildKit, el clásico y una grabación.

Una construcción es un generador de estos valores. Los tiempos son segundos desde
que empezó la construcción; los tamaños, bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

MAIN_FOLDER = "context"
"""El nombre de la carpeta con la que se construye, entre las que reciben un ``ContextSent``."""


class StepKind(Enum):
    """De qué clase es un paso. El valor es lo que se escribe en una grabación: no se cambia."""

    BASE = "base"
    """Traer una imagen base, antes de construir."""
    INTERNAL = "internal"
    """Lo que el constructor prepara por su cuenta: recibir el contexto, consultar una imagen."""
    FROM = "from"
    """El principio de una etapa."""
    INSTRUCTION = "instruction"
    """Cualquier otra instrucción del Dockerfile."""
    LABEL = "label"
    """Las etiquetas que pone el kit, que no están en el Dockerfile."""
    EXPORT = "export"
    """Guardar la imagen cuando ya están todas sus capas."""


@dataclass(frozen=True)
class StepDeclared:
    """Un paso entró en el plan (todavía no ha empezado).

    ``id`` es el digest del vértice en BuildKit o ``paso-N`` en el clásico; ``name`` el texto
    que se muestra, del que nadie deduce nada: para eso está ``kind``; ``stage`` la etapa (``build``,
    ``stage-1``...) o ``""`` si no pertenece a ninguna; ``line`` la línea del Dockerfile (desde 1) o
    ``None``; ``inputs`` los ``id`` de los pasos de los que depende; ``folder``, la carpeta que recibe, como
    la nombra ``ContextSent``, o ``""``.
    """

    id: str
    name: str
    kind: StepKind
    stage: str = ""
    line: int | None = None
    inputs: tuple[str, ...] = ()
    folder: str = ""


@dataclass(frozen=True)
class StepStarted:
    """Un paso empezó a trabajar en el segundo ``at``."""

    id: str
    at: float


@dataclass(frozen=True)
class StepFinished:
    """Un paso terminó: ``seconds`` de trabajo, ``cached`` si salió de la caché, ``error`` si falló."""

    id: str
    at: float
    seconds: float
    cached: bool = False
    error: str = ""


@dataclass(frozen=True)
class LogLine:
    """Una línea completa que escribió un paso (``stream``: ``stdout`` o ``stderr``)."""

    id: str
    text: str
    stream: str = "stdout"


@dataclass(frozen=True)
class StepProgress:
    """Avance dentro de un paso: ``current`` de ``total`` bytes (``total`` 0 si no se sabe).

    ``label`` dice de qué. Si es de una de sus capas, es el principio de su digest, y ``doing`` qué se hace
    con ella (``bajando``, ``abriendo``...).
    """

    id: str
    label: str
    current: int
    total: int = 0
    doing: str = ""


@dataclass(frozen=True)
class BuildWarning:
    """Un aviso del constructor, con su línea del Dockerfile si la dice."""

    text: str
    line: int | None = None
    url: str = ""


@dataclass(frozen=True)
class ContextSent:
    """Lo que ha viajado hasta ahora de la carpeta ``folder``: archivos y bytes, de cuántos que tiene.

    Con ``complete`` es lo último: lo que falta hasta ``of_files`` ya lo tenía el motor.
    """

    folder: str
    files: int
    bytes: int
    of_files: int
    of_bytes: int
    complete: bool = False


@dataclass(frozen=True)
class OutputWritten:
    """Los archivos de la última etapa ya están en la carpeta ``folder`` de este disco: cuántos y sus bytes.

    ``left``: lo que la imagen lleva y en la carpeta no está, en una frase por cada razón.
    """

    folder: str
    files: int
    bytes: int
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildFinished:
    """La imagen existe: su ``image_id`` (``sha256:...``) y los segundos de pared."""

    image_id: str
    seconds: float


@dataclass(frozen=True)
class BuildFailed:
    """La construcción falló. Es el último evento; después el generador lanza su ``BuildError``.

    ``reason`` es el texto del motor; ``step`` el texto del paso que falló y ``log`` sus últimas líneas.
    ``still_running``: se canceló, pero ese motor acabará el paso en el que estaba.
    """

    reason: str
    seconds: float
    step_id: str = ""
    line: int | None = None
    log: tuple[str, ...] = ()
    cancelled: bool = False
    step: str = ""
    still_running: bool = False


Event = (
    StepDeclared
    | StepStarted
    | StepFinished
    | LogLine
    | StepProgress
    | BuildWarning
    | ContextSent
    | OutputWritten
    | BuildFinished
    | BuildFailed
)
