"""De los pasos de una construcción a sus etapas: en qué está cada una, cuándo trabajó y a quién espera.

Sin pantalla, sin motor y sin reloj: todo sale del estado (``build.state``), del Dockerfile y de su grafo. Los
tiempos son segundos desde que empezó la construcción.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import combinations

from multietapa.build.state import EXPORT, PREPARATION, BuildPhase, BuildState
from multietapa.build.step import Status, Step
from multietapa.dockerfile.graph import Graph, NodeKind
from multietapa.dockerfile.stages import Dockerfile, Stage

Interval = tuple[float, float]
_ENDED = (Status.DONE, Status.CACHED)
_WORKED = (Status.DONE, Status.FAILED, Status.CANCELLED)


class StageStatus(Enum):
    """En qué está una etapa; el valor es la palabra que se lee."""

    WAITING = "en espera"
    RUNNING = "en marcha"
    DONE = "hecha"
    CACHED = "caché"
    """Todas sus instrucciones salieron de la caché."""
    SKIPPED = "no se hace"
    """No hace falta; por qué, lo dice el grafo."""
    FAILED = "falló"
    CANCELLED = "cancelada"
    """Se quedó a medias: se canceló, o se paró porque falló otra."""
    IDLE = "sin ejecutar"
    """La construcción acabó sin que hiciera ningún paso."""
    SHARED = "sin pasos propios"
    """El motor no hizo ningún paso con su nombre: no le hacía falta, o era igual que el de otra etapa."""


@dataclass(frozen=True)
class StageTime:
    """Una etapa (o lo que se hace antes, o después, de todas) y cuándo trabajó.

    ``key`` es la de su nodo en el grafo, o ``""``; ``pieces``, los ratos en que trabajó algún paso suyo, sin
    juntarlos si hubo un hueco; ``open``, cuándo empezó el que está en marcha, o ``None``; ``waits``, las
    etapas a las que espera, por su ``key``.
    """

    key: str
    name: str
    status: StageStatus
    steps: tuple[Step, ...] = ()
    pieces: tuple[Interval, ...] = ()
    open: float | None = None
    waits: tuple[str, ...] = ()

    @property
    def start(self) -> float | None:
        """El segundo en que empezó su primer paso, o ``None`` si no hizo ninguno."""
        begun = [self.pieces[0][0]] if self.pieces else []
        return min([*begun, *([self.open] if self.open is not None else [])], default=None)

    @property
    def end(self) -> float | None:
        """El segundo en que acabó su último paso, o ``None`` si no hizo ninguno o alguno sigue."""
        return self.pieces[-1][1] if self.pieces and self.open is None else None

    @property
    def work(self) -> float:
        """Los segundos de trabajo de sus pasos, sumados; los que salieron de la caché no cuentan."""
        return sum(measured(step) for step in self.steps)

    @property
    def gaps(self) -> tuple[Interval, ...]:
        """Los ratos, entre su primer paso y el último, en que no trabajó ninguno."""
        return tuple((one[1], other[0]) for one, other in zip(self.pieces, self.pieces[1:], strict=False))

    @property
    def instructions(self) -> tuple[Step, ...]:
        """Sus instrucciones, sin el ``FROM``."""
        return tuple(step for step in self.steps if step.is_instruction)

    @property
    def cached(self) -> int:
        """Cuántas de sus instrucciones salieron de la caché."""
        return sum(step.status is Status.CACHED for step in self.instructions)


@dataclass(frozen=True)
class Timeline:
    """Una construcción por etapas. ``stages`` son todas las del Dockerfile, en su orden, se hagan o no.

    ``before`` y ``after`` son lo que no es de ninguna: preparar y exportar.
    """

    state: BuildState
    source: Dockerfile
    graph: Graph
    stages: tuple[StageTime, ...]
    before: StageTime
    after: StageTime

    @property
    def everything(self) -> tuple[StageTime, ...]:
        """Lo de antes, las etapas y lo de después."""
        return (self.before, *self.stages, self.after)

    @property
    def in_row(self) -> bool:
        """Los pasos van uno detrás de otro, como en el constructor clásico (sus ``id`` son ``paso-N``)."""
        return any(id_.startswith("paso-") for id_ in self.state.steps)

    @cached_property
    def owner(self) -> Mapping[str, str]:
        """De cada paso (por su ``id``) que es de una etapa, la ``key`` de esa etapa."""
        return {step.id: stage.key for stage in self.stages for step in stage.steps}

    def stage(self, key: str) -> StageTime:
        """La etapa de ese nodo. Lanza ``KeyError`` si no la hay."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    @property
    def together(self) -> tuple[tuple[StageTime, StageTime, float], ...]:
        """Las parejas de etapas que trabajaron a la vez, y cuántos segundos."""
        pairs = combinations(self.stages, 2)
        found = ((one, other, _overlap(one.pieces, other.pieces)) for one, other in pairs)
        return tuple((one, other, seconds) for one, other, seconds in found if seconds > 0)


