"""Dónde se enseña algo: una vista no se repite con palabras al final de su propia celda."""

from __future__ import annotations

import types

import pytest
from IPython.core.interactiveshell import InteractiveShell

from multietapa.errors import UnknownNameError
from multietapa.widgets.adapters.ipython import current_cell
from multietapa.widgets.where import ShownInCell, check_view


class Result(ShownInCell):
    """Un resultado cuya vista se puso en la celda ``cell``."""

    def __init__(self, cell: int) -> None:
        self.vista = types.SimpleNamespace(cell=cell)

    def __repr__(self) -> str:
        return "una frase"


@pytest.mark.parametrize(("earlier", "written"), [(0, False), (1, True)])
def test_a_view_is_not_repeated_in_its_own_cell(
    earlier: int, written: bool, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """En la celda de la vista no sale nada más; en otra, el mismo resultado se dice en una frase."""
    shell.user_ns.update(Result=Result, current_cell=current_cell)
    assert shell.run_cell(f"Result(current_cell() - {earlier})", store_history=True).success
    assert ("una frase" in capsys.readouterr().out) is written


def test_outside_ipython_there_is_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fuera de un cuaderno no hay celda, así que nunca coincide con la de una vista de texto."""
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    assert current_cell() == 0


def test_an_unknown_view_lists_the_valid_ones() -> None:
    """Una vista que no existe dice cuáles hay."""
    with pytest.raises(UnknownNameError, match="texto"):
        check_view("dibujo")
