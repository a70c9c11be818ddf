"""Las listas de archivos que deja cada gestor: qué ruta instaló cada paquete, según él mismo lo anotó.

dpkg deja un ``.list`` por paquete (distroless, un ``.md5sums`` junto a su ficha), pip un ``RECORD`` y apk lo
escribe en su base de datos. De lo que instaló rpm no se sabe: sus listas están en una base de datos que no se
guarda.
"""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterator

_DPKG = "var/lib/dpkg/info/"
_DISTROLESS = "var/lib/dpkg/status.d/"
_ENDINGS = (".list", ".md5sums", ".dist-info/RECORD")


def is_file_list(path: str) -> bool:
    """Si ``path`` es la lista de archivos de un paquete."""
    if not path.endswith(_ENDINGS):
        return False
    if path.endswith(".list"):
        return path.startswith(_DPKG)
    return path.endswith("/RECORD") or path.startswith(_DISTROLESS)


def kept_list(path: str, text: str) -> str:
    """Lo que se guarda de una lista: una ruta en cada línea, sin las sumas."""
    if path.endswith(".md5sums"):
        return "\n".join(line.partition("  ")[2] for line in text.split("\n") if "  " in line)
    if path.endswith("/RECORD"):
        try:
            return "\n".join(row[0] for row in csv.reader(text.split("\n")) if row and "\n" not in row[0])
        except csv.Error:
            return ""
    return text


def package_of(path: str) -> str:
    """El paquete del que es una lista, por cómo se llama su archivo."""
    name = posixpath.basename(path)
    if path.endswith("/RECORD"):
        return posixpath.basename(posixpath.dirname(path)).removesuffix(".dist-info").partition("-")[0]
    return name.removesuffix(".list").removesuffix(".md5sums").partition(":")[0]


def listed(path: str, text: str) -> Iterator[str]:
    """Las rutas de una lista guardada, sin ``/`` delante; las de pip salen de la carpeta de su paquete."""
    start = posixpath.dirname(posixpath.dirname(path)) if path.endswith("/RECORD") else ""
    for line in text.split("\n"):
        if not line:
            continue
        if start:
            line = posixpath.normpath(f"{start}/{line}" if line[0] != "/" else line)
        yield line.removeprefix("./").strip("/")


def apk_files(text: str) -> Iterator[tuple[str, str]]:
    """Cada archivo de la base de datos de apk, sin ``/`` delante, y su paquete."""
    name = folder = ""
    for line in text.split("\n"):
        field, value = line[:2], line[2:]
        if field == "P:":
            name, folder = value, ""
        elif field == "F:":
            folder = value
        elif field == "R:" and name:
            yield f"{folder}/{value}".lstrip("/"), name
