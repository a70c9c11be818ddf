"""De los eventos de una construcción al estado que se muestra. Sin pantalla, sin motor y sin reloj.

``reduce`` recibe un estado y un evento y devuelve otro estado; nunca cambia el que recibe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    BuildWarning,
    ContextSent,
    Event,
    LogLine,
    OutputWritten,
    StepDeclared,
    StepFinished,
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.step import Status, Step

LOG_LINES = 200
"""Cuántas líneas del registro se guardan para la pantalla."""
PREPARATION, EXPORT = "Preparación", "Exportación"
_CANCELLED_BY_ENGINE = "context canceled"
_PUBLIC = re.compile(r"(?<= )docker\.io/(?:library/)?")
_NAMES_AN_IMAGE = (StepKind.FROM, StepKind.INTERNAL)


class BuildPhase(Enum):
    """El estado de la construcción entera."""

    RUNNING = "en marcha"
    CANCELLING = "cancelando"
    DONE = "terminada"
    FAILED = "falló"
    CANCELLED = "cancelada"

    @property
    def over(self) -> bool:
        """Ya no puede cambiar."""
        return self not in (BuildPhase.RUNNING, BuildPhase.CANCELLING)


@dataclass(frozen=True)
class Group:
    """Los pasos de una etapa (o los internos), en el orden del Dockerfile."""

    title: str
    stage: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class BuildState:
    """Todo lo que se sabe de una construcción en un momento dado.

    ``log`` son las últimas líneas, con un título cada vez que cambia el paso que habla; ``log_total``
    cuenta las que ha habido. ``seconds`` es ``None`` hasta el final. ``reported`` son los bytes de la
    imagen según el motor, o ``None`` si no se le ha preguntado, y ``base``, los de aquella de la que parte.
    ``sent``, lo que viajó de cada carpeta (vacío si se construye sin sesión: entonces viaja siempre todo).
    ``output``, lo que quedó en la de salida.
    """

    steps: Mapping[str, Step] = field(default_factory=dict)
    log: tuple[str, ...] = ()
    log_total: int = 0
    speaker: str = ""
    warnings: tuple[BuildWarning, ...] = ()
    phase: BuildPhase = BuildPhase.RUNNING
    seconds: float | None = None
    image_id: str = ""
    reason: str = ""
    line: int | None = None
    reported: int | None = None
    base: int | None = None
    sent: Mapping[str, ContextSent] = field(default_factory=dict)
    output: OutputWritten | None = None

    @property
    def instructions(self) -> tuple[Step, ...]:
        """Los pasos que ejecutan algo del Dockerfile."""
        return tuple(step for step in self.steps.values() if step.is_instruction)

    @property
    def cached(self) -> int:
        """Cuántas instrucciones salieron de la caché."""
        return sum(step.status is Status.CACHED for step in self.instructions)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Preparación, las etapas en el orden del Dockerfile y la exportación.

        De un paso sin declarar se guarda lo que cuenta, pero no se enseña.
        """
        found: dict[str, list[Step]] = {}
        for step in filter(lambda step: step.name, self.steps.values()):
            found.setdefault(step.stage or _inner_group(step), []).append(step)
        groups = [Group(_title(name, steps), steps[0].stage, _sorted(steps)) for name, steps in found.items()]
        return tuple(sorted(groups, key=_position))


def reduce(state: BuildState, event: Event) -> BuildState:
    """El estado que sigue a ``state`` después de ``event``."""
    if isinstance(event, StepDeclared):
        return _with(state, _declared(_step(state, event.id), event))
    if isinstance(event, StepStarted):
        step = _step(state, event.id)
        return _with(state, replace(step, status=Status.RUNNING, started=event.at))
    if isinstance(event, StepFinished):
        return _with(state, _finished(_step(state, event.id), event))
    if isinstance(event, StepProgress):
        step = _step(state, event.id)
        # De las capas importa el orden; de lo demás, lo último.
        others = {name: told for name, told in step.progress.items() if event.doing or name != event.label}
        return _with(state, replace(step, progress=_current(step.kind, {**others, event.label: event})))
    if isinstance(event, LogLine):
        return _spoken(state, event)
    if isinstance(event, BuildWarning):
        return replace(state, warnings=(*state.warnings, event))
    if isinstance(event, ContextSent):
        return replace(state, sent={**state.sent, event.folder: event})
    if isinstance(event, OutputWritten):
        return replace(state, output=event)
    if isinstance(event, BuildFinished):
        closed = _closed(state, Status.DONE, event.seconds)
        return replace(closed, phase=BuildPhase.DONE, seconds=event.seconds, image_id=event.image_id)
    return _failed(state, event)


def cancelling(state: BuildState) -> BuildState:
    """Se pidió cancelar y el motor todavía no ha parado."""
    return state if state.phase.over else replace(state, phase=BuildPhase.CANCELLING)


def broken(state: BuildState, reason: str, seconds: float, *, cancelled: bool = False) -> BuildState:
    """La construcción acabó sin decirlo: cierra los pasos con esa razón."""
    if state.phase.over:
        return state
    return explained(_failed(state, BuildFailed(reason, seconds, cancelled=cancelled)), reason)


def explained(state: BuildState, reason: str) -> BuildState:
    """La razón de que acabara mal, dicha de otra manera: la del error en lugar de la del motor."""
    return replace(state, reason=reason)


def sized(state: BuildState, total: int, sizes: Mapping[str, int], base: int | None = None) -> BuildState:
    """Añade los bytes que declara el motor: de la imagen, de la base y, por ``id``, de cada paso."""
    steps = {id_: replace(step, size=sizes.get(id_)) for id_, step in state.steps.items()}
    return replace(state, steps=steps, reported=total, base=base)


