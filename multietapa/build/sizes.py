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
    steps = [step for stage in stages for step in _of(state, stage)]
    wanted = [step for step in steps if step.is_instruction and step.keyword in WITH_LAYER]
    layers = [
        (n, step.keyword, step.reported_bytes) for n, step in enumerate(history) if step.keyword in WITH_LAYER
    ]
    own = layers[len(layers) - len(wanted) :]
    if [step.keyword for step in wanted] != [keyword for _, keyword, _ in own]:
        return {}
    found = {step.id: size for step, (_, _, size) in zip(wanted, own, strict=True)}
    opening = next((step for step in steps if step.kind is StepKind.FROM), None)
    if opening is not None:
        first = own[0][0] if own else len(history)
        found[opening.id] = sum(step.reported_bytes for step in history[:first])
    return found


def _of(state: BuildState, stage: str) -> tuple[Step, ...]:
    return next((group.steps for group in state.groups if group.stage == stage), ())
