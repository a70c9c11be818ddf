"""El árbol de archivos de una imagen: qué se ve, qué se pierde, de qué capa es y por qué.

Todo son bytes de Desempaquetado: en cualquier carpeta, lo que se ve y lo que se pierde suman lo que llevan
las capas, y en la raíz son exactamente ``image.unpacked_bytes``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from multietapa.image.history import instruction
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry
from multietapa.image.node_modules import NodeModules
from multietapa.image.nodes import MARKERS, Change, Node, Version
from multietapa.image.origins import Origin, origin_in, origin_of
from multietapa.image.stacking import stack

SHOWN = 200
"""Cuántos hijos de una carpeta se enseñan antes de agrupar los demás."""
_WITHOUT_BYTES = (*MARKERS, "dir")


@dataclass(frozen=True)
class LayerSum:
    """Lo que una capa pone y esconde. ``number`` cuenta desde 1, con las de la base.

    ``bytes`` son los suyos (Desempaquetado), de los que ``hidden`` se pierden en las de encima; ``hides``,
    los que ella esconde de las de abajo. ``changes`` cuenta sus rutas por lo que les hace. ``instruction`` es
    la que la hizo (``""``: no se sabe) y ``line`` su línea. ``stage`` es la etapa (o imagen) de la que copia,
    ``""`` si no copia de ninguna y ``None`` si no se sabe: la historia de la imagen no lo dice.
    """

    number: int
    instruction: str
    line: int | None
    in_base: bool
    bytes: int
    hidden: int
    hides: int
    changes: Mapping[Change, int]
    stage: str | None = None

    @property
    def visible(self) -> int:
        """Los bytes suyos que ve un contenedor."""
        return self.bytes - self.hidden


@dataclass(frozen=True)
class OriginSum:
    """Lo que se ve y lo que se pierde de un origen."""

    origin: Origin
    visible: int
    hidden: int


@dataclass(frozen=True)
class Group:
    """Los hijos de una carpeta que se enseñan, de mayor a menor, y lo que suman los ``left`` agrupados."""

    shown: tuple[Node, ...]
    left: int = 0
    left_bytes: int = 0
    left_hidden: int = 0


@dataclass(frozen=True, eq=False)
class Tree:
    """El árbol de ``image``. Las rutas se piden con ``/`` delante o sin ella.

    ``stages`` dice, por la línea del Dockerfile, de qué etapa copia cada ``COPY --from``; ``None`` si no se
    tiene el texto.
    """

    image: MeasuredImage
    root: Node
    stages: Mapping[int, str] | None = field(default=None, repr=False)

    def at(self, path: str) -> Node | None:
        """La ruta, se vea o ya no; ``None`` si no estuvo nunca."""
        node: Node | None = self.root
        for name in path.strip("/").split("/") if path.strip("/") else ():
            if node is None:
                return None
            node = node.children.get(name) or node.gone.get(name)
        return node

    def versions(self, path: str) -> tuple[Version, ...]:
        """Todo lo que las capas han dejado en ``path``, de abajo arriba; ``()`` si nada."""
        node = self.at(path)
        return node.versions if node else ()

    def nodes(self) -> Iterator[Node]:
        """Todas las rutas, la raíz la primera: las que se ven y las que ya no."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(node.children.values())
            waiting.extend(node.gone.values())

    def versions_with_bytes(self) -> Iterator[tuple[Node, Version, int]]:
        """Cada versión de cada archivo o enlace, con los bytes que cuenta: se vean o se pierdan."""
        for node in self.nodes():
            for version, size in counted(node):
                yield node, version, size

    def origin(self, entry: FileEntry, layer: int) -> Origin:
        """De dónde sale una entrada de la capa ``layer`` (desde 0)."""
        return origin_of(entry, layer, layer < self.image.base_layer_count, self._modules)

    def origin_in(self, folder: str, layer: int) -> Origin | None:
        """El de todos los archivos de un solo nombre que cuelguen de ``folder``, o ``None`` si varía."""
        return origin_in(folder, layer, layer < self.image.base_layer_count, self._modules)

    def origin_of(self, node: Node, version: Version) -> Origin:
        """De dónde sale una versión de una ruta; un enlace duro, de donde salga su primer nombre."""
        if node.shared and version.hidden_by is None:
            return self.origin(node.shared.first, node.shared.layer)
        return self.origin(version.first or version.entry, version.layer)

    @cached_property
    def layers(self) -> tuple[LayerSum, ...]:
        """Lo que pone y esconde cada capa, de abajo arriba."""
        image = self.image
        hidden, hides = Counter[int](), Counter[int]()
        changes: list[Counter[Change]] = [Counter() for _ in image.layers]
        added = [0] * len(image.layers)  # casi todas: contarlas con las demás cuesta más que lo otro junto
        for node in self.nodes():
            for version in node.older:
                if version.bytes and version.hidden_by is not None:
                    hidden[version.layer] += version.bytes
                    hides[version.hidden_by] += version.bytes
                changes[version.layer][version.change] += 1
            if node.entry is None or node is self.root:
                continue
            if node.change is Change.ADDED:
                added[node.layer] += 1
            else:
                changes[node.layer][node.change] += 1
        for each, count in zip(changes, added, strict=True):
            if count:
                each[Change.ADDED] += count
        return tuple(
            LayerSum(
                layer.index + 1,
                instruction(layer.created_by),
                image.lines[layer.index] if image.lines else None,
                layer.index < image.base_layer_count,
                layer.unpacked_bytes,
                hidden[layer.index],
                hides[layer.index],
                changes[layer.index],
                self._stage(layer.index),
            )
            for layer in image.layers
        )

    @cached_property
    def origins(self) -> tuple[OriginSum, ...]:
        """Lo que se ve y lo que se pierde de cada origen, en su orden."""
        visible, hidden = Counter[Origin](), Counter[Origin]()
        for node, version, size in self.versions_with_bytes():
            if not size:
                continue
            totals = visible if version.hidden_by is None else hidden
            totals[self.origin_of(node, version)] += size
        return tuple(OriginSum(origin, visible[origin], hidden[origin]) for origin in Origin)

    @cached_property
    def _modules(self) -> NodeModules:
        return NodeModules(self.image.layers)

    def _stage(self, index: int) -> str | None:
        line = self.image.lines[index] if self.image.lines else None
        return None if self.stages is None or line is None else self.stages.get(line, "")


