"""Los bytes que viajan con una imagen y que ningún contenedor ve, agrupados por lo que los escondió."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from dataclasses import dataclass

from multietapa.image.nodes import Version, Why
from multietapa.image.tree import Tree

SIBLINGS = 10
"""Archivos sueltos de una misma carpeta, con la misma causa, a partir de los que se cuentan juntos."""
_Key = tuple[str, int, int, Why]


@dataclass(frozen=True, slots=True)
class WasteItem:
    """Bytes perdidos por una sola causa. Las capas se cuentan desde 0.

    ``path`` es el archivo o, con ``folder``, la carpeta que reúne los ``count``: la que se borró, vació o
    sustituyó entera, o aquella cuyos archivos se copiaron o borraron uno a uno. ``layer`` es la capa que los
    lleva y ``hidden_by`` la que los esconde.
    """

    bytes: int
    path: str
    layer: int
    hidden_by: int
    why: Why
    count: int = 1
    folder: bool = False


@dataclass(frozen=True)
class Waste:
    """Lo que se pierde: ``items``, de mayor a menor, suman ``total``."""

    total: int
    items: tuple[WasteItem, ...]

    def first(self, limit: int) -> tuple[tuple[WasteItem, ...], int, int]:
        """Los ``limit`` mayores, cuántos quedan y cuántos bytes suman los que quedan."""
        rest = self.items[limit:]
        return self.items[:limit], len(rest), sum(item.bytes for item in rest)


def waste(tree: Tree) -> Waste:
    """Lo que se pierde en una imagen; suma exactamente ``tree.root.hidden``."""
    together: dict[_Key, list[int]] = {}
    alone: dict[_Key, list[tuple[str, int]]] = defaultdict(list)
    for node in tree.nodes():
        for version in node.older:
            if not version.bytes or version.hidden_by is None or version.why is None:
                continue
            if _is_whole(version):
                totals = together.setdefault(
                    (version.root, version.layer, version.hidden_by, version.why), [0, 0]
                )
                totals[0] += version.bytes
                totals[1] += 1
            else:
                key = (posixpath.dirname(node.path), version.layer, version.hidden_by, version.why)
                alone[key].append((node.path, version.bytes))
    items = [
        WasteItem(size, path, layer, by, why, count, folder=True)
        for (path, layer, by, why), (size, count) in together.items()
    ]
    for (folder, layer, by, why), files in _gathered(alone).items():
        if len(files) > SIBLINGS:
            total = sum(size for _, size in files)
            items.append(WasteItem(total, folder, layer, by, why, len(files), folder=True))
        else:
            items.extend(WasteItem(size, path, layer, by, why) for path, size in files)
    items.sort(key=lambda item: (-item.bytes, item.path, item.layer))
    return Waste(tree.root.hidden, tuple(items))


def _is_whole(version: Version) -> bool:
    return version.why in (Why.FOLDER_DELETED, Why.FOLDER_EMPTIED, Why.REPLACED)


def _gathered(alone: dict[_Key, list[tuple[str, int]]]) -> dict[_Key, list[tuple[str, int]]]:
    """Reúne lo que una capa copió solo para cambiarle los permisos: ``chown -R`` es una sola causa."""
    found: dict[_Key, list[tuple[str, int]]] = {}
    copied: dict[tuple[int, int], list[tuple[str, list[tuple[str, int]]]]] = defaultdict(list)
    for (folder, layer, by, why), files in alone.items():
        if why is Why.METADATA:
            copied[layer, by].append((folder, files))
        else:
            found[folder, layer, by, why] = files
    for (layer, by), groups in copied.items():
        top = posixpath.commonpath([f"/{folder}" for folder, _ in groups])[1:]
        found[top, layer, by, Why.METADATA] = [file for _, files in groups for file in files]
    return found
