"""Lo que comprueban los ejercicios del cuaderno 03, con resultados escritos a mano: sin motor."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from multietapa import apps
from multietapa.dockerfile.stages import parse
from multietapa.errors import BuildError, ContainerError, UncheckableError
from multietapa.exercises import n03_etapas_a_fondo as lesson
from multietapa.exercises.checks import gate, reports, versions

ENTORNOS = parse(
    "FROM node:14 AS dev\nCOPY . .\nFROM dev AS pruebas\nRUN npm test\nFROM dev\nRUN npm run build\n"
    "FROM node:14 AS prod\nCOPY --from=2 /app/dist ./\n"
)
STOPPED = BuildError("Una orden terminó con el código 1.", line=4)
VERSION = "ARG NODE=14\nFROM node:$NODE AS build\nRUN true\nFROM node:{last}\nCOPY --from=build /a /\n"


def test_a_gate_says_where_it_closed() -> None:
    """Si la construcción se paró, se dice en qué línea y en qué etapa, según el motor."""
    assert gate.closed(STOPPED, ENTORNOS, "prod").text.endswith(
        "«prod» no se construye: se para en la línea 4, en la etapa «pruebas»."
    )
    unknown = gate.closed(BuildError("No se sabe."), ENTORNOS, "prod")
    assert unknown.ok
    assert unknown.text.endswith("«prod» no se construye.")


@pytest.mark.parametrize(
    ("log", "target", "seen"),
    [
        ("  54 passing (2s)\n  2 failing\n", "prod", "contó 2 pruebas que fallan y la construcción siguió"),
        ("  54 passing (2s)\n  1 failing\n", "prod", "contó 1 prueba que falla y la construcción siguió"),
        ("", "prod", "para él, la etapa «pruebas» no se hace"),
        ("", "dev", "para él, las etapas «pruebas», «2» y «prod» no se hacen"),
    ],
)
def test_an_open_gate_says_why(log: str, target: str, seen: str) -> None:
    """Si se construyó igual, se dice lo que contó npm test o, si no contó nada, qué etapas no se hicieron."""
    found = gate.closed(None, ENTORNOS, target, log)
    assert not found.ok
    assert seen in found.text
    assert seen in found.hints[0]
    assert found.hints[0] != found.hints[1]


def test_nobody_ran_the_tests() -> None:
    """Si se hicieron todas las etapas y ninguna orden falló, se dice que nadie pasó las pruebas."""
    source = parse("FROM node:14 AS dev\nFROM dev AS prod\nRUN npm run build\n")
    assert "en ninguna de sus etapas se pasaron las pruebas" in gate.closed(None, source, "prod").text


def test_development_must_stay_open() -> None:
    """Con el fallo, la etapa de desarrollo se tiene que construir; si no, se dice dónde se paró."""
    assert gate.opened(None, ENTORNOS, "dev").ok
    found = gate.opened(STOPPED, ENTORNOS, "dev")
    assert not found.ok
    assert "«dev» tampoco se construye: se para en la línea 4, en la etapa «pruebas»" in found.text


def test_tests_pass_where_one_works() -> None:
    """En la de desarrollo se pasan las pruebas: cuántas, o lo último que se escribió."""
    assert "56 pruebas pasadas" in gate.tests_pass("  56 passing (2s)\n", None, "dev").text
    nothing = gate.tests_pass("", None, "dev")
    assert not nothing.ok
    assert "no escribió nada" in nothing.hints[0]
    failed = ContainerError("La orden terminó con el código 127.", detail="> test\n\nsh: tsc: not found\n")
    found = gate.tests_pass("", failed, "dev")
    assert found.text.endswith("    > test\n    sh: tsc: not found")
    assert "«sh: tsc: not found»" in found.hints[0]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("  56 passing (2s)\n", (56, 0)),
        ("  50 passing (2s)\n  6 failing\n", (50, 6)),
        ("# pass 12\n# fail 0\n", (12, 0)),
        ("  0 passing (1ms)\n", (0, 0)),
        ("todo bien", (None, 0)),
    ],
)
def test_what_mocha_counts(written: str, expected: tuple[int | None, int]) -> None:
    """Se leen las pruebas que pasaron y las que no, y si no se dice nada, nada."""
    assert (reports.passed(written), reports.failed(written)) == expected


def test_the_change_compiles_and_overcharges(tmp_path: Path) -> None:
    """El fallo cambia una sola línea, la del importe, y con otra marca sale otro texto."""
    folder = apps.app("tienda-node").folder
    for stamp in (1, 2):
        shutil.copytree(folder / "src", tmp_path / str(stamp) / "src")
        lesson.overcharge(stamp)(tmp_path / str(stamp))
    before = (folder / lesson.CHANGED).read_text(encoding="utf-8").splitlines()
    one, two = ((tmp_path / n / lesson.CHANGED).read_text(encoding="utf-8").splitlines() for n in "12")
    assert [(a, b) for a, b in zip(before, one, strict=True) if a != b] == [
        (" " * 8 + "importeCentimos: precioCentimos * cantidad,",
         " " * 8 + "importeCentimos: precioCentimos * cantidad + 1, // 1")
    ]  # fmt: skip
    assert one != two


def test_what_cannot_be_changed_is_told(tmp_path: Path) -> None:
    """Si quien aprende cambió esa línea de la tienda, no se puede comprobar, y se dice por qué."""
    with pytest.raises(UncheckableError, match=r"src/cart\.ts"):
        lesson.overcharge(1)(tmp_path)


@pytest.mark.parametrize(
    ("last", "arguments", "major", "seen"),
    [
        ("$NODE", {}, 14, "sus etapas parten de Node 14"),
        ("$NODE", {"NODE": "24"}, 24, "sus etapas parten de Node 24"),
        ("14", {"NODE": "24"}, 24, "la etapa «1» (línea 4) parte de node:14"),
        ("lts", {}, 14, "la etapa «1» (línea 4) parte de node:lts"),
    ],
)
def test_stages_follow_the_argument(last: str, arguments: dict[str, str], major: int, seen: str) -> None:
    """Se nombran las etapas que no parten de la versión que se pide, con su línea."""
    found = versions.stages_follow(parse(VERSION.format(last=last), arguments), major, "Con eso")
    assert seen in found.text
    assert found.ok is ("sus etapas" in seen)


def test_a_stage_that_nobody_needs_may_start_anywhere() -> None:
    """Ni lo que no se hace, ni una imagen que no es de Node, tienen que seguir la versión."""
    text = VERSION.format(last="$NODE") + "COPY --from=alpine /b /\n"
    source = parse(text.replace("FROM node:$NODE AS", "FROM node:8 AS vieja\nFROM node:$NODE AS"))
    assert versions.stages_follow(source, 14, "Así").ok


@pytest.mark.parametrize(
    ("label", "base", "seen"),
    [
        ("node:14-alpine", "node:14-alpine", "dice que parte de node:14-alpine"),
        ("docker.io/library/node:14-alpine", "node:14-alpine", "dice que parte de docker.io"),
        ("node:-alpine", "node:14-alpine", "«node:-alpine», y parte de node:14-alpine"),
        (None, "node:14-alpine", "no lleva la etiqueta"),
    ],
)
def test_the_image_says_its_base(label: str | None, base: str, seen: str) -> None:
    """La etiqueta dice la base de verdad, con el nombre corto o con el largo."""
    labels = {} if label is None else {versions.BASE_NAME: label}
    found = versions.says_its_base(labels, base, "Sin argumentos")
    assert seen in found.text
    assert found.ok is (label is not None and label.endswith("14-alpine"))


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ('{"node": "v24.1.0"}', "contesta con Node 24.1.0."),
        ('{"node": "v14.21.3"}', "contesta con Node 14.21.3, y se pide Node 24"),
        ("<html>", "una versión de Node que no dice"),
        ("[]", "una versión de Node que no dice"),
    ],
)
def test_the_shop_says_its_version(body: str, seen: str) -> None:
    """Se compara la versión que dice la tienda en su respuesta."""
    found = versions.runs_with(body, 24, "Con NODE=24")
    assert seen in found.text
    assert found.ok is seen.endswith("24.1.0.")
