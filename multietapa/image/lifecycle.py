"""Hasta cuándo tiene soporte lo que una imagen ejecuta: su distribución, Node y Python.

Qué hay sale de lo que la imagen dice de sí misma: ``os-release``, la cabecera ``node_version.h`` o
``patchlevel.h``, el paquete del sistema o de npm y, si nada de eso está, la variable con que las imágenes
oficiales dicen su versión. Las fechas son de ``lifecycle.json``, que hace ``python -m tools.lifecycle``;
cada producto lleva su fuente y su fecha. Lo que no se sabe es ``None``: nunca un «con soporte».
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from multietapa.image.image import Found
from multietapa.image.packages.model import SYSTEM, Inventory

DATA = Path(__file__).with_suffix(".json")
DISTRIBUTIONS = ("debian", "ubuntu", "alpine")
_DEFINED = re.compile(r'^#define\s+(\w+)\s+"?([\w.+-]+)"?', re.MULTILINE)
_NODE_HEADER = "include/node/node_version.h"
_NODE_PROGRAM = re.compile(r"(?!.*node_modules/)(?:.*/)?bin/(node|nodejs)$")
_PYTHON_HEADER = re.compile(r"(?:.*/)?include/python[^/]+/patchlevel\.h$")
_PYTHON_PROGRAM = re.compile(r"(?:.*/)?bin/python\d*(?:\.\d+)?$")
_PYTHON_LIBRARY = re.compile(r"(?:.*/)?lib/python(\d+\.\d+)/os\.pyc?$")
_SYSTEM_PACKAGES = {
    "node": re.compile(r"nodejs(-current|-lts)?(\d+)?$"),
    "python": re.compile(r"(lib)?python3?(\.\d+)?-(minimal|stdlib)$|python3(\.\d+)?$"),
}
_NPM_PACKAGE = re.compile(r"node(-bin)?-linux-\w+$|node-bin$")
_FOREIGN = "nodesource"  # quien hace sus paquetes fuera de las distribuciones lo pone en la versión
_UPSTREAM = re.compile(r"(?:\d+:)?(\d+(?:\.\d+)*)")


class Support(Enum):
    """Cómo está un producto un día; el valor es lo que se enseña."""

    FULL = "con soporte"
    EXTENDED = "solo con soporte ampliado"
    ENDED = "sin soporte"
    UNKNOWN = "no se puede comprobar"


@dataclass(frozen=True, slots=True, order=True)
class Runtime:
    """Algo que la imagen ejecuta: ``node``, ``python`` o la distribución (``debian``...).

    ``version`` vale ``""`` si está pero no dice cuál es. ``said_by`` es quién la dice: una ruta, un paquete
    (``dpkg nodejs``) o una variable. ``keeper`` es la distribución que lo mantiene por su cuenta, o ``""``:
    si viene de un paquete suyo, las fechas de sus autores no son las que cuentan.
    """

    name: str
    version: str
    said_by: str
    keeper: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """El soporte de un producto, según ``source`` (con los datos del día ``data_date``).

    ``cycle`` es la serie (``14``, ``3.12``), o ``""`` si no se conoce. ``ends`` es el último día del soporte
    de siempre, y ``extended`` el del ampliado (LTS de Debian, que es gratis); ``None`` si no se sabe o no
    lo hay.
    """

    runtime: Runtime
    cycle: str
    ends: date | None
    extended: date | None
    source: str
    data_date: date | None

    def support(self, today: date) -> Support:
        """Cómo está ese día. El último día todavía tiene soporte."""
        if self.ends is None:
            return Support.UNKNOWN
        if today <= self.ends:
            return Support.FULL
        return Support.EXTENDED if self.extended and today <= self.extended else Support.ENDED


def life(runtime: Runtime) -> Life:
    """El soporte de un producto; con los datos en ``None`` si su serie no está entre los conocidos."""
    known = _data().get(runtime.name, {})
    cycles: Mapping[str, list[str]] = known.get("cycles", {})
    numbers = runtime.version.split(".")
    cycle = next((name for size in (3, 2, 1) if (name := ".".join(numbers[:size])) in cycles), "")
    ends, extended = (date.fromisoformat(day) if day else None for day in cycles.get(cycle, ("", "")))
    told = known.get("date")
    return Life(
        runtime, cycle, ends, extended, known.get("source", ""), date.fromisoformat(told) if told else None
    )


def runtimes(
    seen: Iterable[Found], found: Inventory, environment: Mapping[str, str] | None = None
) -> tuple[Runtime, ...]:
    """Lo que ejecuta la imagen cuyos archivos visibles son ``seen`` y sus paquetes ``found``.

    ``environment`` son las variables de su configuración (``NODE_VERSION``, ``PYTHON_VERSION``).
    """
    places = tuple(seen)
    environment = environment or {}
    return (
        *_system(found),
        *_language("node", places, found, environment.get("NODE_VERSION", "")),
        *_language("python", places, found, environment.get("PYTHON_VERSION", "")),
    )


def _system(found: Inventory) -> Iterator[Runtime]:
    name = found.distribution.get("ID", "")
    if name:
        version = found.distribution.get("VERSION_ID", "")
        yield Runtime(name, version if _UPSTREAM.fullmatch(version) else "", "os-release")


def _language(name: str, places: tuple[Found, ...], found: Inventory, variable: str) -> list[Runtime]:
    """Las versiones de un lenguaje que hay, sin repetir; la variable solo si nadie más la dice."""
    said: dict[str, Runtime] = {}
    for runtime in (*_headers(name, places), *_packaged(name, found)):
        said.setdefault(runtime.version, runtime)
    if said:
        return sorted(said.values())
    program = _NODE_PROGRAM if name == "node" else _PYTHON_PROGRAM
    there = sorted(place.path for place in places if program.match(place.entry.path))
    version = variable.removeprefix("v")
    if there and _UPSTREAM.fullmatch(version):
        return [Runtime(name, version, f"{name.upper()}_VERSION")]
    libraries = {
        match[1]: place.path
        for place in places
        if name == "python" and (match := _PYTHON_LIBRARY.match(place.entry.path))
    }
    if libraries:
        return sorted(Runtime(name, version, path) for version, path in libraries.items())
    return [Runtime(name, "", there[0])] if there else []


def _headers(name: str, places: Iterable[Found]) -> Iterator[Runtime]:
    """Las versiones que dicen las cabeceras de C que instala cada lenguaje."""
    for place in places:
        path = place.entry.path
        header = path.endswith(_NODE_HEADER) if name == "node" else _PYTHON_HEADER.match(path)
        if not header:
            continue
        defined = dict(_DEFINED.findall(place.layer.documents.get(path, "")))
        numbers = [defined.get(f"NODE_{part}_VERSION", "") for part in ("MAJOR", "MINOR", "PATCH")]
        version = defined.get("PY_VERSION", "") if name == "python" else ".".join(numbers)
        if match := _UPSTREAM.match(version):
            yield Runtime(name, match[1], place.path)


def _packaged(name: str, found: Inventory) -> Iterator[Runtime]:
    """Las versiones que dicen los paquetes: los del sistema y, de Node, los de npm que lo llevan dentro."""
    keeper = found.distribution.get("ID", "")
    for package in found.packages:
        by_system = package.family in SYSTEM and _SYSTEM_PACKAGES[name].match(package.name)
        by_npm = package.family == "npm" and name == "node" and _NPM_PACKAGE.match(package.name)
        match = _UPSTREAM.match(package.version)
        if match and (by_system or by_npm):
            said_by = f"{package.family} {package.name}"
            theirs = by_system and _FOREIGN not in package.version
            yield Runtime(name, match[1], said_by, keeper if theirs else "")


@cache
def _data() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))
    return found