def heading(step: Step) -> str:
    """El título que se escribe en el registro cuando empieza a hablar un paso."""
    where = f"{stage_name(step.stage)}: " if step.stage else ""
    return f"── {where}{one_line(step.name)}"


def stage_name(stage: str) -> str:
    """Cómo se llama una etapa: por su nombre, o ``etapa 1`` (su índice, desde 0) si no lo tiene."""
    unnamed = stage.startswith("stage-") and stage[6:].isdigit()
    return f"etapa {stage[6:]}" if unnamed else stage


def one_line(text: str) -> str:
    """Un texto de varias líneas (un heredoc) en una."""
    return " ".join(text.split())


def _step(state: BuildState, id_: str) -> Step:
    return state.steps.get(id_) or Step(id_, "")


def _with(state: BuildState, step: Step) -> BuildState:
    return replace(state, steps={**state.steps, step.id: step})


def _declared(step: Step, event: StepDeclared) -> Step:
    name = _PUBLIC.sub("", event.name, count=1) if event.kind in _NAMES_AN_IMAGE else event.name
    return replace(
        step,
        name=name,
        kind=event.kind,
        stage=_stage(event),
        line=event.line,
        folder=event.folder,
        inputs=event.inputs,
        progress=_current(event.kind, step.progress),
    )


def _current(kind: StepKind, progress: Mapping[str, StepProgress]) -> Mapping[str, StepProgress]:
    """Un paso baja varias cosas a la vez; una base pasa por fases, y de ella solo cuenta la última."""
    return dict(list(progress.items())[-1:]) if kind is StepKind.BASE else progress


def _finished(step: Step, event: StepFinished) -> Step:
    if _CANCELLED_BY_ENGINE in event.error:
        status, error = Status.CANCELLED, ""
    elif event.error:
        status, error = Status.FAILED, event.error
    else:
        status, error = (Status.CACHED if event.cached else Status.DONE), ""
    begun = event.at - max(0.0, event.seconds - (step.seconds or 0.0))
    start = step.started if step.status is Status.RUNNING else max(0.0, begun)
    intervals = (*step.intervals, (start, max(start, event.at)))
    return replace(step, status=status, seconds=event.seconds, error=error, intervals=intervals)


def _spoken(state: BuildState, event: LogLine) -> BuildState:
    new = [event.text]
    if event.id != state.speaker and event.id in state.steps:
        new.insert(0, heading(state.steps[event.id]))
    return replace(
        state,
        log=(*state.log, *new)[-LOG_LINES:],
        log_total=state.log_total + len(new),
        speaker=event.id,
    )


def _failed(state: BuildState, event: BuildFailed) -> BuildState:
    if not event.cancelled and event.step_id in state.steps:
        guilty = state.steps[event.step_id]
        if guilty.status is Status.RUNNING:
            guilty = _cut(guilty, Status.FAILED, event.seconds)
        state = _with(state, replace(guilty, status=Status.FAILED))
    return replace(
        _closed(state, Status.CANCELLED, event.seconds),
        phase=BuildPhase.CANCELLED if event.cancelled else BuildPhase.FAILED,
        seconds=event.seconds,
        reason="" if event.cancelled else event.reason,
        line=event.line,
    )


def _closed(state: BuildState, running: Status, end: float) -> BuildState:
    """Ningún paso queda a medias cuando la construcción acaba en el segundo ``end``."""

    def close(step: Step) -> Step:
        if step.status is Status.RUNNING:
            return _cut(step, running, end)
        return replace(step, status=Status.SKIPPED) if step.status is Status.WAITING else step

    return replace(state, steps={id_: close(step) for id_, step in state.steps.items()})


def _cut(step: Step, status: Status, end: float) -> Step:
    """Un paso en marcha que acaba en el segundo ``end`` sin haberlo dicho."""
    last = max(step.started, end)
    seconds, intervals = last - step.started, (*step.intervals, (step.started, last))
    return replace(step, status=status, seconds=seconds, intervals=intervals)


def _stage(event: StepDeclared) -> str:
    """La etapa de un paso, o ``""`` si no es de ninguna del Dockerfile.

    Las etiquetas que añade el kit no están en el Dockerfile; y un ``FROM`` sin línea lleva el nombre que le
    puso otra construcción, porque BuildKit comparte los pasos iguales de las que van a la vez.
    """
    foreign = event.kind is StepKind.LABEL or (event.kind is StepKind.FROM and event.line is None)
    return "" if foreign else event.stage


def _inner_group(step: Step) -> str:
    return EXPORT if step.kind in (StepKind.EXPORT, StepKind.LABEL) else PREPARATION


def _title(name: str, steps: list[Step]) -> str:
    if not steps[0].stage:
        return name
    shown = stage_name(name)
    return f"Etapa {name}" if shown == name else f"E{shown[1:]} (sin nombre)"


def _sorted(steps: list[Step]) -> tuple[Step, ...]:
    """Por línea del Dockerfile; los que no la tienen se quedan detrás del anterior."""
    keyed, last = [], 0
    for step in steps:
        last = step.line or last
        keyed.append((last, step))
    return tuple(step for _, step in sorted(keyed, key=lambda pair: pair[0]))


def _position(group: Group) -> tuple[int, int]:
    if not group.stage:
        return (2 if group.title == EXPORT else 0), 0
    return 1, min((step.line for step in group.steps if step.line), default=1 << 30)
