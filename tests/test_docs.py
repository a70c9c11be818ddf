"""Los documentos dicen la verdad: cada orden, archivo, opción y dependencia que nombran existe."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from multietapa.paths import PROJECT_ROOT
from tests.conftest import project_files
from tools.notebooks import SOURCES

DOCUMENTS = [
    path
    for pattern in ("*.md", "apps/*/README.md", "binder/*.md")
    for path in sorted(PROJECT_ROOT.glob(pattern))
]
CONTRIBUTING = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
MODULE_LINES = 300
SPELLED = re.compile(r"^([A-Za-z0-9_.-]+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_links_and_paths_exist(document: Path) -> None:
    """Cada enlace a un archivo y cada ruta entre comillas invertidas existe."""
    text = document.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)
    paths = re.findall(r"`((?:multietapa|tests|apps|benchmarks|sources|notebooks|jupyter)/[\w./-]*)`", text)
    absent = [n for n in links if not (document.parent / n).exists()]
    absent += [n for n in paths if not (PROJECT_ROOT / n).exists()]
    assert absent == []


def test_readme_options_are_those_of_the_command() -> None:
    """La tabla de opciones del README y la ayuda de la orden nombran las mismas."""
    done = subprocess.run(
        [sys.executable, str(PROJECT_ROOT / "iniciar.py"), "--ayuda"], capture_output=True, text=True
    )
    written = set(re.findall(r"^\| `(--[\w-]+)", README, re.MULTILINE))
    assert written == set(re.findall(r"--[\w-]+", done.stdout))


def test_readme_commands_are_real() -> None:
    """Cada orden de consola del README y de CONTRIBUTING usa un programa y un módulo que existen."""
    blocks = re.findall(r"```console\n(.*?)```", README + CONTRIBUTING, re.DOTALL)
    commands = [line.strip() for block in blocks for line in block.splitlines() if line.strip()]
    assert "python3 iniciar.py" in commands
    assert "python3 iniciar.py pruebas" in commands
    for command in commands:
        words = command.split()
        if "-m" in words:
            module = words[words.index("-m") + 1]
            ran = subprocess.run(
                [sys.executable, "-c", f"import importlib.util as u; assert u.find_spec('{module}')"],
                cwd=PROJECT_ROOT,
            )
            assert ran.returncode == 0, command
        for word in words:
            if word.endswith(".py"):
                assert (PROJECT_ROOT / word).exists(), command


def test_every_dependency_says_why_it_is_here() -> None:
    """Cada paquete de los requisitos tiene su porqué en CONTRIBUTING, y no sobra ninguno."""
    wanted = set()
    for name in ("requirements.txt", "requirements-dev.txt", "binder/requirements.txt"):
        lines = (PROJECT_ROOT / name).read_text(encoding="utf-8").splitlines()
        wanted |= {SPELLED.match(line)[1] for line in lines if SPELLED.match(line) and line[0] != "-"}  # type: ignore[index]
    section = CONTRIBUTING.split("## Dependencias y su porqué")[1].split("\n## ")[0]
    explained = {
        name
        for row in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.sub(r" \(.*?\)", "", row).split("`")[1::2]
    }
    assert explained == wanted


def test_derived_files_are_listed_with_their_command() -> None:
    """La tabla de archivos derivados nombra cada cuaderno, y sus fuentes y órdenes existen."""
    section = CONTRIBUTING.split("## Archivos derivados")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|", section, re.MULTILINE)
    assert len(rows) >= 2
    for derived, source, command in rows:
        assert list(PROJECT_ROOT.glob(derived)), derived
        assert list(PROJECT_ROOT.glob(source)), source
        assert command.split()[-1].startswith("tools."), command
    assert len(list(SOURCES.glob("*.py"))) == len(list((PROJECT_ROOT / "notebooks").glob("*.ipynb")))


def test_changes_are_told_in_order() -> None:
    """CHANGELOG va de lo más nuevo a lo más viejo, y cada versión dice lo añadido, cambiado y corregido."""
    text = (PROJECT_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    dated = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) \(\d{4}-\d\d-\d\d\)", name) for name in versions[1:]]
    numbers = [tuple(map(int, found.groups())) for found in dated if found]
    assert versions[0] == "Sin publicar"
    assert len(numbers) == len(dated)
    assert numbers == sorted(set(numbers), reverse=True)
    for version in text.split("\n## ")[1:]:
        sections = re.findall(r"^### (.*)\n\n((?:- .*\n(?:  .*\n)*)+)", version + "\n", re.MULTILINE)
        names = [name for name, _ in sections]
        assert names == [name for name in ("Añadido", "Cambiado", "Corregido") if name in names]
        assert version.count("\n### ") == len(sections) > 0
        assert version.count("\n- ") == sum(items.count("\n- ") + 1 for _, items in sections)


def test_nothing_names_this_machine_or_a_registry() -> None:
    """Ningún archivo nombra la carpeta del clon ni el servidor de un registro de paquetes."""
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "deb.debian" + ".org")
    for path in project_files():
        text = path.read_bytes().decode("utf-8", "ignore")
        for word in (*hosts, f"{PROJECT_ROOT}/"):
            assert word not in text, f"{path.name} nombra {word}"


def test_modules_are_short() -> None:
    """Ningún módulo pasa de 300 líneas por mucho: 30 de margen."""
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in (PROJECT_ROOT / "multietapa").rglob("*.py")
    }
    assert {name: n for name, n in lengths.items() if n > MODULE_LINES + 30} == {}


#: De una en una: para mypy, dos aplicaciones tendrían el mismo módulo «preguntas».
QUESTIONS = sorted(str(path) for path in (PROJECT_ROOT / "apps").glob("*/preguntas.py"))
STYLE = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]]


@pytest.mark.parametrize("command", [*STYLE, *(["mypy", path] for path in QUESTIONS)])
def test_style_and_types(command: list[str]) -> None:
    """ruff y mypy no tienen nada que decir."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_everything_public_says_what_it_does() -> None:
    """Cada prueba, y cada función y clase públicas del paquete, lleva su docstring."""
    silent = []
    for path in [*(PROJECT_ROOT / "tests").glob("*.py"), *(PROJECT_ROOT / "multietapa").rglob("*.py")]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name.startswith("_"):
                continue
            if any(isinstance(one, ast.Name) and one.id == "overload" for one in node.decorator_list):
                continue  # lo dice la función de verdad
            if path.parent.name != "tests" or node.name.startswith("test_"):
                silent += [] if ast.get_docstring(node) else [f"{path.name}: {node.name}"]
    assert silent == []