def measured(step: Step) -> float:
    """Los segundos que trabajó un paso; 0 si salió de la caché, no empezó o no ha acabado."""
    return (step.seconds or 0.0) if step.status in _WORKED else 0.0


def timeline(state: BuildState, source: Dockerfile, graph: Graph) -> Timeline:
    """Reparte los pasos de ``state`` entre las etapas de ``source``; ``graph`` dice cuáles hacen falta."""
    own: dict[str, list[Step]] = {}
    others: dict[str, list[Step]] = {PREPARATION: [], EXPORT: []}
    for group in state.groups:
        for step in group.steps:
            stage = _stage_of(source, step)
            if stage is not None:
                own.setdefault(f"etapa:{stage.index}", []).append(step)
            else:
                others[EXPORT if group.title == EXPORT else PREPARATION].append(step)
    owner = {step.id: key for key, steps in own.items() for step in steps}
    nodes = (node for node in graph.nodes if node.kind is NodeKind.STAGE)
    return Timeline(
        state,
        source,
        graph,
        tuple(
            _timed(state, node.key, node.name, own.get(node.key, []), owner, needed=node.key in graph.needed)
            for node in nodes
        ),
        _timed(state, "", PREPARATION, others[PREPARATION], owner),
        _timed(state, "", EXPORT, others[EXPORT], owner),
    )


def _stage_of(source: Dockerfile, step: Step) -> Stage | None:
    """La etapa de un paso: por su nombre o, si hay varias que se llaman así, la de su línea."""
    if not step.stage:
        return None
    found = [s for s in source.stages if step.stage in (source.called(s), s.label, f"stage-{s.index}")]
    at = source.stage_at(step.line) if step.line else None
    if len(found) == 1 or (found and at not in found):
        return found[-1]
    return at


def _timed(
    state: BuildState,
    key: str,
    name: str,
    steps: Sequence[Step],
    owner: Mapping[str, str],
    *,
    needed: bool = True,
) -> StageTime:
    status = _status(state, steps, needed=needed)
    running = [step.started for step in steps if step.status is Status.RUNNING]
    waits = _waits(state, key, steps, owner) if status is StageStatus.WAITING else ()
    pieces = _joined(interval for step in steps for interval in step.intervals)
    return StageTime(key, name, status, tuple(steps), pieces, min(running, default=None), waits)


def _status(state: BuildState, steps: Sequence[Step], *, needed: bool) -> StageStatus:
    seen = {step.status for step in steps}
    if Status.FAILED in seen:
        return StageStatus.FAILED
    if Status.RUNNING in seen:
        return StageStatus.RUNNING
    if not steps:
        return _without_steps(state, needed=needed)
    if seen <= {Status.SKIPPED}:
        return StageStatus.IDLE
    if Status.CANCELLED in seen or (Status.SKIPPED in seen and state.phase is not BuildPhase.DONE):
        return StageStatus.CANCELLED
    if Status.WAITING in seen:
        begun = seen & {*_ENDED}
        ready = any(_ready(state, step) for step in steps if step.status is Status.WAITING)
        return StageStatus.RUNNING if begun and ready else StageStatus.WAITING
    own = [step for step in steps if step.is_instruction and step.status is not Status.SKIPPED]
    cached = own and all(step.status is Status.CACHED for step in own)
    return StageStatus.CACHED if cached else StageStatus.DONE


def _without_steps(state: BuildState, *, needed: bool) -> StageStatus:
    if not needed:
        return StageStatus.SKIPPED
    if state.phase is BuildPhase.DONE:
        return StageStatus.SHARED
    return StageStatus.IDLE if state.phase.over else StageStatus.WAITING


def _ready(state: BuildState, step: Step) -> bool:
    """Todo lo que le hace falta a ese paso ya está: empezará enseguida."""
    found = (state.steps.get(id_) for id_ in step.inputs)
    return all(each.status in _ENDED for each in found if each is not None)


def _waits(state: BuildState, key: str, steps: Sequence[Step], owner: Mapping[str, str]) -> tuple[str, ...]:
    """A qué etapas espera el primer paso que puede: las de lo que le falta."""
    for step in steps:
        lacking = [id_ for id_ in step.inputs if id_ in state.steps and state.steps[id_].status not in _ENDED]
        found = dict.fromkeys(owner[id_] for id_ in lacking if owner.get(id_, key) != key)
        if found:
            return tuple(found)
    return ()


def _joined(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Los mismos ratos, en orden y sin repetir ninguno: los que se tocan son uno."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _overlap(some: Sequence[Interval], others: Sequence[Interval]) -> float:
    """Los segundos que están en unos y en otros."""
    return sum(
        max(0.0, min(end, other_end) - max(start, other_start))
        for start, end in some
        for other_start, other_end in others
    )
