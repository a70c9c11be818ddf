"""Lo que se recuerda de una construcción: de cada etapa, sus instrucciones y todo de lo que depende su caché.

Son valores, y el JSON en el que se guardan. De un valor de ``ARG`` se guarda una huella, nunca el valor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1


@dataclass(frozen=True)
class Element:
    """Una instrucción tal como se hizo.

    ``text`` es su texto (recortado si es muy largo) y ``mark`` la huella del texto entero. ``values``, la
    huella de lo que vale cada variable de un ``ARG``. ``paths``, lo que nombra de la carpeta; ``taken``, lo
    que toma de ella, con la huella de cada archivo (``None`` si no se sabe). ``images``, las imágenes de
    fuera de las que parte o toma algo, cada una con su id (``""`` si no se sabe), y ``stages``, las etapas.
    ``opaque``: depende de algo que no se compara (una dirección, otra carpeta). ``done``: se hizo, o salió de
    la caché.
    """

    keyword: str
    text: str
    mark: str
    line: int
    values: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    taken: Mapping[str, str] | None = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    stages: tuple[str, ...] = ()
    opaque: bool = False
    done: bool = False

    @property
    def comparable(self) -> bool:
        """Si se sabe todo de lo que depende."""
        return not self.opaque and self.taken is not None and all(self.images.values())


@dataclass(frozen=True)
class StageRecord:
    """Una etapa: aquella de la que parte (``""`` si es una imagen) y sus instrucciones, desde su ``FROM``."""

    parent: str
    elements: tuple[Element, ...]


@dataclass(frozen=True)
class Record:
    """Una construcción: sus etapas, por como las llama BuildKit.

    ``hashes`` es la huella de cada archivo ya leído, con su tamaño y sus fechas, para no volver a leerlo.
    """

    stages: Mapping[str, StageRecord]
    hashes: Mapping[str, tuple[int, int, int, int, str]] = field(default_factory=dict)

    def with_older(self, older: Record | None) -> Record:
        """Lo mismo, con las etapas que esta vez no se hicieron y alguna vez sí."""
        kept = older.stages if older else {}
        return Record({**kept, **self.stages}, self.hashes)

    def to_json(self) -> dict[str, Any]:
        """Como se guarda."""
        stages = {name: asdict(stage) for name, stage in self.stages.items()}
        return {"version": VERSION, "stages": stages, "hashes": {k: list(v) for k, v in self.hashes.items()}}

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> Record | None:
        """Lo que se guardó, o ``None`` si no se entiende."""
        try:
            if found["version"] != VERSION:
                return None
            stages = {str(name): _stage(stage) for name, stage in found["stages"].items()}
            return Record(stages, {str(name): _hash(row) for name, row in found["hashes"].items()})
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


def _stage(found: Mapping[str, Any]) -> StageRecord:
    elements = tuple(_element(each) for each in found["elements"])
    if not elements or elements[0].keyword != "FROM":
        raise ValueError("una etapa empieza por FROM")
    return StageRecord(str(found["parent"]), elements)


def _element(found: Mapping[str, Any]) -> Element:
    return Element(
        str(found["keyword"]),
        str(found["text"]),
        str(found["mark"]),
        int(found["line"]),
        _texts(found["values"]),
        tuple(str(path) for path in found["paths"]),
        None if found["taken"] is None else _texts(found["taken"]),
        _texts(found["images"]),
        tuple(str(name) for name in found["stages"]),
        bool(found["opaque"]),
        bool(found["done"]),
    )


def _texts(found: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in found.items()}


def _hash(row: Any) -> tuple[int, int, int, int, str]:
    size, modified, changed, inode, digest = row
    return int(size), int(modified), int(changed), int(inode), str(digest)
