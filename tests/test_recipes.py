"""Las recetas de CONTRIBUTING, seguidas en una copia del proyecto."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.conftest import copy_project

LESSON = '''"""¿Qué se practica en esta prueba? Añadir un ejercicio."""

from __future__ import annotations

from multietapa.containers.running import read_file
from multietapa.exercises.bench import Bench
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation


def _check_greeting(bench: Bench) -> tuple[Observation, ...]:
    found = (read_file(bench.motor, bench.image, "/saludo.txt") or b"").decode().strip()
    hints = (f"/saludo.txt dice «{found}».", "Mira qué instrucción escribe ese archivo.")
    return (Observation(found == "hola", hints[0], hints),)


EXERCISES = (Exercise("90.1", app="tienda-node", check=_check_greeting),)
'''
TEMPLATE = "# Escribe hola en /saludo.txt\nFROM node:14-alpine\n"
FOLDER = {
    "enunciado.md": "# Un saludo\n\nLa imagen lleva `hola` en `/saludo.txt`.\n",
    "pistas.md": "¿Qué hay ahora en ese archivo?\n\n---\n\n¿Qué instrucción escribe archivos?\n",
    "plantilla.Dockerfile": TEMPLATE,
    "solucion.Dockerfile": "FROM node:14-alpine\nRUN echo hola > /saludo.txt\n",
    "solucion.md": "Cada `RUN` guarda lo que escribe.\n",
    "bien/printf.Dockerfile": "FROM node:14-alpine\nRUN printf 'hola\\n' > /saludo.txt\n",
    "bien/otra-etapa.Dockerfile": (
        'FROM node:14-alpine\nRUN echo hola > /s\nFROM scratch\nCOPY --from=0 /s /saludo.txt\nCMD ["nada"]\n'
    ),
    "mal/nada.Dockerfile": "# espera: dice «»\nFROM node:14-alpine\nRUN true\n",
    "mal/adios.Dockerfile": "# espera: dice «adiós»\nFROM node:14-alpine\nRUN echo adiós > /saludo.txt\n",
    "mal/no-construye.Dockerfile": "# espera: código 3\nFROM node:14-alpine\nRUN exit 3\n",
}
ANSWERS = [name.removesuffix(".Dockerfile") for name in FOLDER if name.endswith(".Dockerfile")]
CELLS = """\
# %%
ejercicio("90.1")

# %% plantilla="90.1"

# %%
ejercicio("90.1").comprobar(respuesta_1)
"""
SEEN = """
import pytest
from multietapa.exercises import catalogue
from multietapa.exercises.ejercicio import ejercicio
from tools import notebooks
print(*(exercise.id for exercise in catalogue.exercises()))
print(ejercicio("90.1"))
notebooks.write()
pytest.main(["tests/test_answers.py", "--collect-only", "-q"])
"""


@pytest.fixture
def project_copy(tmp_path: Path) -> Path:
    """Una copia del proyecto en la que se puede escribir."""
    return copy_project(tmp_path)


def run(copy: Path, *arguments: str) -> str:
    """Lo que escribe Python con esos argumentos, con el código de la copia."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(copy)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def add_exercise(copy: Path) -> Path:
    """Lo que dice «Añadir un ejercicio»; devuelve su carpeta."""
    lesson = copy / "multietapa/exercises/n90_prueba"
    for name, text in FOLDER.items():
        path = lesson / "90.1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (lesson / "__init__.py").write_text(LESSON, encoding="utf-8")
    (copy / "sources/90_prueba.py").write_text(CELLS, encoding="utf-8")
    return lesson / "90.1"


@pytest.mark.lenta
def test_an_exercise_is_added_by_its_folder(project_copy: Path) -> None:
    """Con su carpeta basta: está en el catálogo, tiene su celda y se recogen todas sus respuestas."""
    add_exercise(project_copy)
    seen = run(project_copy, "-c", SEEN)
    ids, shown, *_ = seen.splitlines()
    assert "90.1" in ids.split()
    assert "02.1" in ids.split()
    assert shown == "Ejercicio 90.1: Un saludo"
    cells = nbformat.read(project_copy / "notebooks/90_prueba.ipynb", as_version=4).cells
    assert cells[1].source == f'respuesta_1 = r"""{TEMPLATE}"""'
    assert [name for name in ANSWERS if f"[90.1 {name}]" not in seen] == []


@pytest.mark.lenta
def test_an_exercise_without_its_answers_cannot_exist(project_copy: Path) -> None:
    """Sin bastantes respuestas, o con una carpeta que nadie nombra, las pruebas lo dicen."""
    folder = add_exercise(project_copy)
    (folder / "mal/nada.Dockerfile").unlink()
    (folder.parent / "90.2").mkdir()
    command = ["-m", "pytest", "tests/test_answers.py", "-q", "-k", "has_right_and_wrong or every_folder"]
    done = subprocess.run([sys.executable, *command], cwd=project_copy, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout
    assert "2 failed" in done.stdout


@pytest.mark.construye
@pytest.mark.usefixtures("motor_real")
def test_its_answers_are_built_and_checked(project_copy: Path) -> None:
    """Las respuestas del ejercicio nuevo se construyen y se comprueban sin escribir ninguna prueba."""
    add_exercise(project_copy)
    done = run(project_copy, "-m", "pytest", "tests/test_answers.py", "-q", "-k", "90.1")
    assert f"{len(ANSWERS) + 1} passed" in done, done
