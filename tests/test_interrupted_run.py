"""Interrumpir las pruebas: se recoge lo que había en marcha y se dice lo que ya había fallado."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from multietapa.paths import PROJECT_ROOT
from tests.conftest import outside_pytest, until

pytestmark = pytest.mark.lenta  # pone en marcha otro pytest
TESTS = """
import time
from pathlib import Path

import pytest

@pytest.fixture(scope="module", autouse=True)
def taken():
    yield
    time.sleep(1.5)
    Path("recogido").touch()

def test_a():
    value = 41
    assert value == 42

def test_b():
    Path("en marcha").touch()
    time.sleep(60)
"""


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["un proceso", "repartidas"])
def test_what_failed_before_is_told(tmp_path: Path, options: list[str]) -> None:
    """Con SIGTERM, y con sesenta detrás, se termina de recoger y cada fallo se explica en el resumen."""
    (tmp_path / "test_dos.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").touch()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:nbval", "-p", "conftest"]
    env = {**outside_pytest(), "PYTHONPATH": str(PROJECT_ROOT)}
    with (tmp_path / "dicho").open("w") as said:
        process = subprocess.Popen([*command, *options], cwd=tmp_path, env=env, stdout=said, stderr=said)
    try:
        until((tmp_path / "en marcha").exists, seconds=30)
        for _ in range(60):  # se sale en la primera que puede; las demás no molestan
            process.terminate()
            time.sleep(0.005)
        assert process.wait(120) == 2
    finally:
        process.kill()
    text = (tmp_path / "dicho").read_text(encoding="utf-8")
    assert "assert 41 == 42" in text.partition("= FAILURES =")[2], text
    assert "pruebas interrumpidas" in text
    assert options or (tmp_path / "recogido").exists()
