"""Lo que el kit necesita de IPython: la celda que corre, y decir algo al fallar o al acabar una.

Frágil: ``InteractiveShell.execution_count``, que no cambia mientras corre una celda, y ``_showtraceback``,
que pinta el rastro ya escrito que se le da (privado; ``set_custom_exc`` no ofrece otro camino).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def current_shell() -> Any:
    """El ``InteractiveShell`` de este proceso, o ``None``."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
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
    kinds: tuple[type[BaseException], ...], explain: Callable[[BaseException], list[str]]
) -> None:
    """En las celdas, cambia el rastro de esos errores por las líneas de ``explain``; el error es el mismo.

    Repetirlo no cambia nada, y fuera de IPython no hace nada.
    """

    def show(shell: Any, kind: type[BaseException], error: BaseException, *_: object, **__: object) -> None:
        shell._showtraceback(kind, error, explain(error))

    if (shell := current_shell()) is not None:
        shell.set_custom_exc(kinds, show)


def after_each_cell(act: Callable[[object], None]) -> None:
    """Llama a ``act`` al acabar cada celda, con su resultado; repetirlo no cambia nada."""
    if (shell := current_shell()) is not None:
        shell.events.register("post_run_cell", act)
