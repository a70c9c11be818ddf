"""Qué desaparece de una imagen a otra, qué es nuevo y qué se queda: en bytes, y con la razón medida.

Un archivo se queda si la otra imagen lleva, en cualquiera de sus capas, uno con la misma ruta, el mismo
tamaño y la misma clase; si no, desaparece (o es nuevo). Cuenta todo lo que viaja, también lo que ningún
contenedor ve: lo que desaparece y lo que se queda de la primera suman su Desempaquetado, al byte, y lo nuevo
y lo que se queda de la segunda, el suyo. No se adivina por qué: cada razón es lo que dice un cierre de npm,
la capa de la que viene o la base que declara cada imagen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multietapa.image.history import instruction
from multietapa.image.image import Found, MeasuredImage, layer_name, visible
from multietapa.image.layer import FileEntry
from multietapa.image.npm import MODULES
from multietapa.image.origins import Origin, classified
from multietapa.image.packages.inventory import inventory
from multietapa.image.packages.model import SYSTEM, Inventory

LISTED = 5
"""Cuántas carpetas, o paquetes, se nombran de cada grupo; de los demás se dice cuántos son."""
_DEPTH = {"usr": 3, "var": 3, "opt": 2, "root": 2, "home": 3}
_FAMILIES = {"npm": "paquetes de npm", "pip": "paquetes de Python", "go": "módulos de Go"}
_SYSTEM = "paquetes del sistema"


@dataclass(frozen=True)
class Piece:
    """Una carpeta o un paquete de un grupo: su nombre, sus bytes y cuántos archivos son."""

    name: str
    bytes: int
    files: int


@dataclass(frozen=True)
class Group:
    """Archivos de un mismo origen y por la misma razón. ``others`` son las piezas que no se nombran."""

    name: str
    reason: str
    bytes: int
    files: int
    pieces: tuple[Piece, ...]
    others: int


@dataclass(frozen=True)
class Names:
    """Paquetes que están en una imagen y no en la otra: ``listed``, por su nombre, y cuántos más."""

    family: str
    listed: tuple[str, ...]
    others: int

    @property
    def count(self) -> int:
        """Cuántos son."""
        return len(self.listed) + self.others


@dataclass(frozen=True)
class Disappeared:
    """De ``before`` a ``after`` (cómo se llaman): lo que desaparece, lo nuevo y lo que se queda.

    ``stayed`` son los bytes de la primera que también lleva la segunda, y ``stayed_after``, los de la
    segunda: difieren si un archivo se repite en varias capas. ``stayed_files`` son los archivos de la
    primera. ``packages_gone`` y ``packages_new`` son de lo que ve un contenedor; ``unknown``, las familias
    de las que no se sabe qué hay en alguna de las dos.
    """

    before: str
    after: str
    gone: tuple[Group, ...]
    new: tuple[Group, ...]
    stayed: int
    stayed_after: int
    stayed_files: int
    packages_gone: tuple[Names, ...]
    packages_new: tuple[Names, ...]
    unknown: tuple[str, ...]

    @property
    def gone_bytes(self) -> int:
        """Lo que desaparece."""
        return sum(group.bytes for group in self.gone)

    @property
    def new_bytes(self) -> int:
        """Lo nuevo."""
        return sum(group.bytes for group in self.new)


class Contents:
    """Una imagen, lista para compararla con otras: sus archivos clasificados y sus paquetes."""

    def __init__(self, name: str, image: MeasuredImage) -> None:
        self.name, self.image = name, image
        self.entries = tuple(
            (Found(layer, entry), origin) for layer, entry, origin in classified(image) if entry.own_bytes
        )
        self.keys = frozenset(_key(found.entry) for found, _ in self.entries)
        self.packages: Inventory = inventory(image, visible(image))


def disappeared(before: Contents, after: Contents) -> Disappeared:
    """Qué cambia al pasar de una imagen a otra."""
    gone, stayed, stayed_files = _missing(before, after)
    new, stayed_after, _ = _missing(after, before)
    lost, unknown = _packages(before.packages, after.packages)
    added, _ = _packages(after.packages, before.packages)
    return Disappeared(
        before.name, after.name, gone, new, stayed, stayed_after, stayed_files, lost, added, unknown
    )


def _key(entry: FileEntry) -> tuple[str, int, str]:
    return entry.path, entry.own_bytes, entry.kind


def _missing(one: Contents, other: Contents) -> tuple[tuple[Group, ...], int, int]:
    """Los grupos de lo que lleva una imagen y la otra no, de más a menos, y los bytes y archivos que sí."""
    groups: dict[tuple[str, str], dict[str, list[int]]] = {}
    reasons: dict[tuple[int, Origin], str] = {}
    stayed = files = 0
    for found, origin in one.entries:
        if _key(found.entry) in other.keys:
            stayed += found.size
            files += 1
            continue
        place = (found.layer.index, origin)
        if place not in reasons:  # son miles de archivos de unas pocas capas
            reasons[place] = _reason(one.image, other.image, found, origin)
        pieces = groups.setdefault((origin.value, reasons[place]), {})
        piece = pieces.setdefault(_piece(found.entry.path), [0, 0])
        piece[0] += found.size
        piece[1] += 1
    made = (_group(name, reason, pieces) for (name, reason), pieces in groups.items())
    return tuple(sorted(made, key=lambda group: (-group.bytes, group.name, group.reason))), stayed, files


def _group(name: str, reason: str, pieces: dict[str, list[int]]) -> Group:
    ordered = sorted(pieces.items(), key=lambda item: (-item[1][0], item[0]))
    listed = tuple(Piece(called, size, files) for called, (size, files) in ordered[:LISTED])
    total, files = (sum(piece[n] for piece in pieces.values()) for n in (0, 1))
    return Group(name, reason, total, files, listed, len(pieces) - len(listed))


def _reason(one: MeasuredImage, other: MeasuredImage, found: Found, origin: Origin) -> str:
    """Lo que se sabe de por qué está en una y no en la otra."""
    if found.layer.index < one.base_layer_count:
        if other.base and other.base != one.base:
            return f"venía en la base {one.base}; la otra sale de {other.base}"
        return f"venía en la base {one.base}" if one.base else "venía en las capas de la base"
    if origin is Origin.DEVELOPMENT:
        return "lo son según el cierre de npm o las devDependencies de su proyecto"
    if instruction(found.layer.created_by):
        return f"la dejó la {layer_name(one, found.number)}"
    return f"está en la {layer_name(one, found.number)}"


def _piece(path: str) -> str:
    """El paquete de npm de un archivo o, si no es de ninguno, su carpeta, sin bajar demasiado."""
    _, found, rest = f"/{path}".rpartition(f"/{MODULES}")
    if found:
        parts = rest.split("/")
        return "/".join(parts[: 2 if parts[0].startswith("@") else 1])
    parts = path.split("/")
    return "/" + "/".join(parts[: min(_DEPTH.get(parts[0], 2), len(parts) - 1)] or parts)


def _packages(one: Inventory, other: Inventory) -> tuple[tuple[Names, ...], tuple[str, ...]]:
    """Los paquetes de una que la otra no lleva, por familias, y las familias de las que no se sabe."""
    found, unknown = [], []
    mine, theirs = (
        {package.name for family in SYSTEM for package in each.of(family)} for each in (one, other)
    )
    if all(any(each.known(family) for family in SYSTEM) for each in (one, other)):
        found += list(_names(_SYSTEM, mine - theirs))
    else:
        unknown.append(_SYSTEM)
    for family, called in _FAMILIES.items():
        if one.known(family) and other.known(family):
            mine, theirs = ({package.name for package in each.of(family)} for each in (one, other))
            found += list(_names(called, mine - theirs))
        else:
            unknown.append(called)
    return tuple(found), tuple(unknown)


def _names(family: str, names: set[str]) -> Iterator[Names]:
    if names:
        ordered = sorted(names)
        yield Names(family, tuple(ordered[: 2 * LISTED]), max(len(ordered) - 2 * LISTED, 0))
