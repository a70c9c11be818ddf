"""Un paquete instalado, un problema al leerlos y la lista entera de una imagen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SYSTEM = ("dpkg", "apk", "rpm")
"""Las familias de paquetes del sistema."""
FAMILIES = (*SYSTEM, "npm", "pip", "go")
"""Todas, en el orden en que se muestran."""
MAX_NAME = 512
MAX_VERSION = 256
"""Letras de un nombre y de una versión; lo que pasa de ahí no lo escribió ningún gestor."""
MAX_PROBLEMS = 50
"""Cuántos problemas se listan de cada familia; los demás se cuentan."""


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """Un paquete instalado en la imagen final.

    ``family`` es una de ``FAMILIES``; ``version`` vale ``""`` si no se sabe. ``path`` es el archivo que lo
    dice, con ``/`` delante: la base de datos, el ``package.json``, el ``METADATA`` o el programa de Go.
    ``layer`` es la capa que lo trajo, desde 0 y contando las de la base. ``architecture`` es la que dicen
    los del sistema, o ``""``.
    """

    family: str
    name: str
    version: str
    path: str
    layer: int
    architecture: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Algo que no se pudo leer: de qué familia, dónde (``path``, con ``/`` delante) y por qué, en español."""

    family: str
    path: str
    why: str


@dataclass(frozen=True)
class Inventory:
    """Los paquetes de una imagen, en orden, y lo que no se pudo comprobar.

    ``databases`` son las bases de datos de paquetes del sistema que hay, por familia: una familia que no
    está no tiene base de datos, y de ella no se sabe nada (no son cero paquetes). ``distribution`` son los
    campos de ``os-release`` (``ID``, ``VERSION_ID``...), o ``{}``.
    """

    packages: tuple[Package, ...]
    problems: tuple[Problem, ...] = ()
    databases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    distribution: Mapping[str, str] = field(default_factory=dict)

    def of(self, family: str) -> tuple[Package, ...]:
        """Los paquetes de una familia."""
        return tuple(package for package in self.packages if package.family == family)

    def known(self, family: str) -> bool:
        """Si el número de paquetes de una familia está entero: se leyó todo lo que los dice, y bien.

        De los del sistema hace falta además que haya base de datos.
        """
        if any(problem.family == family for problem in self.problems):
            return False
        return family not in SYSTEM or family in self.databases


@dataclass
class Reading:
    """Lo que se va leyendo de una base de datos: sus paquetes (nombre, versión, arquitectura) y problemas."""

    packages: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, name: str, version: str, architecture: str = "") -> None:
        """Apunta un paquete. De un nombre imposible queda el problema; de una versión, también el paquete."""
        if not sane(name, MAX_NAME):
            self.problems.append(f"Un paquete tiene un nombre imposible: {shown(name)}.")
            return
        if not sane(version, MAX_VERSION):
            self.problems.append(f"La versión de {shown(name)} no se entiende: {shown(version)}.")
            version = ""
        self.packages.append((name, version, architecture if sane(architecture, MAX_NAME) else ""))


def sane(text: str, longest: int) -> bool:
    """Si un nombre o una versión pudo escribirlos un gestor: cabe, se puede imprimir y no lleva espacios."""
    return 0 < len(text) <= longest and text.isprintable() and " " not in text and "\ufffd" not in text


def shown(text: str) -> str:
    """Un texto ajeno, corto y sin nada que altere la pantalla."""
    clean = "".join(letter if letter.isprintable() else "�" for letter in text[:40])
    return f"«{clean}…»" if len(text) > 40 else f"«{clean}»"


def few(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Los problemas en orden y sin repetir; de cada familia, ``MAX_PROBLEMS`` y cuántos más hay."""
    kept: list[Problem] = []
    groups: dict[str, list[Problem]] = {}
    for problem in sorted(set(problems)):
        groups.setdefault(problem.family, []).append(problem)
    for family, group in groups.items():
        kept += group[:MAX_PROBLEMS]
        rest = group[MAX_PROBLEMS:]
        if rest:
            kept.append(Problem(family, rest[0].path, f"{rest[0].why} Y hay {len(rest)} como este o peores."))
    return tuple(kept)
