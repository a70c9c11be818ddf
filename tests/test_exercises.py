"""Los ejercicios, por lo que ve quien responde: cómo acaban, qué pistas dan y qué respuestas aceptan."""

from __future__ import annotations

from pathlib import Path

import pytest

from multietapa.bases.sources import ensure_base
from multietapa.cells.motor import Motor
from multietapa.engine.model import Choice
from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.exercises import catalogue
from multietapa.exercises.bench import Bench
from multietapa.exercises.content import Content
from multietapa.exercises.ejercicio import Ejercicio, ejercicio
from multietapa.exercises.exercise import Check, Exercise
from multietapa.exercises.outcome import Observation, Outcome
from tests.conftest import SecondEngine, load_base_image, motor_over

IDS = [exercise.id for exercise in catalogue.exercises()]
SOME = catalogue.exercises()[0]
NO_ENGINE = Motor(Choice("grabacion", "", ""))
IMAGE = "node:14-alpine"


def _fresh(id: str, engine: Motor = NO_ENGINE) -> Ejercicio:
    return ejercicio(id, motor=lambda: engine)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("answer", [None, "", "  \n", "# solo un comentario", ..., "plantilla"])
def test_untouched(id: str, answer: object) -> None:
    """Nada, un comentario o la plantilla (con otros comentarios y espacios) es «sin empezar», sin motor."""
    exercise = _fresh(id)
    if answer == "plantilla":
        answer = f"# mía\n\n{exercise.plantilla}\n  \n"
    result = exercise.comprobar(answer)
    assert result.outcome is Outcome.NOT_STARTED
    assert "sin empezar" in repr(result)
    assert "sin empezar" in result._repr_html_()


@pytest.mark.parametrize("id", IDS)
def test_without_engine(id: str) -> None:
    """Sin motor, o con una grabación, ni la solución se da por buena."""
    exercise = _fresh(id)
    result = exercise.comprobar(exercise.content.solution)
    assert result.outcome is Outcome.UNKNOWN
    assert not result.passed


@pytest.mark.parametrize("id", IDS)
def test_texts(id: str) -> None:
    """Hay enunciado, dos pistas antes de comprobar (después se repite la última) y una solución explicada."""
    exercise = _fresh(id)
    first, second, third = exercise.pista(), exercise.pista(), exercise.pista()
    assert first.body != second.body == third.body
    assert exercise.content.solution.strip() in repr(exercise.solucion())
    assert f"```{exercise.exercise.form.language}\n" in exercise.solucion()._repr_markdown_()
    assert exercise.enunciado in exercise._repr_markdown_() + "\n"
    commands = [
        line for line in exercise.content.solution.splitlines() if line.startswith(("RUN", "USER", "ENV"))
    ]
    assert not any(command in hint for command in commands for hint in exercise.content.hints)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("enunciado.md", "Sin título\n", "no empieza por su título"),
        ("pistas.md", "Una sola pista\n", "no son dos"),
        ("pistas.md", "Una\n\n---\n\n", "no son dos"),
        ("solucion.md", None, "le falta solucion.md"),
    ],
)
def test_a_folder_that_is_not_whole(tmp_path: Path, name: str, text: str | None, said: str) -> None:
    """A quien escribe un ejercicio se le dice qué archivo de su carpeta falta o no tiene su forma."""
    for path in SOME.folder.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert Content.from_folder(tmp_path) == SOME.content
    (tmp_path / name).unlink()
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(MultietapaError, match=said):
        Content.from_folder(tmp_path)


def test_unknown_exercise() -> None:
    """Un número que no existe lista los que hay, y el mismo número da el mismo ejercicio."""
    with pytest.raises(UnknownNameError, match=r"02\.1"):
        ejercicio("99.9")
    assert ejercicio("02.1") is ejercicio("02.1")


def _with_check(check: Check, engine: Motor) -> Ejercicio:
    """Un ejercicio que comprueba lo que diga ``check``."""
    return Ejercicio(Exercise("01.1", "tienda-node", check, folder=SOME.folder), lambda: engine)


@pytest.fixture(scope="module")
def image(motor_real: Motor) -> str:
    """La etiqueta de una imagen que está en el motor."""
    ensure_base(motor_real.client, IMAGE)
    return IMAGE


def test_hints_speak_of_the_last_check(motor_real: Motor, image: str) -> None:
    """La primera pista es la de lo primero que falta; otra comprobación vuelve a empezar."""
    seen = [Observation(True, "bien"), Observation(False, "falta", ("se vio A", "se vio B"))]
    exercise = _with_check(lambda _: tuple(seen), motor_real)
    assert exercise.comprobar(image).outcome is Outcome.NOT_YET
    assert [exercise.pista().body, exercise.pista().body] == ["se vio A", "se vio B"]
    exercise.comprobar(image)
    assert exercise.pista().body == "se vio A"
    seen.pop()
    assert exercise.comprobar(image).passed
    assert "Ya lo tienes" in exercise.pista().body


