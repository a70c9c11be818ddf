"""Qué paquetes hay en una imagen: los que ve un contenedor, cada uno con la capa que lo trajo.

Los documentos ya están en las capas medidas (``multietapa.image.documents``): aquí no se abre ningún
archivo. Lo que una capa posterior borra no cuenta. Lo que está y no se puede leer es un ``Problem``, nunca
un cero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from multietapa.image.documents import INVENTORIES, NOT_KEPT, is_document, is_dpkg_record
from multietapa.image.image import Found, MeasuredImage, visible
from multietapa.image.layer import Layer
from multietapa.image.packages.model import Inventory, Package, Problem, Reading, few
from multietapa.image.packages.modules import read_go
from multietapa.image.packages.node import is_package, is_zip, read_node
from multietapa.image.packages.python import is_metadata, read_python
from multietapa.image.packages.rpm import DATABASES, FOLDERS, SQLITE, read_rpm
from multietapa.image.packages.stanzas import read_apk, read_dpkg
from multietapa.text import size

DPKG = "var/lib/dpkg/status"
APK = tuple(sorted(path for path in INVENTORIES if path.endswith("apk/db/installed")))
OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
_READERS: dict[str, Callable[[str], Reading]] = {
    "dpkg": read_dpkg,
    "apk": read_apk,
    "rpm": read_rpm,
    "pip": read_python,
    "go": read_go,
}
_PENDING = frozenset(f"{folder}{SQLITE}-wal" for folder in FOLDERS)


def inventory(image: MeasuredImage, seen: Iterable[Found] | None = None) -> Inventory:
    """Los paquetes de una imagen medida. ``seen`` es lo que da ``visible(image)``, si ya se tiene."""
    places = tuple(visible(image) if seen is None else seen)
    packages: set[Package] = set()
    problems: list[Problem] = []
    databases: dict[str, list[str]] = {}
    for place in places:
        path = place.entry.path
        if is_zip(path):
            why = "yarn guarda estos paquetes en zips (Plug'n'Play): no se puede comprobar cuáles son."
            problems.append(Problem("npm", place.path.rpartition("/")[0], why))
        if path in _PENDING and place.size:
            why = "rpm dejó cambios sin pasar a la base de datos: puede faltar algo."
            problems.append(Problem("rpm", place.path, why))
        family = _family(place)
        if not family:
            continue
        if family in ("dpkg", "apk", "rpm"):
            databases.setdefault(family, []).append(place.path)
        reading = _read(family, place)
        since = _arrivals(image.layers, place, family) if path in (DPKG, *APK, *DATABASES) else {}
        for row in reading.packages:
            name, version, architecture = row
            layer = since.get(row, place.layer.index)
            packages.add(Package(family, name, version, place.path, layer, architecture))
        problems += (Problem(family, place.path, why) for why in reading.problems)
    found = {family: tuple(sorted(paths)) for family, paths in sorted(databases.items())}
    return Inventory(tuple(sorted(packages)), few(problems), found, distribution(places))


def distribution(seen: Iterable[Found]) -> dict[str, str]:
    """Los campos de ``os-release`` de una imagen (``ID``, ``VERSION_ID``...), o ``{}`` si no lo lleva."""
    texts = {
        place.entry.path: place.layer.documents.get(place.entry.path, "")
        for place in seen
        if place.entry.path in OS_RELEASE
    }
    text = next((texts[path] for path in OS_RELEASE if texts.get(path)), "")
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and name.isidentifier():
            fields[name] = value.strip().strip("\"'")[:200]
    return fields


def _family(place: Found) -> str:
    """De qué familia dice algo un archivo, o ``""``."""
    path = place.entry.path
    if place.entry.kind not in ("file", "hardlink"):
        return ""
    if path == DPKG or is_dpkg_record(path):
        return "dpkg"
    if path in APK:
        return "apk"
    if path in DATABASES:
        return "rpm"
    if is_package(path):
        return "npm"
    if is_metadata(path):
        return "pip"
    return "go" if path in place.layer.documents and not is_document(path) else ""


def _read(family: str, place: Found) -> Reading:
    path = place.entry.path
    text = place.layer.documents.get(path)
    if text is None or (family == "go" and text == NOT_KEPT):
        return Reading(problems=[_unread(place, family)])
    return read_node(text, path) if family == "npm" else _READERS[family](text)


def _unread(place: Found, family: str) -> str:
    """Por qué no se guardó el texto de un archivo que está en la imagen."""
    if family == "go":
        return "La lista de sus módulos no cabe en lo que se guarda de su capa."
    if not place.entry.size:
        return "Está vacío."
    if place.entry.kind == "hardlink":
        return f"Es otro nombre de «/{place.entry.link}», cuyo contenido no se guarda: no se puede comprobar."
    return f"Ocupa {size(place.entry.size)} y no cabe en lo que se guarda de su capa: no se puede comprobar."


def _arrivals(layers: Sequence[Layer], place: Found, family: str) -> dict[tuple[str, str, str], int]:
    """La capa desde la que está cada paquete de una base de datos que varias capas reescriben.

    Es la primera a partir de la cual ninguna versión de la base de datos deja de nombrarlo.
    """
    path = place.entry.path
    since: dict[tuple[str, str, str], int] = {}
    for layer in _versions(layers[: place.layer.index + 1], path):
        rows = _READERS[family](layer.documents[path]).packages
        since = {row: since.get(row, layer.index) for row in rows}
    return since


def _versions(layers: Sequence[Layer], path: str) -> Iterator[Layer]:
    return (layer for layer in layers if path in layer.documents)
