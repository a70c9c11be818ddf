"""Los pasos y las etapas de una construcción terminada, como se le dan a quien construye."""

from __future__ import annotations

from dataclasses import dataclass

from multietapa.build.crossing import layers
from multietapa.build.repeats import changeable, repeats
from multietapa.build.step import Step
from multietapa.build.timeline import StageStatus, StageTime, Timeline
from multietapa.errors import UnknownNameError
from multietapa.widgets.lanes.words import Built
from multietapa.widgets.live.words import change_sentence
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import reason


@dataclass(frozen=True)
class Paso:
    """Un paso de una construcción terminada.

    ``segundos`` de trabajo, ``linea`` del Dockerfile o ``None``, y ``bytes`` que añade a la imagen según el
    motor (``None`` si no se sabe, o si su etapa no acaba en la imagen).
    """

    texto: str
    etapa: str
    linea: int | None
    estado: str
    segundos: float
    bytes: int | None = None


@dataclass(frozen=True)
class EtapaHecha:
    """Una etapa de una construcción terminada; una sin nombre se llama por su número.

    ``estado`` es ``"hecha"``, ``"caché"`` (todos sus pasos), ``"no se hace"`` (con su ``porque``), ``"sin
    pasos propios"`` o ``"sin ejecutar"``. ``inicio`` y ``fin``, en segundos desde que empezó la construcción,
    o ``None``; ``segundos``, los de trabajo de sus pasos; ``pasos``, cuántas instrucciones suyas se hicieron,
    y ``de_cache``, cuántas de ellas salieron de la caché; ``bytes``, los de sus capas según el motor, o
    ``None`` si no acaban en la imagen o no se sabe.
    """

    nombre: str
    estado: str
    inicio: float | None
    fin: float | None
    segundos: float
    pasos: int
    de_cache: int
    bytes: int | None = None
    porque: str = ""


@dataclass(frozen=True)
class Repeticion:
    """Lo que se repetiría si cambiara la línea ``linea``: un cálculo con los segundos medidos.

    ``pasos`` y ``etapas`` (por su nombre), los que se repetirían; ``segundos``, los que trabajaron esos pasos
    en esta construcción; ``sin_medir``, cuántos de ellos salieron de la caché y no tienen tiempo medido.
    """

    linea: int
    pasos: tuple[Paso, ...]
    etapas: tuple[str, ...]
    segundos: float
    sin_medir: int
    _frase: str = ""

    def __repr__(self) -> str:
        return f"Si cambiara la línea {self.linea} (cálculo). {self._frase}"


def paso(step: Step) -> Paso:
    """Un paso, como se le da a quien construye."""
    return Paso(step.name, step.stage, step.line, step.status.value, step.seconds or 0.0, step.size)


def stages_done(built: Built) -> tuple[EtapaHecha, ...]:
    """Cada etapa del Dockerfile, en su orden."""
    return tuple(_stage(built, stage) for stage in built.line.stages)


def repetition(line: Timeline, number: int) -> Repeticion:
    """Lo que se repetiría si cambiara esa línea; ``UnknownNameError`` si no empieza ahí una instrucción."""
    valid = [instruction.line for instruction in changeable(line)]
    if number not in valid:
        raise UnknownNameError(str(number), map(str, valid), kind="una instrucción que se haga en la línea")
    again = repeats(line, number)
    names = tuple(line.stage(key).name for key in again.stages)
    steps = tuple(map(paso, again.steps))
    return Repeticion(number, steps, names, again.seconds, again.unmeasured, change_sentence(line, again))


def _stage(built: Built, stage: StageTime) -> EtapaHecha:
    line = built.line
    why = ""
    if stage.status is StageStatus.SKIPPED:
        value = Stages(built.request.title, line.source, line.graph, (line.graph,), built.classic)
        why = reason(value, line.graph, line.graph.node(stage.key))
    return EtapaHecha(
        stage.name,
        stage.status.value,
        stage.start,
        stage.end,
        stage.work,
        len(stage.instructions),
        stage.cached,
        layers(line, stage.key),
        why,
    )
