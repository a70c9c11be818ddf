"""Lo que impide comprobar una respuesta sin que sea culpa suya, y de qué línea es cada capa."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from multietapa.bases.catalogue import recipe
from multietapa.bases.sources import ensure_base
from multietapa.cells.hechas import Paso
from multietapa.cells.lines import layer_lines
from multietapa.cells.motor import Motor
from multietapa.exercises.ejercicio import ejercicio
from multietapa.exercises.network import unreachable
from multietapa.exercises.outcome import Outcome
from tests.test_checks import NODE, entry, image

NETWORK: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "sin_red.json").read_text(encoding="utf-8")
)
ALPINE = "node:14-alpine"


@pytest.mark.parametrize(
    "case", NETWORK, ids=lambda case: f"{case['clase']} {case.get('grabado', 'documentado')}"
)
def test_a_registry_out_of_reach_is_recognised(case: dict[str, Any]) -> None:
    """Se reconoce por lo que escribe el gestor de paquetes, se le atribuye, y se dice qué hacer."""
    found = unreachable(case["registro"].split("\n"))
    assert found is not None
    assert found.said.startswith(f"{case['programa']} dice que ")
    assert case["dice"] in found.said
    assert case["cita"] in found.said
    assert found.step


@pytest.mark.parametrize(
    "log",
    [
        ["npm ERR! code ENOTFOUND"],
        ["npm ERR! code E404", "npm ERR! 404 Not Found - GET https://registro/no-existe"],
        ["dice: npm ERR! code ENOTFOUND", "npm ERR! errno ENOTFOUND"],
        ["npm ERR! code ELIFECYCLE", "npm ERR! errno 1"],
        ["ENOTFOUND", "ECONNREFUSED"],
    ],
)
def test_other_failures_are_not_the_network(log: list[str]) -> None:
    """Un paquete que no existe, un guion que falla o una sola línea suelta no son un fallo de red."""
    assert unreachable(log) is None


def test_the_end_of_a_log_is_enough() -> None:
    """Del registro de un paso se guarda el final: basta con que ahí se diga a quién se pedía y qué pasó."""
    case = next(one for one in NETWORK if one["clase"] == "rechazo" and "npm 6" in one["grabado"])
    found = unreachable(case["registro"].split("\n")[2:])
    assert found is not None
    assert "nadie le abre la conexión" in found.said


def step(text: str, line: int, size: int | None = 1) -> Paso:
    return Paso(text, "build", line, "hecho", 0.1, size)


def test_layers_know_their_line() -> None:
    """Cada capa propia lleva la línea del paso que la hizo; las de la base y las de otra etapa, no."""
    made = image(NODE, [entry("app")], [entry("b")], base=1)
    created = ("", "WORKDIR /app", "RUN /bin/sh -c npm ci # buildkit")
    layers = tuple(replace(one, created_by=by) for one, by in zip(made.layers, created, strict=True))
    made = replace(made, layers=layers)
    steps = [
        step("RUN npm run build", 3, None),
        step("WORKDIR /app", 7),
        step("ENV A=b", 8, 0),
        step("RUN npm ci", 9),
    ]
    assert layer_lines(made, steps) == (None, 7, 9)
    assert layer_lines(made, steps[:-1]) == (None, None, None)
    assert layer_lines(replace(made, base_layer_count=0), steps) == (None, None, None)


@pytest.mark.construye
def test_what_an_equivalent_cannot_bring_is_not_an_error_of_the_answer(motor_real: Motor) -> None:
    """``apk add`` en un equivalente es «no se puede comprobar»; una orden que nadie promete, «todavía no»."""
    if not ensure_base(motor_real.client, ALPINE).equivalent:
        pytest.skip(f"{ALPINE} es la imagen publicada, no un equivalente")
    exercise = ejercicio("01.2", motor=lambda: motor_real)
    result = exercise.comprobar(f"FROM {ALPINE} AS a\nRUN true\nFROM a\nRUN apk add curl\n")
    assert result.outcome is Outcome.UNKNOWN, result
    assert "«apk»" in result.note
    assert "límite del equivalente" in result.note
    known = recipe(ALPINE)
    assert known is not None
    assert "apk" in known.absent
    broken = exercise.comprobar(f"FROM {ALPINE}\nRUN apt-get update\n")
    assert broken.outcome is Outcome.NOT_YET, broken
    assert "apt-get" in exercise.pista().body


@pytest.mark.construye
def test_a_registry_out_of_reach_while_building_cannot_be_checked(motor_real: Motor) -> None:
    """Un ``npm install`` que no llega a su registro es «no se puede comprobar», y se dice quién lo dice."""
    exercise = ejercicio("01.2", motor=lambda: motor_real)
    install = "npm install --no-audit --fetch-retries=0 --registry=http://127.0.0.1:9/ express"
    result = exercise.comprobar(f"FROM {ALPINE}\nRUN {install}\n")
    assert result.outcome is Outcome.UNKNOWN, result
    assert "línea 2" in result.note
    assert "npm dice que nadie le abre la conexión" in result.note
    assert "Qué hacer: " in result.note


@pytest.mark.construye
def test_checking_again_leaves_no_nameless_images(motor_real: Motor) -> None:
    """Cada comprobación borra la imagen que su etiqueta deja sin nombre; las del alumno no se tocan."""
    client, exercise = motor_real.client, ejercicio("01.2", motor=lambda: motor_real)

    def check(text: str) -> str:
        exercise.comprobar(f"FROM {ALPINE}\nRUN echo {text} > /resumen.txt\n")
        return str(client.images.get(exercise.etiqueta).id)

    first = check("uno")
    client.images.get(first).tag("multietapa-pruebas/mia", "1")
    second, third = check("dos"), check("tres")
    present = {one["Id"] for one in client.api.images(all=True)}
    client.images.remove("multietapa-pruebas/mia:1")
    assert first in present
    assert second not in present
    assert third in present
