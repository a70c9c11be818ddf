"""Recorre la carpeta de un contexto y da lo que viaja, en el orden en que lo espera el motor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from multietapa.dockerfile.ignore import Rule, judge, may_match_under, may_rescue_under
from multietapa.errors import ContextError

#: Con qué reglas encajó una carpeta: de las que excluyen y de las que piden.
_Matched = tuple[tuple[bool, ...], tuple[bool, ...]]


def entries(root: Path, rules: tuple[Rule, ...], wanted: tuple[Rule, ...] = ()) -> Iterator[tuple[str, str]]:
    """Lo que viaja: nombre (relativo, con ``/``) y ruta, en texto: un ``Path`` por archivo costaría la mitad.

    Cada carpeta va antes que su contenido.

    Una carpeta excluida viaja si dentro hay algo rescatado. En la que no puede haberlo no se entra. Con
    ``wanted`` solo viaja lo que encaja con alguna de esas, y las carpetas que llevan hasta ello.

    Raises:
        ContextError: una carpeta no se puede leer, o una regla que hay que mirar no es válida.
    """
    waiting: list[tuple[str, str]] = []
    for name, path, shown in _walk(os.fspath(root), _Judge(rules, wanted), "", ((), ()), True):
        if not shown:
            waiting.append((name, path))
            continue
        yield from (item for item in waiting if name.startswith(f"{item[0]}/"))
        waiting = []
        yield name, path


class _Judge:
    """Qué viaja: lo que ninguna regla excluye y, si se pide algo en concreto, solo eso."""

    def __init__(self, rules: tuple[Rule, ...], wanted: tuple[Rule, ...]) -> None:
        self._rules, self._wanted = rules, wanted

    def look(self, name: str, parents: _Matched) -> tuple[bool, bool, _Matched]:
        """Si ``name`` viaja, si hay que entrar en él de ser una carpeta, y con qué encajó."""
        excluded, hits = judge(self._rules, name, parents[0]) if self._rules else ("", ())
        asked, asked_hits = judge(self._wanted, name, parents[1]) if self._wanted else ("todo", ())
        enter = (not excluded or may_rescue_under(self._rules, name)) and (
            bool(asked) or may_match_under(self._wanted, name)
        )
        return not excluded and bool(asked), enter, (hits, asked_hits)


def _walk(
    folder: str, judged: _Judge, prefix: str, parents: _Matched, shown: bool
) -> Iterator[tuple[str, str, bool]]:
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        if not shown and isinstance(error, PermissionError):
            return  # como la orden docker: lo que no viaja no hace falta leerlo
        raise unreadable(prefix.rstrip("/") or folder, error) from error
    for item in items:
        name, path = prefix + item.name, item.path
        travels, enter, matched = judged.look(name, parents)
        if enter and item.is_dir(follow_symlinks=False):
            yield name, path, travels
            yield from _walk(path, judged, f"{name}/", matched, travels)
        elif travels:
            yield name, path, True


def unreadable(name: str, error: OSError) -> ContextError:
    """El error de algo del contexto que no se puede leer."""
    return ContextError(
        f"No se puede leer «{name}», que forma parte del contexto.",
        why=error.strerror or "Cambió mientras se leía.",
        next_step="Dale permiso de lectura, o exclúyelo con una línea en «.dockerignore».",
    )
