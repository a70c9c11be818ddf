"""Las aplicaciones de ejemplo: qué dice de sí cada una en su ``app.json``. Solo aquí se sabe dónde están."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from multietapa.errors import UnknownNameError
from multietapa.paths import PROJECT_ROOT

APPS = PROJECT_ROOT / "apps"
DESCRIPTION = "app.json"


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

    def version(self, name: str) -> Version:
        """La versión con ese nombre. Lanza :class:`UnknownNameError` con las que hay."""
        for version in self.versions:
            if version.name == name:
                return version
        raise UnknownNameError(name, (v.name for v in self.versions), kind="la versión")

    @classmethod
    def from_folder(cls, folder: Path) -> App:
        """La aplicación que describe el ``app.json`` de esa carpeta."""
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        versions = tuple(Version(**version) for version in values.pop("versions"))
        bases = tuple(values.pop("bases"))
        return cls(folder=folder, versions=versions, bases=bases, **values)


@cache
def apps(root: Path = APPS) -> tuple[App, ...]:
    """Todas las aplicaciones, por su nombre."""
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
