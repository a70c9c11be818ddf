"""El paquete: qué ofrece, qué viaja en él, qué carga al importarse y en qué sistemas se prueba."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from functools import cache
from pathlib import Path

import pytest

import multietapa
from multietapa.paths import PROJECT_ROOT
from tests.conftest import LINUX_ONLY, UNIX_ONLY, copy_project, project_files

PACKAGE = PROJECT_ROOT / "multietapa"
IMPORT_SECONDS = 0.1
HEAVY = ("docker", "requests", "google", "anywidget", "IPython", "ipywidgets", "traitlets")
#: De la biblioteca estándar, lo que no existe en Windows.
UNIX_MODULES = {"fcntl", "grp", "pty", "pwd", "resource", "termios"}


def python(program: str, *options: str, folder: Path = PROJECT_ROOT) -> str:
    """Lo que escribe ese programa en un Python recién arrancado, que tiene que acabar bien."""
    done = subprocess.run(
        [sys.executable, *options, "-c", program], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_it_offers() -> None:
    """Desde un cuaderno se usan estos nombres, ordenados; cada uno se carga y lleva su explicación."""
    names = [
        "comparar",
        "construir",
        "contexto",
        "desplegar",
        "ejercicio",
        "etapas",
        "explorar",
        "limpiar",
        "motor",
        "predecir",
        "pregunta",
        "superficie",
    ]
    assert multietapa.__all__ == names
    assert all(getattr(multietapa, name).__doc__ for name in multietapa.__all__)
    assert set(multietapa.__all__) <= set(dir(multietapa))
    with pytest.raises(AttributeError, match=", ".join(names)):
        multietapa.construye  # noqa: B018


def test_importing_it_loads_nothing() -> None:
    """``import multietapa`` no carga ninguna de las bibliotecas que usa, y cuesta menos de 0,1 s."""
    program = f"""
import sys, time
started = time.perf_counter()
import multietapa
seconds = time.perf_counter() - started
print(seconds, sorted(set({HEAVY}) & set(sys.modules)))
"""
    said = [python(program).split(maxsplit=1) for _ in range(5)]
    assert {loaded for _, loaded in said} == {"[]"}
    assert min(float(seconds) for seconds, _ in said) < IMPORT_SECONDS


@pytest.mark.skipif(sys.platform != "linux", reason="el taller solo tiene motores propios en Linux")
def test_a_supervisor_loads_only_the_sdk() -> None:
    """El proceso que cuida de un motor no carga protobuf, ni los widgets, ni IPython.

    Así gasta menos memoria, y quien lo interrumpe al salir no ve un rastro de IPython.
    """
    program = f"""
import sys
import multietapa.engine.supervisor
from multietapa.engine.embedded import daemon
print(sorted((set({HEAVY}) | {{"google.protobuf"}}) & set(sys.modules)))
"""
    assert python(program) == "['docker', 'requests']"


def test_help_and_wrong_orders_load_no_client() -> None:
    """Explicar lo que hay, o lo que se escribió mal, no carga el SDK: contesta enseguida."""
    for order in (["--ayuda"], ["taller", "--nada"]):
        program = f"""
