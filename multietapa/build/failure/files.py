"""Lo que un ``COPY`` o un ``ADD`` no encuentra, o está fuera de su alcance."""

from __future__ import annotations

import difflib
import json
import posixpath
import re
from pathlib import Path, PurePosixPath

from multietapa.build.failure.case import Case, where
from multietapa.build.failure.stages import itself
from multietapa.build.session.extras import Extras
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.instructions import copy_paths
from multietapa.dockerfile.references import short_name
from multietapa.errors import BuildError, ContextError, MultietapaError
from multietapa.text import join

_MISSING = re.compile(
    r"^(?:failed to (?:load cache key|compute cache key): )?failed to calculate checksum of ref \S+: "
    r"(?P<buildkit>\".*\"): not found$"
    r"|^failed to compute cache key: (?P<older>\".*\") not found: not found$"  # BuildKit en los motores 20.10
    r"|^(?:COPY|ADD) failed: .*?\bstat (?P<classic>.*): (?:file does not exist|no such file or directory)$"
    r"|^lstat (?P<lstat>/.*): no such file or directory$"
    r"|^checking on sources under \".*\bcopier: stat: (?P<podman>\".*\"): no such file or directory$",
    re.DOTALL,
)
_OUTSIDE = re.compile(
    r"^(?:COPY|ADD) failed: forbidden path outside the build context: (?P<path>.*?)(?: \(.*\))?$"
)


def outside(case: Case) -> MultietapaError | None:
    """El clásico no deja salir de la carpeta."""
    found = _OUTSIDE.match(case.words)
    return _outside(case, found["path"]) if found else None


def missing(case: Case) -> MultietapaError | None:
    """Lo que hay que copiar no está."""
    found = _MISSING.match(case.words)
    if found is None:
        return None
    path = _plain(next(filter(None, found.groups()), ""))
    if origin := _origin(case):
        return _missing_in_stage(path, origin, case)
    if escaped := _escaping(case, path):
        return _outside(case, escaped)
    return _missing_in_context(path, case)


def _plain(path: str) -> str:
    """La ruta que cita el motor, sin sus comillas ni la barra del principio."""
    if path.startswith('"'):
        try:
            path = str(json.loads(path))
        except ValueError:
            path = path.strip('"')
    return path.lstrip("/")


def _origin(case: Case) -> str:
    """La etapa o imagen de la que copia la instrucción que falló, o ``""`` si es de la carpeta."""
    return case.instruction.froms[0] if case.instruction and case.instruction.froms else ""


def _escaping(case: Case, path: str) -> str:
    """El origen de la instrucción que sale de la carpeta y que BuildKit buscó en ``path``, o ``""``."""
    if case.instruction is None or case.trigger:
        return ""
    sources = copy_paths(case.instruction)[:-1]
    return next((s for s in sources if _climbs(s) and _inside(s) == path), "")


def _climbs(path: str) -> bool:
    return posixpath.normpath(path.lstrip("/")).startswith("..")


def _inside(path: str) -> str:
    """Dónde lo busca BuildKit: un ``..`` no sale de la raíz."""
    return posixpath.normpath(f"/{path}").lstrip("/")


def _outside(case: Case, path: str) -> ContextError:
    return ContextError(
        f"«{path}» está fuera del contexto{where(case.line)}.",
        why="«COPY» y «ADD» solo ven lo que hay dentro de la carpeta de contexto.",
        next_step="Construye desde una carpeta que lo contenga, o copia el archivo dentro.",
        detail=case.quoted or case.reason,
        line=case.line,
    )


def _missing_in_stage(path: str, origin: str, case: Case) -> BuildError:
    folder = (case.extras or Extras()).contexts.get(short_name(origin))
    if isinstance(folder, Path):
        return _missing_in_folder(path, origin, folder, case)
    own = case.source.stage(origin) if case.source and folder is None else None
    if own is not None and case.stage is not None and own.index == case.stage.index:
        return itself(case.source, case.line, own.label)  # el clásico deja copiar de lo que lleva hecho
    return BuildError(
        f"«/{path}» no existe en «{origin}»{where(case.line)}.",
        why=f"Ningún paso de «{origin}» crea ese archivo, o lo crea en otra carpeta."
        if own
        else f"La imagen «{origin}» no lo trae en esa ruta.",
        next_step=f'Revisa la ruta: con «objetivo="{origin}"» construyes solo esa etapa para mirarla.'
        if own
        else "Revisa la ruta dentro de esa imagen.",
        detail=case.quoted or case.reason,
        line=case.line,
    )


def _missing_in_folder(path: str, name: str, folder: Path, case: Case) -> ContextError:
    there = (folder / path).exists()
    return ContextError(
        f"No existe «{path}» en el contexto «{name}»{where(case.line)}.",
        why=f"Está en «{folder}», pero su «.dockerignore» lo excluye."
        if there
        else f"No está en «{folder}».",
        next_step=f"Quita esa regla de «{folder / '.dockerignore'}»."
        if there
        else f"Revisa el nombre; la ruta parte de la carpeta que se dio como «{name}».",
        detail=case.quoted or case.reason,
        line=case.line,
    )


def _missing_in_context(path: str, case: Case) -> ContextError:
    why = "No está en la carpeta de contexto."
    next_step = "Revisa el nombre; la ruta parte de la carpeta de contexto."
    if case.context is not None:
        why, next_step = _looked_for(path, case.context, next_step)
    what, detail = "que hay que copiar", case.quoted or case.reason
    if case.trigger:
        what = "que copia un «ONBUILD» de la base"
        next_step = "No es una copia tuya: crea ese archivo en tu carpeta, o parte de otra base."
        step = case.failed.step if case.failed.step.startswith("ONBUILD") else ""
        detail = "\n".join(filter(None, [case.quoted, step, case.reason]))
    return ContextError(
        f"No existe «{path}», {what}{where(case.line)}.",
        why=why,
        next_step=next_step,
        detail=detail,
        line=case.line,
    )


def _looked_for(path: str, context: Context, next_step: str) -> tuple[str, str]:
    """Por qué no está y qué hacer, buscándolo en la carpeta."""
    rule = context.excluded_by(path)
    if rule and (context.root / path).exists():
        why = f"Está en la carpeta, pero «{context.ignore_file}» lo excluye con la regla «{rule}»."
        return why, f"Quita esa regla, o añade después «!{path}»."
    names = [name for name, _ in context.entries()]
    same = [name for name in names if PurePosixPath(name).name == PurePosixPath(path).name]
    if close := same[:3] or difflib.get_close_matches(path, names, n=3):
        next_step = f"¿Querías copiar {join([f'«{name}»' for name in close], 'o')}?"
    return f"No está en «{context.root}».", next_step
