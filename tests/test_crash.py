"""Por qué murió un programa, según registros de programas que murieron de verdad: sin motor.

``tests/data/muertes.json`` dice de cada uno con qué se grabó (``grabado``) o que se escribió según su formato
documentado (``documentado``), con qué código salió y cuál es su línea decisiva.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from multietapa.containers.crash import KINDS, explain

DEATHS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "muertes.json").read_text(encoding="utf-8")
)
NAMES = [f"{one['clase']} {one.get('grabado') or 'documentado'}" for one in DEATHS]


@pytest.mark.parametrize("death", DEATHS, ids=NAMES)
def test_every_death_is_explained_by_its_decisive_line(death: dict[str, Any]) -> None:
    """De cada registro se cita su línea decisiva, como del programa, y se dice qué significa y qué hacer."""
    crash = explain(death["registro"], death["codigo"])
    assert crash.kind == death["clase"], crash
    assert crash.line.startswith(death["decisiva"])
    assert death["decisiva"] in crash.extract
    assert f"El programa escribió: «{death['decisiva']}" in crash.said
    assert crash.facts == f"salió con el código {death['codigo']}"
    assert crash.cause
    assert crash.step
    assert crash.step.endswith((".", "?"))
    assert "{" not in crash.cause + crash.step


def test_every_kind_has_its_record() -> None:
    """Ninguna fila de la tabla se queda sin un registro que la pruebe, y hay más de cinco lenguajes."""
    assert {row.name for row in KINDS} == {death["clase"] for death in DEATHS}
    assert len({row.name for row in KINDS}) == len(KINDS)
    assert {row.language for row in KINDS} >= {"node", "npm", "python", "java", "go", "shell"}


def test_what_the_engine_knows_needs_no_log() -> None:
    """Lo que mata por memoria, o acaba bien, se dice por lo que sabe el motor, escriba lo que escriba."""
    log = "Error: Cannot find module 'express'"
    crash = explain(log, 137, out_of_memory=True)
    assert crash.kind == "sin-memoria"
    assert "sin memoria" in crash.facts
    assert explain(log, 0).kind == "acaba-bien"
    assert "CMD" in explain("", 0).step
    assert explain("", 139).kind == "violacion-de-segmento"


def test_the_last_known_line_decides() -> None:
    """Un fallo que el programa contó y supo llevar no es el que lo mató."""
    log = "aviso: Error: Cannot find module 'opcional'\nsigo sin él\n"
    log += "Error: listen EADDRINUSE: address already in use :::80"
    assert explain(log, 1).kind == "node-puerto-ocupado"


def test_a_code_that_does_not_fit_is_not_believed() -> None:
    """Una línea de la consola solo explica el final si el código de salida es el que da la consola."""
    log = "sh: 1: tsc: not found"
    assert explain(log, 127).kind == "herramienta"
    assert explain(log, 3).kind == ""
    assert explain("bash: line 1: ./x: Permission denied", 126).kind == "sh-no-ejecuta"
    assert explain("bash: line 1: ./x: Permission denied", 1).kind == "sh-no-escribe"


def test_nobody_knows_why() -> None:
    """De una muerte que no está en la tabla se cita lo último que dice algo, sin inventar la causa."""
    crash = explain(
        "abriendo\nlos precios no cuadran\n    at f (x.js:1)\n  code: 'X'\n}\nnpm ERR! errno 1\n", 1
    )
    assert crash.kind == ""
    assert crash.line == "los precios no cuadran"
    assert crash.cause == ""
    assert explain("", 1).said == ""
    assert "No escribió nada" in explain("\n", 1).step


def test_the_extract_surrounds_the_decisive_line() -> None:
    """Se enseñan las líneas que rodean a la decisiva, aunque detrás vengan muchas, sin colores."""
    log = "\n".join([*map(str, range(50)), "\x1b[31mpanic: adiós\x1b[0m", *map(str, range(100, 150))])
    extract = explain(log, 2, lines=10).extract.splitlines()
    assert len(extract) == 10
    assert "panic: adiós" in extract
    assert extract[0] == "47"
