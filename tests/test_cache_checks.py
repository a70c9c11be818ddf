"""Lo que se repite al construir otra vez y lo que viaja de la carpeta: las preguntas, con valores."""

from __future__ import annotations

from pathlib import Path

import pytest

from multietapa.cells.hechas import Paso
from multietapa.cells.motor import Motor
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import survey
from multietapa.exercises import catalogue
from multietapa.exercises.checks import cache, context
from multietapa.exercises.ejercicio import Ejercicio
from multietapa.exercises.outcome import Observation, Outcome
from multietapa.exercises.reinstalled import Reinstalled

COPIES = Paso("COPY . .", "build", 4, "hecho", 0.1)
BUILDS = Paso("RUN npm run build", "build", 6, "hecho", 3.0)
CACHED = Paso("WORKDIR /app", "build", 3, "caché", 0.0)


def test_nothing_installed_again_is_right() -> None:
    """Sin ninguna etapa que instale otra vez, va bien, y se dice con qué cambio."""
    seen = cache.installs_nothing((), "src/app.ts")
    assert seen.ok
    assert seen.text == "Con una línea de src/app.ts cambiada no se vuelve a instalar ninguna dependencia."


@pytest.mark.parametrize(
    ("stages", "said"),
    [(("build",), "en la etapa «build»:"), (("build", "stage-1"), "en las etapas «build» y «stage-1»:")],
)
def test_what_is_installed_again_names_its_stage_and_its_first_step(
    stages: tuple[str, ...], said: str
) -> None:
    """Se nombran las etapas y, de la primera, el primer paso repetido; ninguna pista da la solución."""
    found = [Reinstalled(stage, "/app/node_modules/express/lib", COPIES) for stage in stages]
    seen = cache.installs_nothing(found, "src/app.ts")
    assert not seen.ok
    assert f"se instalan otra vez {said} el primer paso que se repite en «build» es" in seen.text
    assert seen.text.endswith("el de la línea 4: «COPY . .».")
    assert len(seen.hints) == 2
    assert "/app/node_modules/express/lib" in seen.hints[0]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([CACHED], "Cambiar README.md no repite ningún paso."),
        ([CACHED, BUILDS], "1 paso se repite: el primero es el de la línea 6: «RUN npm run build»."),
        ([CACHED, COPIES, BUILDS], "2 pasos se repiten: el primero es el de la línea 4: «COPY . .»."),
    ],
)
def test_steps_that_are_repeated(steps: list[Paso], said: str) -> None:
    """Se cuentan los pasos que no salieron de la caché, y se nombra el primero."""
    seen = cache.repeats_nothing(steps, "README.md")
    assert seen.ok == (len(steps) == 1)
    assert said in seen.text


def test_a_long_step_is_cut() -> None:
    """De una instrucción larga se enseña el principio."""
    long = Paso(f"RUN {'x' * 200}", "build", None, "hecho", 1.0)
    assert f"«RUN {'x' * 55}…»" in cache.repeats_nothing([long], "README.md").text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con secretos en dos sitios."""
    for name in (".env", "src/.env", ".env.ejemplo", "src/app.ts"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    return tmp_path


def out(folder: Path, rules: str, *names: str) -> Observation:
    """Si ``names`` se quedan fuera de la imagen con esas reglas, y la imagen lleva lo que viaja."""
    (folder / ".dockerignore").write_text(rules)
    travel = survey(open_context(folder))
    travelling = {item.name for item in travel.items if item.travels}
    carried = {name: name in travelling for name in names}
    return context.stays_out(carried, travel, names, what="los secretos", why="Gana la última.")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("", "los secretos: .env (ninguna línea lo deja fuera); src/.env (ninguna línea lo deja fuera)."),
        (".env*\n", "los secretos: src/.env (ninguna línea lo deja fuera)."),
        ("**/.env*\n!.env*\n", "los secretos: .env (lo rescata la línea 2, «!.env*»)."),
    ],
)
def test_what_travels_says_which_line_lets_it(folder: Path, rules: str, said: str) -> None:
    """De cada archivo que llega a la imagen se dice si lo rescata una línea o si no lo deja fuera ninguna."""
    seen = out(folder, rules, ".env", "src/.env")
    assert not seen.ok
    assert seen.text == f"La imagen lleva {said}"
    assert seen.hints[1] == "Gana la última."


def test_what_stays_out_is_right(folder: Path) -> None:
    """Si no llega ninguno, va bien."""
    assert out(folder, "**/.env\n", ".env", "src/.env").text == "La imagen no lleva los secretos."


@pytest.mark.parametrize(
    ("rules", "name", "said"),
    [
        ("**/.env*\n", ".env.ejemplo", "no está .env.ejemplo: lo deja fuera la línea 1, «**/.env*»."),
        ("a\nsrc\n", "src/app.ts", "no está src/app.ts: lo deja fuera la línea 2, «src»."),
        ("a\n", "otro", "no está otro: no está en la carpeta."),
    ],
)
def test_what_is_missing_says_which_line_left_it_out(folder: Path, rules: str, name: str, said: str) -> None:
    """De lo que falta se dice qué línea lo dejó fuera, aunque sea la de su carpeta."""
    (folder / ".dockerignore").write_text(rules)
    travel = survey(open_context(folder))
    seen = context.comes_along({name: False}, travel, name, why="Gana la última.")
    assert not seen.ok
    assert seen.text == f"En la imagen {said}"
    assert context.comes_along({name: True}, travel, name, why="").ok


def test_an_image_does_not_answer_a_dockerignore(motor_real: Motor) -> None:
    """Si se pide un ``.dockerignore``, de algo que no es su texto no se puede saber qué quedó fuera."""
    opened = Ejercicio(catalogue.exercise("04.2"), lambda: motor_real)
    result = opened.comprobar(3)
    assert result.outcome is Outcome.UNKNOWN
    assert "se responde con el texto de un .dockerignore" in result.note


@pytest.mark.construye
def test_a_given_dockerfile_that_fails_blames_the_dockerignore(motor_real: Motor) -> None:
    """Si lo que se responde es el ``.dockerignore`` y no construye, la pista manda mirar qué deja fuera."""
    opened = Ejercicio(catalogue.exercise("04.2"), lambda: motor_real)
    result = opened.comprobar("package*.json")  # una sola línea también es una respuesta
    assert result.outcome is Outcome.NOT_YET, result
    opened.pista()
    assert "qué línea de tu .dockerignore lo deja fuera" in opened.pista().body
