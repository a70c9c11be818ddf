"""Qué ramas de las salas puras recorren las pruebas: quién se mira y qué se dice de lo que falta."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

from multietapa.paths import PROJECT_ROOT
from tests.conftest import outside_pytest

pytestmark = pytest.mark.lenta  # todas ponen en marcha otro Python
WATCHED = {
    "stages.py": "from multietapa.dockerfile.stages import parse\ndef test_una():\n    parse('FROM a')\n",
    "digest.py": "from multietapa.image.digest import Digest\ndef test_otra():\n    Digest()\n",
}
NOT_WATCHED = {
    "ignore.py": "import pytest\nfrom multietapa.dockerfile.ignore import read_rules\n"
    "@pytest.mark.sin_ramas\ndef test_aparte():\n    read_rules('*.log')\n",
    "sizes.py": "def test_fuera():\n    from multietapa.build import sizes, state\n"
    "    sizes.base_size(state.BuildState(), [], [])\n",
}


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Ejecuta Python en la raíz del proyecto; lo que mida va a esa carpeta."""
    env = {**outside_pytest(), "COVERAGE_FILE": str(folder / "medido")}
    return subprocess.run([sys.executable, *words], cwd=PROJECT_ROOT, capture_output=True, text=True, env=env)


@pytest.mark.parametrize("options", [["-p", "no:xdist"], ["-n", "2", "--dist", "worksteal"]])
def test_only_the_tests_of_the_pure_rooms_are_watched(tmp_path: Path, options: list[str]) -> None:
    """Se mira la prueba cuyo archivo importa algo de esas salas; con ``sin_ramas``, o de otra sala, no."""
    for name, text in (WATCHED | NOT_WATCHED).items():
        (tmp_path / f"test_{name}").write_text(text)
    settings = ("-c", str(PROJECT_ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-p", "no:nbval")
    done = python(tmp_path, "-m", "pytest", *settings, "-p", "tools.branch_watch", *options, str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    measured = Coverage(data_file=str(tmp_path / "medido"))
    measured.combine()
    data = measured.get_data()
    names = {Path(path).name for path in data.measured_files() if data.arcs(path)}
    assert set(WATCHED) <= names
    assert not names & set(NOT_WATCHED)


def test_branches_that_no_test_takes_are_told(tmp_path: Path) -> None:
    """Si las pruebas recorren menos ramas que el mínimo de una sala, se dice cuáles faltan y sale con 1."""
    assert "no se midió nada" in python(tmp_path, "-m", "tools.branches").stdout
    (tmp_path / "poco.py").write_text("from multietapa.dockerfile.stages import parse; parse('FROM a')")
    python(tmp_path, "-m", "coverage", "run", str(tmp_path / "poco.py"))
    for _ in range(2):  # la segunda vez ya está junto
        done = python(tmp_path, "-m", "tools.branches")
        assert done.returncode == 1
        assert re.search(r"^dockerfile/: \d+,\d % de \d+ ramas \(mínimo \d+ %\)$", done.stdout, re.MULTILINE)
        assert re.search(r"sin recorrer desde: .*multietapa/dockerfile/stages\.py:\d+", done.stdout)
