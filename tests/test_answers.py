"""Las respuestas que cada ejercicio lleva en su carpeta, construidas y comprobadas de verdad.

De cada uno: la plantilla (sin empezar), la solución y las de ``bien`` (superado), y las de ``mal`` (todavía
no, con la frase que su primera línea espera leer).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from multietapa import apps
from multietapa.cells.motor import Motor
from multietapa.engine.model import Choice
from multietapa.exercises import catalogue
from multietapa.exercises.ejercicio import Ejercicio
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Outcome

EXERCISES = catalogue.exercises()
NO_ENGINE = Motor(Choice("grabacion", "", ""))
TEXTS = {"enunciado.md", "pistas.md", "solucion.md"}
OWN = ("plantilla", "solucion")  # con el final de lo que se escribe: un Dockerfile, casi siempre
LEAST = {"bien": 2, "mal": 3}
GIVEN = "dado"  # los archivos que se añaden a la carpeta en la que se construye, si están escritos
#: Las imágenes que hace un cuaderno llevan el nombre de las de su aplicación: «tienda», «faro»...
BUILT = {version.tag.partition(":")[0] for one in apps.apps() for version in one.versions}
LEANS = re.compile(rf"(?:FROM\s+|from=)((?:{'|'.join(sorted(BUILT))}):\S+)")
EXPECTED = re.compile(r"# espera: (\S.*\S)\n")


def answers(*patterns: str) -> list[object]:
    """Cada respuesta de la carpeta de cada ejercicio que case con uno de los patrones."""
    return [
        pytest.param(one, path, id=f"{one.id} {path.relative_to(one.folder).with_suffix('').as_posix()}")
        for one in EXERCISES
        for pattern in patterns
        for path in sorted(one.folder.glob(f"{pattern}{one.form.suffix}"))
    ]


def instructions(path: Path) -> str:
    """La respuesta sin comentarios ni líneas en blanco."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if line.strip() and not line.startswith("#"))


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.id)
def test_every_exercise_has_right_and_wrong_answers(exercise: Exercise) -> None:
    """Cada carpeta lleva sus textos y bastantes respuestas de cada clase, todas distintas, y nada más."""
    suffix = exercise.form.suffix
    wanted = TEXTS | set(LEAST) | {f"{name}{suffix}" for name in OWN}
    assert {path.name for path in exercise.folder.iterdir()} - {GIVEN} == wanted
    assert not (exercise.folder / GIVEN).exists() or exercise.given.files
    assert apps.app(exercise.app)
    found = {kind: sorted((exercise.folder / kind).iterdir()) for kind in LEAST}
    assert {kind: len(paths) for kind, paths in found.items() if len(paths) < LEAST[kind]} == {}
    everything = [*exercise.folder.glob(f"*{suffix}"), *found["bien"], *found["mal"]]
    assert {path.suffix for path in everything} == {suffix}
    assert len({instructions(path) for path in everything}) == len(everything)
    leaning = {path.name: LEANS.findall(instructions(path)) for path in everything}
    assert {name: images for name, images in leaning.items() if images} == {}, "las hace un cuaderno"


def test_every_folder_is_an_exercise() -> None:
    """Ninguna carpeta se queda sin su ejercicio, y el número de cada uno empieza por el de su cuaderno."""
    lessons = Path(catalogue.__file__).parent.glob("n[0-9][0-9]_*")
    folders = {path for lesson in lessons for path in lesson.glob("[0-9]*")}
    assert folders == {exercise.folder for exercise in EXERCISES}
    assert len({exercise.id for exercise in EXERCISES}) == len(EXERCISES)
    for exercise in EXERCISES:
        assert exercise.folder.parent.name.startswith(f"n{exercise.id.split('.')[0]}_")


@pytest.mark.parametrize(("exercise", "path"), answers("plantilla"))
def test_the_template_is_not_started(exercise: Exercise, path: Path) -> None:
    """La plantilla de cada ejercicio, sin tocar, es «sin empezar», y no hace falta un motor para decirlo."""
    result = Ejercicio(exercise, lambda: NO_ENGINE).comprobar(path)
    assert result.outcome is Outcome.NOT_STARTED


@pytest.mark.construye
@pytest.mark.parametrize(("exercise", "path"), answers("solucion", "bien/*"))
def test_right_answers(motor_real: Motor, exercise: Exercise, path: Path) -> None:
    """La solución publicada y cualquier otra respuesta correcta se dan por buenas."""
    result = Ejercicio(exercise, lambda: motor_real).comprobar(path)
    assert result.passed, result
    assert motor_real.info
    assert motor_real.info.label in repr(result)


@pytest.mark.construye
@pytest.mark.parametrize(("exercise", "path"), answers("mal/*"))
def test_wrong_answers(motor_real: Motor, exercise: Exercise, path: Path) -> None:
    """Una respuesta equivocada es «todavía no», dice lo que se espera y su pista habla de lo visto."""
    expected = EXPECTED.match(path.read_text(encoding="utf-8"))
    assert expected, "la primera línea es «# espera: » y una frase de lo que se debe observar"
    opened = Ejercicio(exercise, lambda: motor_real)
    result = opened.comprobar(path)
    assert result.outcome is Outcome.NOT_YET, result
    assert any(expected[1] in seen.text for seen in result.observations if not seen.ok), result
    assert opened.pista().body not in exercise.content.hints
