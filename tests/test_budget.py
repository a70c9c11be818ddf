"""El aviso de procesador en un servidor compartido: a tiempo, y sin repetirse en cada celda."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from multietapa.cells import budget

HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cada prueba empieza sin avisos dados."""
    monkeypatch.setattr(budget, "_told_at", 0.0)


def test_only_on_a_shared_host() -> None:
    """En tu máquina nunca; en un servidor compartido, cerca de la hora."""
    assert not budget.notice({}, spent=10_000)
    assert not budget.notice(HUB, spent=2_000)
    assert "50 min" in budget.notice(HUB, spent=3_000)
    assert not budget.shared_host({})


def test_it_is_not_repeated_in_every_cell() -> None:
    """Después de un aviso, el siguiente llega diez minutos de procesador más tarde."""
    assert budget.notice(HUB, spent=3_100)
    assert not budget.notice(HUB, spent=3_200)
    assert budget.notice(HUB, spent=3_700)


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
from multietapa.cells import budget
budget.FIRST_NOTICE_SECONDS = budget._told_at = 0.0
budget.AGAIN_SECONDS = 0.0
shell = InteractiveShell.instance()
shell.run_cell("print('antes')")
budget.install()
budget.install()
shell.run_cell("print('celda 1')")
budget.AGAIN_SECONDS = 1e9
shell.run_cell("print('celda 2')")
"""


@pytest.mark.parametrize("prefix", ["/user/ana/", ""])
def test_any_cell_shows_it(prefix: str) -> None:
    """Lo dice la celda que sea, una sola vez; y ninguna fuera de un servidor compartido."""
    done = subprocess.run(
        [sys.executable, "-c", CELLS],
        capture_output=True, text=True, timeout=60,
        env={**os.environ, "JUPYTERHUB_SERVICE_PREFIX": prefix, "BINDER_SERVICE_HOST": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, _, after = done.stdout.partition("celda 1")
    assert "⚠" not in before
    assert "celda 2" in after
    assert after.count("⚠ Esta sesión lleva") == (1 if prefix else 0)


def test_it_reads_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin cifra, la lee de los grupos de control: en esta máquina se puede."""
    monkeypatch.setattr(budget, "FIRST_NOTICE_SECONDS", 0.0)
    monkeypatch.setattr(budget, "AGAIN_SECONDS", 0.0)
    assert "procesador" in budget.notice(HUB)
