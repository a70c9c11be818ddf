"""Qué paquetes, enlaces y documentos hay en las carpetas ``node_modules`` cuando se hace cada capa.

Una capa se mira con lo que había al terminarla: lo de más abajo que nadie borró y lo suyo. Así un
``npm prune`` posterior no cambia lo que se instaló antes, ni lo que se borró confunde a lo que se instala
después.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Any

from multietapa.image.layer import Layer
from multietapa.image.npm import MODULES, PACKAGE, PNPM_MARK, YARN_MARKS, package_keys, parse

_MARKS = tuple(f"/{mark}" for mark in (PNPM_MARK, *YARN_MARKS))
_LINKS = 40  # enlaces seguidos, como el núcleo de Linux


class Installed:
    """Lo que hay en los ``node_modules`` de ``layers``. Las rutas van sin ``/`` delante ni detrás."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self._layers = layers
        self._texts: dict[str, list[int]] = {}
        self._packages: dict[str, list[int]] = {}
        self._marks: dict[str, list[int]] = {}
        self._links: dict[str, dict[int, str]] = {}
        self._inside: dict[str, set[str]] = {}
        self._erased: list[tuple[set[str], set[str]]] = []
        self._manifests: dict[tuple[str, int], dict[str, Any]] = {}
        for layer in layers:
            for path in layer.documents:
                self._texts.setdefault(path, []).append(layer.index)
            self._index(layer)

    def text(self, path: str, layer: int) -> tuple[int, str]:
        """Un documento y su capa: la misma o la última de abajo; si no, la primera de arriba.

        Si no lo hay en ninguna, ``(-1, "")``.
        """
        versions = self._texts.get(path, [])
        found = self._last(path, versions, layer)
        if found < 0:
            found = next((index for index in versions if index > layer), -1)
        return found, self._layers[found].documents[path] if found >= 0 else ""

    def manifest(self, folder: str, layer: int) -> dict[str, Any]:
        """El ``package.json`` de una carpeta, o ``{}``. El de un paquete instalado no se busca más arriba."""
        path = posixpath.join(folder, PACKAGE)
        if f"/{MODULES}" in f"/{path}":
            found = self._last(path, self._texts.get(path, []), layer)
        else:
            found = self.text(path, layer)[0]
        if found < 0:
            return {}
        key = (path, found)
        if key not in self._manifests:
            self._manifests[key] = parse(self._layers[found].documents[path])
        return self._manifests[key]

    def has(self, folder: str, names: Iterable[str], layer: int) -> bool:
        """Si en ``folder`` está alguno de esos documentos, o de las marcas que deja cada gestor."""
        paths = [posixpath.join(folder, name) for name in names]
        return any(
            self._last(path, self._marks.get(path) or self._texts.get(path, []), layer) >= 0 for path in paths
        )

    def owners(self, layer: int) -> set[str]:
        """Las carpetas que tienen un ``node_modules`` propio, no dentro de otro."""
        return {
            folder[: -len(MODULES)].rstrip("/")
            for folder, paths in self._inside.items()
            if f"/{MODULES}" not in f"/{folder[: -len(MODULES)]}"
            and (
                self.link(folder[:-1], layer)
                or any(self._is_package(path, layer) or self.link(path, layer) for path in paths)
            )
        }

    def projects(self, folder: str) -> Iterator[str]:
        """Las carpetas de dentro de ``folder`` con ``package.json`` y fuera de ``node_modules``."""
        start = f"{folder}/" if folder else ""
        for path in self._texts:
            if path.startswith(start) and path.endswith(f"/{PACKAGE}") and f"/{MODULES}" not in f"/{path}":
                yield path[: -len(PACKAGE) - 1]

    def beside(self, folder: str, layer: int) -> list[str]:
        """Los paquetes y enlaces a paquetes que hay en ``folder`` (un ``node_modules``), por orden."""
        paths = self._inside.get(f"{folder}/", ())
        return sorted(path for path in paths if self._is_package(path, layer) or self.link(path, layer))

    def link(self, path: str, layer: int) -> str:
        """Adónde apunta un enlace de ``node_modules``, o ``""`` si en ``path`` no hay uno."""
        found = self._links.get(path)
        index = self._last(path, list(found), layer) if found else -1
        if not found or index < 0 or self._last(path, self._packages.get(path, []), layer) > index:
            return ""
        return target(path, found[index])

    def real(self, path: str, layer: int) -> str:
        """La carpeta del paquete al que se llega por ``path``, siguiendo enlaces, o ``""`` si no hay."""
        for _ in range(_LINKS):
            link = self.link(path, layer)
            if not link:
                there = self._is_package(path, layer) or self.manifest(path, layer)
                return path if there else ""
            path = link
        return ""

    def _is_package(self, path: str, layer: int) -> bool:
        return self._last(path, self._packages.get(path, []), layer) >= 0

    def _index(self, layer: Layer) -> None:
        gone: set[str] = set()
        emptied: set[str] = set()
        known: set[str] = set()
        for entry in layer.files:
            path = entry.path
            folder = path[: path.rfind("/") + 1]
            if folder in known and entry.kind == "file":
                continue  # es del mismo paquete que otro de su carpeta
            if entry.kind == "whiteout":
                gone.add(path)
            elif entry.kind == "opaque":
                emptied.add(path)
            elif entry.kind == "symlink" and posixpath.basename(path) == MODULES[:-1]:
                self._links.setdefault(path, {})[layer.index] = entry.link
                self._inside.setdefault(f"{path}/", set())
            elif f"/{MODULES}" in f"/{path}" and self._place(path, entry.kind, entry.link, layer.index):
                known.add(folder)
        self._erased.append((gone, emptied))

    def _place(self, path: str, kind: str, link: str, layer: int) -> bool:
        """Apunta de qué paquete es una ruta; dice si lo demás que cuelgue de su carpeta es también suyo."""
        package = next(package_keys(path))
        folder = package[: package.rfind(MODULES) + len(MODULES)]
        if path == package:
            if kind == "symlink":
                self._links.setdefault(path, {})[layer] = link
                self._inside.setdefault(folder, set()).add(path)
            elif f"/{path}".endswith(_MARKS):
                self._marks.setdefault(path, []).append(layer)
        elif posixpath.basename(package)[0] != ".":
            layers = self._packages.setdefault(package, [])
            if not layers or layers[-1] != layer:
                layers.append(layer)
                self._inside.setdefault(folder, set()).add(package)
        return path != package

    def _last(self, path: str, versions: list[int], layer: int) -> int:
        """La última capa de ``versions``, hasta ``layer``, cuyo ``path`` sigue estando; -1 si ninguna."""
        found = max((index for index in versions if index <= layer), default=-1)
        if 0 <= found < layer:
            for gone, emptied in self._erased[found + 1 : layer + 1]:
                if (gone and any(above in gone for above in _above(path))) or (
                    emptied and any(above in emptied for above in _above(path))
                ):
                    return -1
        return found


def target(path: str, link: str) -> str:
    """La ruta a la que lleva el enlace ``link`` puesto en ``path``."""
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(path), link)).lstrip("/")


def _above(path: str) -> Iterator[str]:
    while path:
        yield path
        path = posixpath.dirname(path)
