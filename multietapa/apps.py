"""Las aplicaciones de ejemplo: qué dice de sí cada una en su ``app.json``. Solo aquí se sabe dónde están."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from multietapa.errors import AppError, UnknownNameError
from multietapa.paths import PROJECT_ROOT

APPS = PROJECT_ROOT / "apps"
DESCRIPTION = "app.json"
QUESTIONS = "preguntas.py"

#: Los campos de un objeto: de qué clase es cada uno y cómo se dice.
_Fields = dict[str, tuple[type, str]]
_TEXT, _NUMBER, _LIST = (str, "un texto"), (int, "un número entero"), (list, "una lista")
_APP_FIELDS: _Fields = {
    "title": _TEXT,
    "language": _TEXT,
    "port": _NUMBER,
    "health": _TEXT,
    "versions": _LIST,
    "bases": _LIST,
}
_VERSION_FIELDS: _Fields = {"name": _TEXT, "dockerfile": _TEXT, "tag": _TEXT}
_VERSION_OPTIONAL: _Fields = {"recording": _TEXT}


@dataclass(frozen=True)
class Version:
    """Una manera de construir la aplicación: su Dockerfile, la etiqueta que da y su grabación (o ``""``)."""

    name: str
    dockerfile: str
    tag: str
    recording: str = ""


@dataclass(frozen=True)
class App:
    """Una aplicación de ejemplo.

    ``port`` es el puerto en el que escucha dentro; ``health``, la ruta que contesta si está bien; ``bases``,
    las imágenes de las que parten sus versiones.
    """

    folder: Path
    title: str
    language: str
    port: int
    health: str
    versions: tuple[Version, ...]
    bases: tuple[str, ...]

    @property
    def name(self) -> str:
        """El de su carpeta."""
        return self.folder.name

    @property
    def questions(self) -> Path:
        """El archivo con las preguntas que ``apps/verificar`` hace a una imagen suya en marcha."""
        return self.folder / QUESTIONS

    def version(self, name: str) -> Version:
        """La versión con ese nombre. Lanza :class:`UnknownNameError` con las que hay."""
        for version in self.versions:
            if version.name == name:
                return version
        raise UnknownNameError(name, (v.name for v in self.versions), kind="la versión")

    @classmethod
    def from_folder(cls, folder: Path) -> App:
        """La aplicación que describe el ``app.json`` de esa carpeta.

        Lanza :class:`AppError` si no se puede leer o no está bien; lista todo lo que hay que arreglar.
        """
        values = _read(folder)
        if problems := list(_problems(values, folder)):
            raise _broken(folder, "No dice lo que tiene que decir:", detail="\n".join(problems))
        versions = tuple(Version(**version) for version in values.pop("versions"))
        bases = tuple(values.pop("bases"))
        return cls(folder=folder, versions=versions, bases=bases, **values)


@cache
def apps(root: Path = APPS) -> tuple[App, ...]:
    """Todas las aplicaciones, por su nombre. Lanza :class:`AppError` si alguna está mal descrita."""
    return tuple(App.from_folder(path.parent) for path in sorted(root.glob(f"*/{DESCRIPTION}")))


def app(name: str) -> App:
    """La aplicación con ese nombre. Lanza :class:`UnknownNameError` con las que hay."""
    for found in apps():
        if found.name == name:
            return found
    raise UnknownNameError(name, (a.name for a in apps()), kind="la aplicación")


def app_in(folder: str | os.PathLike[str]) -> App | None:
    """La aplicación que está en esa carpeta, o ``None`` si no es la de ninguna."""
    wanted = Path(folder).expanduser().resolve()
    return next((found for found in apps() if found.folder.resolve() == wanted), None)


def _read(folder: Path) -> dict[str, Any]:
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
    except json.JSONDecodeError as problem:
        where = f"línea {problem.lineno}, columna {problem.colno}"
        raise _broken(folder, f"No es JSON: se deja de entender en la {where}.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise _broken(folder, f"No se puede leer: {problem}") from problem
    if not isinstance(values, dict):
        raise _broken(folder, "Tiene que ser un objeto: { ... }.")
    return values


def _broken(folder: Path, why: str, *, detail: str = "") -> AppError:
    return AppError(
        f"El archivo {folder.name}/{DESCRIPTION} no sirve.",
        why=why,
        detail=detail,
        next_step="Corrígelo; el de apps/tienda-node es un ejemplo que vale.",
    )


def _problems(values: dict[str, Any], folder: Path) -> Iterator[str]:
    """Todo lo que está mal, cada cosa en su línea."""
    yield from _wrong_fields(values, _APP_FIELDS, {}, "")
    port, health = values.get("port"), values.get("health")
    if isinstance(port, int) and not 1 <= port <= 65535:
        yield f"«port» tiene que estar entre 1 y 65535, y es {port}"
    if isinstance(health, str) and not health.startswith("/"):
        yield f"«health» tiene que empezar por «/», y es «{health}»"
    for name in ("versions", "bases"):
        if values.get(name) == []:
            yield f"«{name}» está vacía"
    bases = values.get("bases")
    if isinstance(bases, list) and not all(isinstance(base, str) and base for base in bases):
        yield "«bases» tiene que ser una lista de nombres de imagen"
    versions = values.get("versions")
    versions = versions if isinstance(versions, list) else []
    for position, version in enumerate(versions, start=1):
        yield from _version_problems(version, f"versión {position}: ", folder)
    names = [v["name"] for v in versions if isinstance(v, dict) and isinstance(v.get("name"), str)]
    yield from (f"hay dos versiones «{name}»" for name in sorted({n for n in names if names.count(n) > 1}))


def _version_problems(version: object, where: str, folder: Path) -> Iterator[str]:
    if not isinstance(version, dict):
        yield f"{where}tiene que ser un objeto: {{ ... }}"
        return
    yield from _wrong_fields(version, _VERSION_FIELDS, _VERSION_OPTIONAL, where)
    dockerfile = version.get("dockerfile")
    if isinstance(dockerfile, str) and not (folder / dockerfile).is_file():
        yield f"{where}no existe el archivo «{dockerfile}»"


def _wrong_fields(values: dict[str, Any], needed: _Fields, optional: _Fields, where: str) -> Iterator[str]:
    known = {**needed, **optional}
    yield from (f"{where}falta «{name}»" for name in needed if name not in values)
    for name, value in values.items():
        if name not in known:
            yield f"{where}sobra «{name}»; vale: {', '.join(known)}"
        elif not _is(value, known[name][0]):
            yield f"{where}«{name}» tiene que ser {known[name][1]}"
        elif value == "" and name in needed:
            yield f"{where}«{name}» está vacío"


def _is(value: object, kind: type) -> bool:
    """Si es de esa clase; en JSON, ``true`` no es un número."""
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
