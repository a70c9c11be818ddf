"""Lo que deja a mano una imagen, en clases que se cuentan, y dos imágenes una al lado de otra.

Solo valores: no hay aquí ningún cliente de un motor. Cada cuenta es el largo de su lista, y lo que no se pudo
mirar no es un cero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import zip_longest

from multietapa.image.lifecycle import Life

_PARTS = re.compile(r"[0-9]+|[^0-9.]+")


class Kind(Enum):
    """Las clases de cosas que se cuentan, en el orden en que se enseñan. El valor es lo que se lee."""

    SYSTEM = "Paquetes del sistema"
    NPM = "Paquetes de npm"
    PIP = "Paquetes de Python"
    GO = "Módulos de Go"
    EXECUTABLES = "Ejecutables"
    SHELLS = "Intérpretes de órdenes"
    MANAGERS = "Gestores de paquetes"
    COMPILERS = "Compiladores y constructores"
    NETWORK = "Herramientas de red"
    SETUID = "Archivos setuid"
    SETGID = "Archivos setgid"
    CAPABLE = "Archivos con permisos sueltos"
    ANYONE = "Lo que cualquiera puede escribir"
    SECRETS = "Secretos"
    VULNERABILITIES = "Vulnerabilidades conocidas"


@dataclass(frozen=True)
class Entry:
    """Una cosa de una lista.

    ``key`` la identifica de una imagen a otra (un paquete, por su nombre y su versión; un archivo, por su
    ruta) y no se repite en una lista; ``name`` es lo que se lee, y ``detail``, lo demás: la versión, los
    permisos, el estado. ``layer`` es su capa, desde 0, e ``instruction`` la que la hizo; ``None`` y ``""`` si
    no se saben. Dos con la misma ``key`` y otro ``detail`` son la misma cosa, cambiada; y dos sin pareja con
    el mismo ``group``, que no es ``""``, también: son dos versiones de lo mismo.
    """

    key: str
    name: str
    detail: str = ""
    layer: int | None = None
    instruction: str = ""
    group: str = ""


@dataclass(frozen=True)
class Count:
    """Una lista, o por qué no la hay: con ``why``, «no se puede comprobar», y no hay número que enseñar.

    ``notes`` son advertencias sobre lo contado: lo que se apartó, con qué datos se buscó. ``source`` es la
    herramienta que lo dice, si no es el taller: ``trivy 0.58, datos del 2026-11-20``.
    """

    entries: tuple[Entry, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()
    source: str = ""

    @property
    def known(self) -> bool:
        """Si se pudo mirar."""
        return not self.why


@dataclass(frozen=True)
class RunningUser:
    """Con qué usuario corre: medido en un contenedor en marcha, o por qué no se pudo (``why``).

    ``declared`` es el ``USER`` de la imagen, tal cual (``""``: no lo dice, y es root).
    """

    uid: int | None
    gid: int | None
    name: str
    declared: str
    why: str = ""

    @property
    def root(self) -> bool | None:
        """Si es root; ``None`` si no se sabe."""
        return None if self.uid is None else self.uid == 0


@dataclass(frozen=True)
class Face:
    """Lo que deja a mano una imagen. ``name`` es cómo se la llama aquí; ``tag``, su etiqueta.

    ``runtimes`` son las cosas que ejecuta, con su soporte; ``today``, el día con el que se juzga, en ISO.
    ``equivalent``: su base se hizo aquí. ``notes`` son las advertencias que valen para toda la imagen: lo que
    no se abrió, lo que no se entendió.
    """

    name: str
    tag: str
    image_id: str
    architecture: str
    user: RunningUser
    counts: Mapping[Kind, Count]
    runtimes: tuple[Life, ...] = ()
    today: str = ""
    equivalent: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """Una cosa de dos imágenes: en la primera (``before``), en la segunda (``after``) o en las dos."""

    before: Entry | None
    after: Entry | None

    @property
    def gone(self) -> bool:
        """Estaba en la primera y no en la segunda."""
        return self.after is None

    @property
    def new(self) -> bool:
        """Está en la segunda y no en la primera."""
        return self.before is None

    @property
    def changed(self) -> bool:
        """Está en las dos, con otro detalle (otra versión, otros permisos)."""
        return self.before is not None and self.after is not None and self.before.detail != self.after.detail


@dataclass(frozen=True)
class Surfaces:
    """Una, dos o más imágenes miradas en un motor (``engine``, la línea que lo nombra)."""

    faces: tuple[Face, ...]
    engine: str
    kinds: tuple[Kind, ...] = field(default=tuple(Kind))
    _paired: dict[Kind, tuple[Change, ...]] = field(default_factory=dict, repr=False, compare=False)

    def changes(self, kind: Kind) -> tuple[Change, ...]:
        """De la primera a la segunda, por su nombre; nada si alguna de las dos no se pudo mirar."""
        if len(self.faces) < 2:
            return ()
        one, other = (face.counts[kind] for face in self.faces[:2])
        if not (one.known and other.known):
            return ()
        if kind not in self._paired:  # se pregunta muchas veces, y puede haber miles
            self._paired[kind] = tuple(sorted(_paired(one, other), key=_name))
        return self._paired[kind]


def _paired(one: Count, other: Count) -> Iterator[Change]:
    before = {entry.key: entry for entry in one.entries}
    after = {entry.key: entry for entry in other.entries}
    for key in before.keys() & after.keys():
        yield Change(before.pop(key), after.pop(key))
    old, new = _grouped(before.values()), _grouped(after.values())
    for group in old.keys() | new.keys():
        if not group:
            yield from (Change(entry, None) for entry in old.get(group, ()))
            yield from (Change(None, entry) for entry in new.get(group, ()))
            continue
        for pair in zip_longest(old.get(group, ()), new.get(group, ())):
            yield Change(*pair)


def _grouped(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Las entradas de cada grupo, de la versión más nueva a la más vieja: así casan las próximas."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    for members in groups.values():
        members.sort(key=lambda entry: _version(entry.detail), reverse=True)
    return groups


def _version(text: str) -> list[tuple[int, str]]:
    """Con qué se ordena una versión: sus números, como números."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in _PARTS.findall(text)]


def _name(change: Change) -> tuple[str, str]:
    entry = change.before or change.after
    assert entry is not None  # una de las dos está
    return entry.name, entry.key
