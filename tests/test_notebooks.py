"""Los cuadernos: se derivan de su texto y mantienen la forma que los hace cómodos."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from multietapa.apps import app
from multietapa.bases.catalogue import workshop_bases
from multietapa.cli.preparation import first_bases
from multietapa.errors import UnknownNameError
from multietapa.exercises import catalogue
from multietapa.exercises.exercise import Exercise
from multietapa.paths import PROJECT_ROOT
from tools import notebooks

NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))
CELLS = (20, 40)
CODE_LINES = 15
PROSE_WORDS = 150
EXERCISE_CELL = re.compile(r"^(ejercicio\(|respuesta_\d = )")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    """Cada cuaderno, leído."""
    read: nbformat.NotebookNode = nbformat.read(request.param, as_version=4)
    return read


def code(notebook: nbformat.NotebookNode) -> list[str]:
    """El texto de las celdas de código que no son de ejercicios."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return [source for source in cells if not EXERCISE_CELL.match(source)]


def prose(notebook: nbformat.NotebookNode) -> list[str]:
    """El texto de las celdas de prosa."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def test_notebooks_match_their_text() -> None:
    """Ningún cuaderno difiere de su texto; si alguno lo hace, «python -m tools.notebooks» los rehace."""
    assert notebooks.drifted() == []


def test_drift_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un cuaderno editado a mano y uno que sobra se nombran los dos."""
    for path in NOTEBOOKS:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / NOTEBOOKS[0].name).write_text("{}", encoding="utf-8")
    (tmp_path / "99_sobra.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(notebooks, "TARGETS", tmp_path)
    assert notebooks.drifted() == [NOTEBOOKS[0].stem, "99_sobra"]


def test_an_unknown_template_lists_the_exercises() -> None:
    """Una celda de respuesta para un ejercicio que no existe falla y dice cuáles hay."""
    with pytest.raises(UnknownNameError, match=r"01\.1"):
        notebooks.answer_cell("77.7")


def test_nothing_is_stored(notebook: nbformat.NotebookNode) -> None:
    """No se guardan salidas ni números de ejecución, y los identificadores son fijos."""
    for position, cell in enumerate(notebook.cells):
        assert cell.id == f"celda-{position:02d}"
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_opening_and_closing(notebook: nbformat.NotebookNode) -> None:
    """Abre con qué harás, qué aprenderás, qué necesitas y los minutos; cierra con lo que has hecho."""
    first, *_, last = prose(notebook)
    for part in ("**Qué harás.**", "**Qué aprenderás.**", "**Qué necesitas.**", "**Cuánto dura.**"):
        assert part in first
    assert re.search(r"\d+ minutos", first)
    assert "## Lo que has hecho" in last


def test_cells_are_short(notebook: nbformat.NotebookNode) -> None:
    """Las celdas son pocas y cortas; la mitad de las de código no pasan de 5 líneas."""
    long_prose = [text for text in prose(notebook) if len(text.split()) > PROSE_WORDS]
    lengths = sorted(len(list(filter(str.strip, source.splitlines()))) for source in code(notebook))
    assert CELLS[0] <= len(notebook.cells) <= CELLS[1]
    assert long_prose == []
    assert lengths[-1] <= CODE_LINES
    assert lengths[len(lengths) // 2] <= 5


def test_every_compared_cell_says_what_it_expects(notebook: nbformat.NotebookNode) -> None:
    """Una celda marcada para compararse declara su salida, y una salida declarada se compara."""
    for cell in notebook.cells:
        marked = "nbval-check-output" in cell.metadata.get("tags", [])
        assert marked == ("esperado" in cell.metadata), cell.source


def test_no_cell_builds_in_silence(notebook: nbformat.NotebookNode) -> None:
    """Ninguna celda construye con ``images.build``, que calla hasta el final y parece que se ha colgado."""
    assert [source for source in code(notebook) if "images.build(" in source] == []


def test_links_lead_somewhere(notebook: nbformat.NotebookNode) -> None:
    """Cada enlace a otro archivo existe."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", "\n".join(prose(notebook)))
    assert [t for t in targets if not (PROJECT_ROOT / "notebooks" / t).exists()] == []


@pytest.mark.parametrize("exercise", catalogue.exercises(), ids=lambda exercise: exercise.id)
def test_every_exercise_is_in_its_notebook(exercise: Exercise) -> None:
    """Cada ejercicio está en su cuaderno: enunciado, respuesta con su plantilla y comprobación."""
    number = exercise.id
    path = next(path for path in NOTEBOOKS if path.stem.startswith(number.split(".")[0]))
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    place = sources.index(f'ejercicio("{number}")')
    answer = notebooks.answer_cell(number)
    variable = answer.split(" ")[0]
    assert sources[place + 1 : place + 3] == [answer, f'ejercicio("{number}").comprobar({variable})']
    namespace: dict[str, str] = {}
    exec(answer, namespace)
    assert namespace[variable] == exercise.content.template


def test_a_base_asked_to_the_sdk_is_there(notebook: nbformat.NotebookNode) -> None:
    """Al SDK solo se le piden bases que se preparan antes de abrir, o que el cuaderno trae en una celda."""
    ready, asked = set(first_bases()), set()
    for source in code(notebook):
        ready |= set(re.findall(r"motor\(\)\.bases\(\"([^\"]+)\"", source))
        asked |= set(re.findall(r"(?:images\.get|containers\.\w+)\(\s*\"([^\"]+)\"", source))
        if re.search(
            r"(images|api)\.build\(", source
        ):  # el SDK no las trae: las de la aplicación que construye
            names = re.findall(r"\"\.\./apps/([\w-]+)\"", "\n".join(code(notebook)))
            asked |= {base for name in names for base in app(name).bases}
        assert [image for image in asked if image in workshop_bases() and image not in ready] == []
