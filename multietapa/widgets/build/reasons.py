"""Por qué no salió de la caché cada paso, dicho para la vista: lo de todos, una sola vez."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from multietapa.build.memory.why import phrase
from multietapa.build.state import BuildState, one_line
from multietapa.build.step import Step
from multietapa.widgets.build.travel import cut

_MAX_NAME = 80


def reason(state: BuildState, step: Step) -> str:
    """La de un paso, o ``""``. De otra culpable que ya dice lo suyo en su paso, solo cuál es."""
    if step.why is None or step.why.cause.general:
        return ""
    guilty = step.why.guilty
    told = guilty is not None and any(
        other.line == guilty.line and other.why is not None and other.why.guilty is None
        for other in state.instructions
    )
    return phrase(step.why, brief=told)


def general(state: BuildState) -> str:
    """La que vale para toda la construcción, o ``""``."""
    found = (step.why for step in state.instructions if step.why is not None and step.why.cause.general)
    why = next(found, None)
    return phrase(why) if why else ""


def without_reasons(state: BuildState) -> BuildState:
    """El mismo estado, sin las razones: para quien las dice aparte."""
    return replace(state, steps={id_: replace(step, why=None) for id_, step in state.steps.items()})


def reason_lines(state: BuildState) -> Iterator[str]:
    """Una línea por cada paso que se repitió y se sabe por qué."""
    for group in state.groups:
        for step in group.steps:
            if told := reason(state, step):
                yield f"{cut(one_line(step.name), _MAX_NAME)}: {told}"