def counted(node: Node) -> Iterator[tuple[Version, int]]:
    """Las versiones de un archivo o enlace, con los bytes de cada una, se vean o se pierdan.

    Un enlace duro no repite los de su primer nombre.
    """
    for version in node.older:
        if version.entry.kind not in _WITHOUT_BYTES:
            yield version, version.bytes
    entry = node.entry
    if entry is not None and entry.kind != "dir":
        size = entry.own_bytes if node.shared is None else node.shared.carried(node)
        yield Version(node.layer, entry, node.change), size


def written(path: str) -> str:
    """Una ruta como se enseña: con ``/`` delante, y lo que no es UTF-8, por su número (``\\xff``)."""
    return "/" + path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def tree(image: MeasuredImage, *, stages: Mapping[int, str] | None = None) -> Tree:
    """El árbol de una imagen medida. Lanza ``ArchiveError`` si tiene más rutas de las que se admiten."""
    return Tree(image, stack(image.layers), stages)


def grouped(node: Node, limit: int = SHOWN, *, gone: bool = True) -> Group:
    """Los hijos de una carpeta, de mayor a menor; los que pasan de ``limit`` quedan agrupados.

    Se ordenan por lo que se ve y después por lo que se pierde. Con ``gone=False``, solo los que se ven.
    """
    children = list(node.everything() if gone else node.children.values())
    children.sort(key=lambda child: (-child.bytes, -child.hidden, child.path))
    rest = children[limit:]
    return Group(
        tuple(children[:limit]),
        len(rest),
        sum(child.bytes for child in rest),
        sum(child.hidden for child in rest),
    )
