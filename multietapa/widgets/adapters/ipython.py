"""Lo que el kit necesita de IPython: la celda que corre, y decir algo al fallar o al acabar una.

Frágil: ``InteractiveShell.execution_count``, que no cambia mientras corre una celda, y ``_showtraceback``,
que pinta el rastro ya escrito que se le da (privado; ``set_custom_exc`` no ofrece otro camino);
``user_ns_hidden``, los nombres que no son de quien escribe.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


def current_shell() -> Any:
    """El ``InteractiveShell`` de este proceso, o ``None``."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython

    return get_ipython()


def current_cell() -> int:
    """Un número que es el mismo en toda la celda que corre y otro en cada una; 0 fuera de IPython.

    No tiene por qué ser el que se lee a su lado: IPython 9 lo aumenta antes de ejecutarla.
    """
    return getattr(current_shell(), "execution_count", 0)


def variable(name: str, default: Any = None) -> Any:
    """Lo que vale una variable del cuaderno, o ``default`` si nadie le ha dado valor."""
    return getattr(current_shell(), "user_ns", {}).get(name, default)


def explain_errors(
    kinds: tuple[type[BaseException], ...], explain: Callable[[BaseException], list[str] | None]
) -> None:
    """En las celdas, cambia el rastro de esos errores por las líneas de ``explain``; el error es el mismo.

    Si ``explain`` da ``None`` se ve el rastro de siempre. Solo vale lo último que se pidió, y fuera de
    IPython no hace nada.
    """

    def show(
        shell: Any,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType,
        tb_offset: int | None = None,
    ) -> None:
        lines = explain(error)
        if lines is None:
            shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        else:
            shell._showtraceback(kind, error, lines)

    if (shell := current_shell()) is not None:
        shell.set_custom_exc(kinds, show)


def in_cell(frame: FrameType) -> bool:
    """Si ese marco es de código escrito en una celda, y no de una biblioteca."""
    return frame.f_globals is getattr(current_shell(), "user_ns", None)


def names_in_cells() -> tuple[str, ...]:
    """Los nombres que ya existen en las celdas, sin los que pone IPython."""
    shell = current_shell()
    hidden = getattr(shell, "user_ns_hidden", ())
    return tuple(n for n in getattr(shell, "user_ns", ()) if n not in hidden and not n.startswith("_"))


def after_each_cell(act: Callable[[object], None]) -> None:
    """Llama a ``act`` al acabar cada celda, con su resultado; repetirlo no cambia nada."""
    if (shell := current_shell()) is not None:
        shell.events.register("post_run_cell", act)
