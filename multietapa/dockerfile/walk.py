"""Recorre la carpeta de un contexto y da lo que viaja, en el orden en que lo espera el motor."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from multietapa.dockerfile.ignore import Rule, judge, may_rescue_under
from multietapa.errors import ContextError


def entries(root: Path, rules: tuple[Rule, ...]) -> Iterator[tuple[str, Path]]:
    """Lo que viaja: nombre (relativo, con ``/``) y ruta. Cada carpeta va antes que su contenido.

    Una carpeta excluida viaja si dentro hay algo rescatado. En la que no puede haberlo no se entra.

    Raises:
        ContextError: una carpeta no se puede leer, o una regla que hay que mirar no es válida.
    """
    waiting: list[tuple[str, Path]] = []
    for name, path, excluded in _walk(root, rules, "", (), False):
        if excluded:
            waiting.append((name, path))
            continue
        yield from (item for item in waiting if name.startswith(f"{item[0]}/"))
        waiting = []
        yield name, path


def _walk(
    folder: Path, rules: tuple[Rule, ...], prefix: str, parents: tuple[bool, ...], excluded: bool
) -> Iterator[tuple[str, Path, bool]]:
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        if excluded and isinstance(error, PermissionError):
            return  # como la orden docker: lo que no viaja no hace falta leerlo
        raise unreadable(prefix.rstrip("/") or str(folder), error) from error
    for item in items:
        name, path = prefix + item.name, folder / item.name
        rule, matched = judge(rules, name, parents)
        is_folder = item.is_dir(follow_symlinks=False)
        if is_folder and (not rule or may_rescue_under(rules, name)):
            yield name, path, bool(rule)
            yield from _walk(path, rules, f"{name}/", matched, bool(rule))
        elif not rule and not is_folder:
            yield name, path, False


def unreadable(name: str, error: OSError) -> ContextError:
    """El error de algo del contexto que no se puede leer."""
    return ContextError(
        f"No se puede leer «{name}», que forma parte del contexto.",
        why=error.strerror or "Cambió mientras se leía.",
        next_step="Dale permiso de lectura, o exclúyelo con una línea en «.dockerignore».",
    )
