"""Recorre la carpeta de un contexto: lo que viaja, en el orden en que lo espera el motor, y lo que no."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from multietapa.dockerfile.ignore import Rule, excludes, judge, may_match_under, may_rescue_under
from multietapa.errors import ContextError

#: Con qué reglas encajó una carpeta: de las que excluyen y de las que piden.
_Matched = tuple[tuple[bool, ...], tuple[bool, ...]]
#: Qué hacer con una carpeta que no se puede leer: su nombre, el error y si viaja.
Failed = Callable[[str, OSError, bool], None]


class Step(NamedTuple):
    """Algo que se encontró en la carpeta, y qué se decidió.

    ``name`` es relativo, con ``/``. ``enters``: es una carpeta y después viene lo de dentro (también si no
    viaja, cuando dentro puede haber algo rescatado). ``rule`` es la que decidió; ``hits``, con cuáles encaja.
    """

    name: str
    item: os.DirEntry[str]
    travels: bool
    enters: bool
    rule: Rule | None
    hits: tuple[bool, ...]


def entries(root: Path, rules: tuple[Rule, ...], wanted: tuple[Rule, ...] = ()) -> Iterator[tuple[str, str]]:
    """Lo que viaja: nombre (relativo, con ``/``) y ruta, en texto: un ``Path`` por archivo costaría la mitad.

    Cada carpeta va antes que su contenido.

    Una carpeta excluida viaja si dentro hay algo rescatado. En la que no puede haberlo no se entra. Con
    ``wanted`` solo viaja lo que encaja con alguna de esas, y las carpetas que llevan hasta ello.

    Raises:
        ContextError: una carpeta no se puede leer, o una regla que hay que mirar no es válida.
    """
    waiting: list[tuple[str, str]] = []
    for name, item, travels, enters, _, _ in steps(root, rules, wanted):
        if not travels:
            if enters:
                waiting.append((name, item.path))
            continue
        if waiting:
            yield from (folder for folder in waiting if name.startswith(f"{folder[0]}/"))
            waiting = []
        yield name, item.path


def steps(
    root: Path, rules: tuple[Rule, ...], wanted: tuple[Rule, ...] = (), failed: Failed | None = None
) -> Iterator[Step]:
    """Todo lo que hay, viaje o no; de una carpeta en la que no se entra, solo ella.

    Raises:
        ContextError: una carpeta no se puede leer (sin ``failed``), o una regla no es válida.
    """
    return _steps(os.fspath(root), _Judge(rules, wanted), "", ((), ()), True, failed or _refuse)


class _Judge:
    """Qué viaja: lo que ninguna regla excluye y, si se pide algo en concreto, solo eso."""

    def __init__(self, rules: tuple[Rule, ...], wanted: tuple[Rule, ...]) -> None:
        self._rules, self._wanted = rules, wanted

    def look(self, name: str, parents: _Matched) -> tuple[bool, bool, Rule | None, _Matched]:
        """Si ``name`` viaja, si hay que entrar de ser una carpeta, qué regla decide y con cuáles encaja."""
        decided, hits = judge(self._rules, name, parents[0]) if self._rules else (None, ())
        excluded = excludes(decided)
        asked, asked_hits = judge(self._wanted, name, parents[1]) if self._wanted else (None, ())
        chosen = excludes(asked) or not self._wanted
        enter = (not excluded or may_rescue_under(self._rules, name)) and (
            chosen or may_match_under(self._wanted, name)
        )
        return not excluded and chosen, enter, decided, (hits, asked_hits)


def _steps(
    folder: str, judged: _Judge, prefix: str, parents: _Matched, shown: bool, failed: Failed
) -> Iterator[Step]:
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: item.name)
    except OSError as error:
        failed(prefix.rstrip("/") or folder, error, shown)
        return
    for item in items:
        name = prefix + item.name
        travels, enter, decided, matched = judged.look(name, parents)
        enters = enter and item.is_dir(follow_symlinks=False)
        yield Step(name, item, travels, enters, decided, matched[0])
        if enters:
            yield from _steps(item.path, judged, f"{name}/", matched, travels, failed)


def _refuse(name: str, error: OSError, shown: bool) -> None:
    if shown or not isinstance(error, PermissionError):  # como la orden docker: lo que no viaja no se lee
        raise unreadable(name, error) from error


def unreadable(name: str, error: OSError) -> ContextError:
    """El error de algo del contexto que no se puede leer."""
    return ContextError(
        f"No se puede leer «{name}», que forma parte del contexto.",
        why=error.strerror or "Cambió mientras se leía.",
        next_step="Dale permiso de lectura, o exclúyelo con una línea en «.dockerignore».",
    )
