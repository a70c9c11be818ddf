"""Qué paso del Dockerfile es el que anuncia el motor por su número, en los que contestan con texto.

El clásico de Docker los numera todos seguidos (``Step 4/9 : COPY ...``, con los ``ARG`` de antes del primer
``FROM``). Buildah, el de Podman, empieza de nuevo en cada etapa (``[2/2] STEP 1/3: FROM ...``), salta las que
no hacen falta y no cuenta esos ``ARG``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from multietapa.build.events import StepDeclared, StepKind
from multietapa.dockerfile.stages import Dockerfile
from multietapa.identity import LABEL


@dataclass(frozen=True)
class Announced:
    """Un paso según el motor: ``stage`` es el número de su etapa (desde 1; 0 si no la dice)."""

    stage: int
    n: int
    total: int
    text: str


class Numbering(Protocol):
    """Cómo numera los pasos un constructor."""

    def place(self, announced: Announced) -> tuple[Sequence[StepDeclared], StepDeclared]:
        """Los pasos que entran ahora en el plan, y cuál de los del plan es el anunciado."""


class InOneRow:
    """La del clásico de Docker: todas las etapas en fila."""

    def __init__(self, plan: Sequence[StepDeclared]) -> None:
        self._plan = plan
        self._known: dict[int, StepDeclared] = {}

    def place(self, announced: Announced) -> tuple[Sequence[StepDeclared], StepDeclared]:
        """El primero trae el plan entero; las etiquetas del kit son pasos de más."""
        new: list[StepDeclared] = []
        if not self._known and announced.total >= len(self._plan):
            new += self._plan
            self._known = dict(enumerate(self._plan, 1))
        if announced.n not in self._known:
            before = self._known.get(announced.n - 1)
            self._known[announced.n] = _unplanned(f"paso-{announced.n}", announced.text, before)
            new.append(self._known[announced.n])
        return new, self._known[announced.n]


class ByStage:
    """La de Buildah: cada etapa empieza en 1 y entra en el plan cuando empieza."""

    def __init__(self, plan: Sequence[StepDeclared]) -> None:
        self._stages: list[list[StepDeclared]] = []
        for step in plan:
            if step.kind is StepKind.FROM:
                self._stages.append([])
            if self._stages:
                self._stages[-1].append(step)
        self._current: list[StepDeclared] = []
        self._total = 0
        self._last: StepDeclared | None = None

    def place(self, announced: Announced) -> tuple[Sequence[StepDeclared], StepDeclared]:
        """Lo que crece el total después de ``FROM`` son los ``ONBUILD`` de la base, que van justo detrás."""
        new: list[StepDeclared] = []
        stage = max(announced.stage, 1)
        if announced.n == 1:
            self._current = self._stages[stage - 1] if stage <= len(self._stages) else []
            self._total, self._last = announced.total, None
            new += self._current
        at = announced.n - 1 - max(0, announced.total - self._total)
        planned = 0 <= at < len(self._current) and (at > 0 or announced.n == 1)
        step = self._current[at] if planned else None
        if step is None or _keyword(step.name) != _keyword(announced.text):
            step = _unplanned(f"paso-{stage}.{announced.n}", announced.text, self._last)
            if self._current and at <= 0:  # quien lo arrastra es «FROM»
                step = replace(step, line=self._current[0].line)
            new.append(step)
        self._last = step
        return new, step


def _unplanned(id_: str, text: str, before: StepDeclared | None) -> StepDeclared:
    """Un paso que no está en el Dockerfile leído, detrás de ``before``; su clase es la de su orden."""
    arguments = text.partition(" ")[2].lstrip(" \"'")
    kind = StepKind.FROM if _keyword(text) == "FROM" else StepKind.INSTRUCTION
    if _keyword(text) == "LABEL" and arguments.startswith(LABEL):
        kind = StepKind.LABEL
    stage, inputs = (before.stage, (before.id,)) if before else ("", ())
    return StepDeclared(id_, text, kind, stage, inputs=inputs)


def _keyword(text: str) -> str:
    return text.partition(" ")[0].upper()


def steps_of(source: Dockerfile, target: str | None = None) -> tuple[StepDeclared, ...]:
    """Los pasos que dará el clásico, en fila, hasta la etapa ``target`` (o la última)."""
    found = [
        StepDeclared(f"paso-{n}", i.text, StepKind.INSTRUCTION, "", i.line)
        for n, i in enumerate(source.global_args, 1)
    ]
    ends: dict[int, str] = {}
    last = source.stage(target) if target else None
    for stage in source.stages[: last.index + 1 if last else None]:
        parent = source.parent(stage)
        inputs = [ends[parent.index]] if parent else []
        for instruction in (stage.opening, *stage.instructions):
            linked = (source.origin(instruction, name) for name in instruction.froms)
            inputs += [ends[s.index] for s in linked if s is not None and s.index in ends]
            id_ = f"paso-{len(found) + 1}"
            kind = StepKind.FROM if instruction is stage.opening else StepKind.INSTRUCTION
            name = source.called(stage)
            found.append(StepDeclared(id_, instruction.text, kind, name, instruction.line, tuple(inputs)))
            inputs = [id_]
        ends[stage.index] = inputs[0]
    return tuple(found)
