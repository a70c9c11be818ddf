"""El reparto de las pruebas entre dos procesos: qué va junto, qué se parte y qué empieza antes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict

import pytest

from multietapa.exercises import catalogue
from multietapa.paths import PROJECT_ROOT
from tests.conftest import outside_pytest
from tests.sharing_out import ANSWERS, group

RAN = re.compile(r"^\[(gw\d)\] .*?PASSED (\S.*?) *$", re.MULTILINE)
pytestmark = pytest.mark.lenta  # todas ponen en marcha otro pytest
IDS = {exercise.id for exercise in catalogue.exercises()}


def pytest_run(*words: str, **environment: str) -> str:
    """Lo que escribe un pytest de verdad con esas palabras; falla si él falla."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    done = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env={**outside_pytest(), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def collected() -> list[str]:
    """Las pruebas de unos archivos de cada clase, por el orden en que las pone un proceso de xdist."""
    names = ("address", "answers", "binder", "browser", "iniciar", "running")
    files = [*(f"tests/test_{name}.py" for name in names), "notebooks/00_bienvenida.ipynb"]
    said = pytest_run("--collect-only", "-q", "--nbval-lax", *files, PYTEST_XDIST_WORKER="gw0")
    return [line for line in said.splitlines() if "::" in line]


def test_only_the_answers_are_split_and_each_exercise_stays_together(collected: list[str]) -> None:
    """Cada prueba de las respuestas va con su ejercicio, y cualquier otra con todo su archivo.

    Los dos archivos que instalan el mismo clon van juntos.
    """
    found = defaultdict(set)
    for nodeid in collected:
        found[nodeid.split("::")[0]].add(group(nodeid))
    answers = found.pop(f"tests/{ANSWERS}")
    assert answers == {f"tests/{ANSWERS}", *(f"tests/{ANSWERS}::{id}" for id in IDS)}
    assert len(found) == 6
    assert found.pop("tests/test_iniciar.py") == {"tests/test_browser.py"}
    assert found == {file: {file} for file in found}


def test_the_long_ones_go_first_and_the_quick_ones_last(collected: list[str]) -> None:
    """Primero lo que más tarda, después lo demás que pide un motor, y al final lo que no.

    Dentro de un archivo, el orden es el que está escrito.
    """
    groups = list(dict.fromkeys(map(group, collected)))  # así los pone en su cola xdist
    order = [one.rpartition("/")[2].partition("::")[0] for one in groups]
    assert list(dict.fromkeys(order)) == [
        *("test_binder.py", "test_browser.py", "00_bienvenida.ipynb", "test_answers.py"),
        *("test_running.py", "test_address.py"),
    ]
    files = [one.partition("::")[0] for one in collected]
    assert files.index("tests/test_iniciar.py") > files.index("tests/test_browser.py")
    assert groups[3 : 3 + len(IDS)] == [f"tests/{ANSWERS}::{id}" for id in sorted(IDS)]
    assert groups[-2:] == ["tests/test_address.py", f"tests/{ANSWERS}"]  # la que no es de ningún ejercicio
    names = [one.partition("::")[2] for one in collected if "test_binder" in one]
    text = (PROJECT_ROOT / "tests/test_binder.py").read_text(encoding="utf-8")
    assert names == sorted(names, key=lambda name: text.index(f"def {name}("))


def test_two_processes_share_out_whole_groups() -> None:
    """Dos procesos de verdad: cada grupo acaba entero en uno, y las respuestas, en los dos."""
    files = (f"tests/{ANSWERS}", "tests/test_address.py", "tests/test_text.py")
    options = ("-m", "not motor", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-v")
    ran = RAN.findall(pytest_run(*options, *files))
    workers = defaultdict(set)
    for worker, nodeid in ran:
        workers[group(nodeid)].add(worker)
    assert {name: who for name, who in workers.items() if len(who) > 1} == {}
    assert {*files, *(f"tests/{ANSWERS}::{id}" for id in IDS)} == set(workers)
    split = set().union(*(who for name, who in workers.items() if ANSWERS in name))
    assert split == {"gw0", "gw1"}
