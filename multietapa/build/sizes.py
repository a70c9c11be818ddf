"""Cuánto añade cada paso a la imagen, según la historia que cuenta el motor. Sin motor: solo empareja.

La historia no dice qué paso hizo cada capa, pero las instrucciones que dejan una van en el mismo orden en los
dos sitios. Si no coinciden todas, no se reparte nada: mejor ningún número que uno equivocado.
"""

from __future__ import annotations

from collections.abc import Sequence

from multietapa.build.events import StepKind
from multietapa.build.state import BuildState
from multietapa.build.step import Step
from multietapa.image.history import HistoryStep
from multietapa.keywords import WITH_LAYER


def step_sizes(state: BuildState, history: Sequence[HistoryStep], stages: Sequence[str]) -> dict[str, int]:
    """Los bytes de cada paso por su ``id``, y en su ``FROM`` los de la imagen base entera.

    ``history`` va de abajo arriba; ``stages`` son las etapas que acaban en la imagen, en su orden.
    """
    paired = _paired(state, history, stages)
    if paired is None:
        return {}
    steps = (step for stage in stages for step in _of(state, stage))
    opening = next((step for step in steps if step.kind is StepKind.FROM), None)
    found = {step.id: history[n].reported_bytes for step, n in paired}
    if opening is not None:
        found[opening.id] = _below(history, paired)
    return found


def base_size(state: BuildState, history: Sequence[HistoryStep], stages: Sequence[str]) -> int | None:
    """Los bytes de la imagen de la que parte, aunque su ``FROM`` sea el paso de otra etapa, o ``None``."""
    paired = _paired(state, history, stages)
    return None if paired is None else _below(history, paired)


def _paired(
    state: BuildState, history: Sequence[HistoryStep], stages: Sequence[str]
) -> list[tuple[Step, int]] | None:
    """Cada paso que deja capa, con su lugar en la historia; ``None`` si no coinciden."""
    steps = [step for stage in stages for step in _of(state, stage)]
    wanted = [step for step in steps if step.is_instruction and step.keyword in WITH_LAYER]
    layers = [n for n, step in enumerate(history) if step.keyword in WITH_LAYER]
    own = layers[len(layers) - len(wanted) :]
    if [step.keyword for step in wanted] != [history[n].keyword for n in own]:
        return None
    return list(zip(wanted, own, strict=True))


def _below(history: Sequence[HistoryStep], paired: Sequence[tuple[Step, int]]) -> int:
    """Lo que suma la historia hasta la primera capa propia."""
    first = paired[0][1] if paired else len(history)
    return sum(step.reported_bytes for step in history[:first])


def _of(state: BuildState, stage: str) -> tuple[Step, ...]:
    return next((group.steps for group in state.groups if group.stage == stage), ())
