"""Cuánto añade cada paso a la imagen, según la historia que cuenta el motor. Sin motor: solo empareja.

La historia no dice qué paso hizo cada capa, pero las instrucciones que dejan una van en el mismo orden en los
dos sitios. Si no coinciden todas, no se reparte nada: mejor ningún número que uno equivocado.
"""

from __future__ import annotations

from collections.abc import Sequence

from multietapa.measure import QuickSizes
from multietapa.views.build_state import BuildState, Step

_LAYERED = ("RUN", "COPY", "ADD", "WORKDIR")


def step_sizes(state: BuildState, quick: QuickSizes, stages: Sequence[str]) -> dict[str, int]:
    """Los bytes de cada paso por su ``id``, y en su ``FROM`` los de la imagen base entera.

    ``stages`` son las etapas que acaban en la imagen, de la primera a la última.
    """
    steps = [step for stage in stages for step in _of(state, stage)]
    wanted = [step for step in steps if step.is_instruction and step.keyword in _LAYERED]
    history = [(_keyword(item.created_by), item.reported_bytes) for item in quick.steps]
    layers = [(n, keyword, size) for n, (keyword, size) in enumerate(history) if keyword in _LAYERED]
    own = layers[len(layers) - len(wanted) :]
    if [step.keyword for step in wanted] != [keyword for _, keyword, _ in own]:
        return {}
    found = {step.id: size for step, (_, _, size) in zip(wanted, own, strict=True)}
    opening = next((step for step in steps if not step.is_instruction), None)
    if opening is not None:
        first = own[0][0] if own else len(history)
        found[opening.id] = sum(size for _, size in history[:first])
    return found


def _of(state: BuildState, stage: str) -> tuple[Step, ...]:
    return next((group.steps for group in state.groups if group.stage == stage), ())


def _keyword(created_by: str) -> str:
    """La instrucción de una línea de la historia; el clásico las envuelve, y a un ``RUN`` no lo nombra."""
    word = next(iter((created_by.partition("#(nop)")[2] or created_by).split()), "")
    return word if word.isalpha() and word.isupper() else "RUN"