import contextlib, io, sys
from multietapa.__main__ import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main({order})
print(sorted(set({HEAVY}) & set(sys.modules)))
"""
        assert python(program) == "[]"


def test_this_clone_is_the_one_installed() -> None:
    """Desde cualquier carpeta, el Python de las pruebas (y el de los kernels) encuentra este clon."""
    found = python("import multietapa; print(multietapa.__file__)", "-I", folder=Path("/"))
    assert Path(found) == PACKAGE / "__init__.py"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[zipfile.ZipFile]:
    """El paquete hecho con pip, en una copia: lo que se construye no ensucia este clon."""
    copy = copy_project(tmp_path_factory.mktemp("copia"))
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "--wheel-dir", "hecho", "."]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = (copy / "hecho").glob("multietapa-*.whl")
    with zipfile.ZipFile(found) as opened:
        yield opened


@pytest.mark.lenta
def test_everything_of_the_package_travels(wheel: zipfile.ZipFile) -> None:
    """Dentro va cada archivo de ``multietapa/``, también los que no son Python, y nada del resto."""
    own = {path.relative_to(PROJECT_ROOT).as_posix() for path in project_files() if PACKAGE in path.parents}
    assert "multietapa/py.typed" in own
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == own


@pytest.mark.lenta
def test_requirements_are_written_once(wheel: zipfile.ZipFile) -> None:
    """Lo que pide el paquete es lo que dice requirements.txt, y su versión es ``__version__``."""
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    metadata = Parser().parsestr(wheel.read(name).decode())
    lines = (PROJECT_ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line and not line.startswith("#")]
    assert [_parts(text) for text in metadata.get_all("Requires-Dist") or []] == [_parts(t) for t in asked]
    assert metadata["Version"] == multietapa.__version__
    assert metadata["License-Expression"] == "Apache-2.0"


def _parts(requirement: str) -> tuple[str, frozenset[str], str]:
    """El nombre, los límites de versión en cualquier orden y la condición de un requisito."""
    what, _, condition = requirement.partition(";")
    name, limits = re.fullmatch(r"([\w.-]+)(.*)", what.strip()).groups()  # type: ignore[union-attr]
    return name, frozenset(limits.split(",")), condition.strip()


# --- En qué sistemas se prueba ---


def loaded_at_once(path: Path) -> set[str]:
    """Los módulos que un archivo importa al cargarse: los de dentro de una función, no."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef):
            continue
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        pending += ast.iter_child_nodes(node)
    return found


@cache
def unix_reason(path: Path) -> str:
    """Por qué cadena de módulos llega un archivo a algo que Windows no tiene, o ``""``."""
    for name in sorted(loaded_at_once(path)):
        if name in UNIX_MODULES:
            return name
        file = PROJECT_ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if file.is_file() and (deeper := unix_reason(file)):
            return f"{name} > {deeper}"
    return ""


def test_other_systems_load_only_what_they_have() -> None:
    """Los archivos de pruebas que se recogen en macOS y Windows no cargan nada que allí no exista."""
    outside = {f"test_{name}.py" for name in (*LINUX_ONLY, *UNIX_ONLY)}
    tests = {path.name: path for path in (PROJECT_ROOT / "tests").glob("test_*.py")}
    assert outside <= set(tests)
    reasons = {name: unix_reason(path) for name, path in tests.items() if name not in outside}
    assert {name: reason for name, reason in reasons.items() if reason} == {}


def test_workflows_are_right() -> None:
    """actionlint no tiene nada que decir, y cada acción de otros va fijada por su versión mayor."""
    files = sorted((PROJECT_ROOT / ".github/workflows").glob("*.yml"))
    assert len(files) == 2
    used = [name for path in files for name in re.findall(r"uses: *(\S+)", path.read_text(encoding="utf-8"))]
    assert used
    assert not [name for name in used if not re.fullmatch(r"actions/[\w-]+@v\d+", name)]
    linter = shutil.which("actionlint", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("actionlint no está (requirements-dev.txt lo pide en Linux)")
    done = subprocess.run([linter, *map(str, files)], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_run_the_orders_of_the_project() -> None:
    """Se pasa ``.ci/run``, los otros motores, las rápidas en tres sistemas y con cada Python, y Binder."""
    folder = PROJECT_ROOT / ".github/workflows"
    tests = (folder / "pruebas.yml").read_text(encoding="utf-8")
    assert "run: .ci/run\n" in tests
    assert "run: python3 iniciar.py pruebas --motores\n" in tests
    assert "run: python iniciar.py pruebas --rapidas\n" in tests
    systems, versions = re.findall(r"(?:sistema|python): \[(.*)\]", tests)
    assert [name.split("-")[0] for name in systems.split(", ")] == ["ubuntu", "macos", "windows"]
    lowest = re.search(
        r'requires-python = ">=3\.(\d+)"', (PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    )
    assert lowest is not None
    assert versions.split(", ") == [f'"3.{n}"' for n in range(int(lowest[1]), 15)]
    binder = (folder / "binder.yml").read_text(encoding="utf-8")
    assert "docker build -f binder/Dockerfile" in binder
    assert "cron:" in binder
