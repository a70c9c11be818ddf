"""Una celda sin kernel: un IPython de verdad, en el proceso de la prueba, que no deja nada en el disco."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

#: Ejecuta una celda y devuelve lo que publica: de cada cosa, sus formatos.
Published = Callable[[str], list[dict[str, Any]]]
#: El historial sería el de quien pasa las pruebas.
NO_HISTORY = Config({"HistoryManager": {"enabled": False}})


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """Un IPython como el de una terminal; ``get_ipython`` lo encuentra."""
    opened = InteractiveShell(config=NO_HISTORY)
    monkeypatch.setattr("IPython.get_ipython", lambda: opened)
    yield opened
    # Si no, al acabar el proceso cada uno recogería toda su memoria: un segundo por prueba.
    atexit.unregister(opened.atexit_operations)


@pytest.fixture
def published(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> Published:
    """Una celda como la de un cuaderno: lo que publica no se pinta, se devuelve."""
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(shell, "kernel", object(), raising=False)
    monkeypatch.setattr(shell.display_pub, "publish", lambda data, *_, **__: shown.append(data))
    monkeypatch.setattr(InteractiveShell, "_instance", shell)

    def run(cell: str) -> list[dict[str, Any]]:
        shown.clear()
        shell.run_cell(cell)
        return list(shown)

    return run
