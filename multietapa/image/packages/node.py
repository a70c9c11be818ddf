"""Los paquetes de npm, pnpm y yarn: el ``package.json`` que cada uno lleva en ``node_modules``."""

from __future__ import annotations

import posixpath
import re

from multietapa.image.npm import MODULES, PACKAGE, parse
from multietapa.image.packages.model import MAX_NAME, MAX_VERSION, Reading, sane, shown

_ZIP = re.compile(r"(?:.*/)?\.yarn/cache/[^/]+\.zip$")


def is_package(path: str) -> bool:
    """Si ``path`` es el ``package.json`` de un paquete instalado, y no el de una carpeta suya."""
    _, inside, package = f"/{path}".rpartition(f"/{MODULES}")
    name, _, file = package.rpartition("/")
    scoped = 1 if name.startswith("@") else 0
    return bool(inside) and file == PACKAGE and name.count("/") == scoped and name not in ("", ".bin")


def is_zip(path: str) -> bool:
    """Si ``path`` es un paquete que yarn guarda en un zip, sin ``node_modules`` (Plug'n'Play)."""
    return path.endswith(".zip") and _ZIP.match(path) is not None


def read_node(text: str, path: str) -> Reading:
    """El paquete de un ``package.json``. Si no se entiende, su carpeta dice el nombre; la versión, nadie."""
    reading = Reading()
    manifest = parse(text)
    folder = f"/{posixpath.dirname(path)}".rpartition(f"/{MODULES}")[2]
    if not manifest:
        reading.problems.append(f"No es JSON que se entienda: no se sabe la versión de {shown(folder)}.")
    name, version = manifest.get("name"), manifest.get("version", "")
    if not isinstance(name, str) or not sane(name, MAX_NAME):
        name = folder
    if version == "":  # lo que se instala desde una carpeta puede no llevarla
        if sane(name, MAX_NAME):
            reading.packages.append((name, "", ""))
        else:
            reading.problems.append(f"Un paquete tiene un nombre imposible: {shown(name)}.")
    else:
        reading.add(name, version if isinstance(version, str) else str(version)[: MAX_VERSION + 1])
    return reading
