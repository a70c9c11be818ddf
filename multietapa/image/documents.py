"""Qué se guarda del contenido de cada archivo de una capa: el texto de unos pocos, y solo lo que hace falta.

Lo binario no se guarda: de una base de datos de rpm y de un programa de Go queda un texto con lo que dicen,
sacado mientras pasan. Las rutas van sin ``/`` delante.
"""

from __future__ import annotations

import json
from typing import Protocol

from multietapa.image.npm import parse
from multietapa.image.packages.file_lists import is_file_list, kept_list
from multietapa.image.packages.gobuild import SMALLEST, GoBuild
from multietapa.image.packages.node import is_package
from multietapa.image.packages.python import header, is_metadata
from multietapa.image.packages.rpm import DATABASES, RpmDatabase

INVENTORIES = frozenset(
    {
        "etc/group",
        "etc/os-release",
        "etc/passwd",
        "lib/apk/db/installed",
        "usr/lib/apk/db/installed",
        "usr/lib/os-release",
        "var/lib/dpkg/status",
    }
)
_MANIFEST = (
    "name", "version", "bin", "dependencies", "optionalDependencies", "peerDependencies",
    "peerDependenciesMeta", "devDependencies",
)  # fmt: skip
_VERSION_HEADERS = ("include/node/node_version.h", "/patchlevel.h")
_DIFFERENT = "/include/python"
_MAX_SMALL = 64 << 10
NOT_KEPT = ""
"""Lo que se guarda de un programa de Go cuyos módulos ya no caben."""


class Reader(Protocol):
    """Quien mira un archivo mientras pasa y al final da el texto que queda de él (``""``: ninguno)."""

    def write(self, data: bytes) -> bool:
        """Recibe los siguientes bytes; ``False`` si ya no quiere más."""

    def text(self) -> str:
        """El texto que queda."""


def is_document(path: str) -> bool:
    """Si el contenido de ``path`` se guarda con la capa."""
    name = path[path.rfind("/") + 1 :]
    if name == "package.json":
        return "/node_modules/" not in f"/{path}" or is_package(path)
    if name in ("package-lock.json", "npm-shrinkwrap.json"):
        return "node_modules/" not in path
    if name == ".package-lock.json":
        return path.endswith("node_modules/.package-lock.json")
    if name == "lock.yaml":
        return path.endswith("node_modules/.pnpm/lock.yaml")
    if is_metadata(path):
        return True
    return path in INVENTORIES or is_dpkg_record(path) or is_version_header(path) or is_file_list(path)


def is_dpkg_record(path: str) -> bool:
    """Si ``path`` es la ficha de un paquete de dpkg tal como las deja distroless, en ``status.d``."""
    return path.startswith("var/lib/dpkg/status.d/") and not path.endswith(".md5sums")


def is_version_header(path: str) -> bool:
    """Si ``path`` es la cabecera de C con la que Node o Python dicen su versión."""
    return path.endswith(_VERSION_HEADERS) and ("/patchlevel.h" not in path or _DIFFERENT in f"/{path}")


def kept(path: str, data: bytes) -> str:
    """Lo que se guarda de un documento: entero o, del ``package.json`` y la ficha de un paquete, lo suyo."""
    text = data.decode("utf-8", "replace")
    if is_metadata(path):
        return header(text)
    if is_file_list(path):
        return kept_list(path, text)
    if is_version_header(path):
        lines = text.split("\n")
        return "\n".join(line[:200] for line in lines if line.startswith("#define") and "VERSION" in line)
    if is_package(path) and (manifest := parse(text)):
        fields = {field: manifest[field] for field in _MANIFEST if field in manifest}
        return json.dumps(fields or {"private": True}, ensure_ascii=False, separators=(",", ":"))
    return text


def reader(path: str, length: int) -> Reader | None:
    """Quien mira lo que no se guarda entero (``length`` bytes), o ``None`` si no hace falta mirarlo."""
    if path in DATABASES:
        return RpmDatabase(path, length)
    return GoBuild() if length >= SMALLEST else None