def test_the_check_sees_the_image_and_its_app(motor_real: Motor, image: str) -> None:
    """Lo que se comprueba recibe la imagen que se le dio, medida, y la aplicación del ejercicio."""

    def check(bench: Bench) -> tuple[Observation, ...]:
        weight = bench.measurement.unpacked_bytes
        return (Observation(weight > 0, f"{bench.app.name} {bench.app.health} {bench.measurement.tags}"),)

    result = _with_check(check, motor_real).comprobar(image)
    assert result.passed
    assert "tienda-node /salud" in repr(result)
    assert image in repr(result)


def test_a_base_that_is_not_there(motor_real: Motor) -> None:
    """Una base que no se consigue es «no se puede comprobar», no un fallo de la respuesta."""
    result = _fresh("01.2", motor_real).comprobar("FROM nadie.invalid/no-existe:1\nRUN true\n")
    assert result.outcome is Outcome.UNKNOWN
    assert "nadie.invalid/no-existe:1" in result.note


def test_an_answer_of_the_engine_that_nobody_expected(motor_real: Motor, image: str) -> None:
    """Un error del motor mientras se mira es «no se puede comprobar», con lo que dijo el motor."""

    def check(bench: Bench) -> tuple[Observation, ...]:
        bench.motor.client.images.get("no-existe-esta:1")
        return ()

    result = _with_check(check, motor_real).comprobar(image)
    assert result.outcome is Outcome.UNKNOWN
    assert "no-existe-esta:1" in result.note


def test_an_engine_that_goes_away(second_engine_factory: SecondEngine) -> None:
    """Un motor que se apaga mientras se mira, o que ya estaba apagado, es «no se puede comprobar»."""
    with second_engine_factory() as (client, daemon):
        tag = load_base_image(client)

        def check(bench: Bench) -> tuple[Observation, ...]:
            daemon.stop()
            return (Observation(bench.measurement.unpacked_bytes > 0, "medida"),)

        exercise = _with_check(check, motor_over(client, daemon))
        for _ in range(2):
            result = exercise.comprobar(tag)
            assert result.outcome is Outcome.UNKNOWN, result
            assert "motor" in result.note


def test_html_is_escaped(motor_real: Motor, image: str) -> None:
    """Lo que venga de un registro no se mete como HTML."""
    exercise = _with_check(lambda _: (Observation(False, "<script>"),), motor_real)
    assert "<script>" not in exercise.comprobar(image)._repr_html_()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("no-existe-esta:1", "No existe la imagen"),
        (42, "«int»"),
        ("FROM", "FROM"),
        ("COPY a b\nRUN x", "FROM"),
    ],
)
def test_answers_that_are_not_an_image(motor_real: Motor, answer: object, expected: str) -> None:
    """Una etiqueta que no existe, otra cosa o un Dockerfile roto: «todavía no», con su porqué y su pista."""
    exercise = _fresh("02.1", motor_real)
    result = exercise.comprobar(answer)
    assert result.outcome is Outcome.NOT_YET, result
    assert expected in repr(result)
    assert exercise.pista().body


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no-existe", None, "No existe el archivo"),
        ("latino", "FROM node:14\n# español\n".encode("latin-1"), "no es texto UTF-8"),
        (".", None, "No se puede leer el archivo"),
    ],
)
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    """Un archivo que no existe o que no es texto es «todavía no», dice qué pasa y qué hacer, sin motor."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    exercise = _fresh("02.1")
    result = exercise.comprobar(tmp_path / name)
    assert result.outcome is Outcome.NOT_YET
    assert said in repr(result)
    assert "Qué hacer: " in repr(result)
    assert said in exercise.pista().body


def test_a_path_to_the_template_is_not_started(tmp_path: Path) -> None:
    """Un ``Path`` a la plantilla sin tocar es «sin empezar»."""
    exercise = _fresh("02.1")
    (tmp_path / "Dockerfile").write_text(exercise.plantilla, encoding="utf-8")
    assert exercise.comprobar(tmp_path / "Dockerfile").outcome is Outcome.NOT_STARTED


@pytest.mark.construye
def test_accepts_a_tag(motor_real: Motor) -> None:
    """También vale la etiqueta de una imagen ya construida, o un objeto que la lleve."""
    exercise = _fresh("01.2", motor_real)
    exercise.comprobar(exercise.content.solution)
    assert exercise.comprobar(exercise.etiqueta).passed
    assert exercise.comprobar(motor_real.client.images.get(exercise.etiqueta)).passed


def test_an_image_that_cannot_be_built_twice(motor_real: Motor, image: str) -> None:
    """Un ejercicio que construye dos veces no puede con una imagen suelta: lo dice, y qué darle."""

    def check(bench: Bench) -> tuple[Observation, ...]:
        return bench.again(lambda _: None).starts()

    result = _with_check(check, motor_real).comprobar(image)
    assert result.outcome is Outcome.UNKNOWN
    assert "no se sabe el Dockerfile" in result.note
    assert "el texto de tu Dockerfile" in result.note
