"""Los bytes de cada paso a partir de la historia que cuenta el motor; sin motor."""

from __future__ import annotations

import pytest

from multietapa.build.events import StepDeclared, StepKind
from multietapa.build.sizes import step_sizes
from multietapa.image.history import HistoryStep
from tests.test_build_state import state_of


def history(*steps: tuple[str, int]) -> tuple[HistoryStep, ...]:
    """Lo que contesta el motor, de abajo arriba."""
    return tuple(HistoryStep(*step) for step in steps)


PLAN = state_of(
    StepDeclared("f0", "FROM docker.io/library/node:14", StepKind.FROM, "build", 1),
    StepDeclared("r0", "RUN uno", StepKind.INSTRUCTION, "build", 2),
    StepDeclared("f", "FROM docker.io/library/node:14-alpine", StepKind.FROM, "stage-1", 3),
    StepDeclared("w", "WORKDIR /app", StepKind.INSTRUCTION, "stage-1", 4),
    StepDeclared("c", "COPY --from=build /a /a", StepKind.INSTRUCTION, "stage-1", 5),
    StepDeclared("r", "RUN dos", StepKind.INSTRUCTION, "stage-1", 6),
)
BASE_STEPS = [("bazel build ...", 100), ("CMD x", 0)]


@pytest.mark.parametrize(
    "own",
    [
        [
            ("WORKDIR /app", 1),
            ("COPY /a /a # buildkit", 2),
            ("RUN |1 A=b /bin/sh -c dos # buildkit", 3),
            ('CMD ["x"]', 0),
        ],
        [
            ("/bin/sh -c #(nop) WORKDIR /app", 1),
            ("/bin/sh -c #(nop) COPY dir:9 in /a ", 2),
            ("|1 A=b /bin/sh -c dos", 3),
            ("/bin/sh -c #(nop)  LABEL a=b", 0),
        ],
    ],
    ids=["buildkit", "clasico"],
)
def test_each_step_gets_its_own_bytes(own: list[tuple[str, int]]) -> None:
    """Cada paso de la etapa final recibe lo que dice la historia; su FROM, la base entera; el resto, nada."""
    assert step_sizes(PLAN, history(*BASE_STEPS, *own), ["stage-1"]) == {"w": 1, "c": 2, "r": 3, "f": 100}


@pytest.mark.parametrize(
    "own",
    [
        [],
        [("RUN dos", 3)],
        [("COPY x", 1), ("WORKDIR /app", 2), ("RUN dos", 3)],
        [("WORKDIR /", 1), ("RUN dos", 3)],
    ],
)
def test_no_bytes_are_guessed(own: list[tuple[str, int]]) -> None:
    """Si la historia no coincide con los pasos, no se reparte ningún tamaño."""
    assert step_sizes(PLAN, history(*own), ["stage-1"]) == {}
