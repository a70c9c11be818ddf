"""Qué paquete trajo cada archivo de una imagen, según lo que anotó quien lo instaló.

Solo se dice lo que está escrito en la imagen final: lo que no se sabe es ``None``. De lo que instaló rpm no
se sabe nunca (``unread``).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from multietapa.image.documents import is_dpkg_record
from multietapa.image.nodes import Node
from multietapa.image.npm import package_keys
from multietapa.image.packages.file_lists import apk_files, is_file_list, listed, package_of
from multietapa.image.packages.inventory import APK, DPKG
from multietapa.image.packages.model import Reading
from multietapa.image.packages.node import is_package, read_node
from multietapa.image.packages.python import read_python
from multietapa.image.packages.rpm import DATABASES
from multietapa.image.packages.stanzas import read_apk, read_dpkg
from multietapa.image.tree import Tree

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@dataclass(frozen=True, slots=True)
class Brought:
    """El paquete que trajo un archivo.

    ``family`` es ``dpkg``, ``apk``, ``npm`` o ``pip``, y ``version`` vale ``""`` si no se sabe.
    """

    family: str
    name: str
    version: str


class Owners:
    """Los paquetes de los archivos de un árbol. Las listas se leen la primera vez que se pregunta."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def package(self, path: str) -> Brought | None:
        """El paquete que trajo ``path``, con ``/`` delante o sin ella; ``None`` si no se sabe."""
        path = path.strip("/")
        node = self._tree.at(path)
        if node is None or node.kind == "dir":
            return None
        for folder in package_keys(path):
            if found := self._node_package(folder):
                return found
        return self._listed.get(path)

    @cached_property
    def unread(self) -> tuple[str, ...]:
        """Las familias de paquetes que hay en la imagen y de cuyos archivos no se sabe nada."""
        return ("rpm",) if any(self._visible(path) for path in DATABASES) else ()

    def _node_package(self, folder: str) -> Brought | None:
        path = f"{folder}/package.json"
        if not is_package(path):
            return None
        text = self._document(path)
        rows = read_node(text, path).packages if text is not None else ()
        return next((Brought("npm", name, version) for name, version, _ in rows), None)

    @cached_property
    def _listed(self) -> dict[str, Brought]:
        """Cada archivo que está en una lista y su paquete; si lo dicen dos, el primero."""
        found: dict[str, Brought] = {}
        for path, brought in self._said():
            found.setdefault(path, brought)
        return found

    def _said(self) -> Iterator[tuple[str, Brought]]:
        links = self._merged()
        documents = [path for layer in self._tree.image.layers for path in layer.documents]
        dpkg = self._versions(documents)
        for path in dict.fromkeys(documents):
            text = self._document(path)
            if text is None:
                continue
            if path in APK:
                versions = _versions(read_apk(text))
                for file, name in apk_files(text):
                    yield _moved(file, links), Brought("apk", name, versions.get(name, ""))
            elif is_file_list(path):
                brought = self._pip(path) if path.endswith("/RECORD") else self._dpkg(path, dpkg)
                if brought:
                    for file in listed(path, text):
                        yield _moved(file, links), brought

    def _pip(self, path: str) -> Brought | None:
        text = self._document(f"{posixpath.dirname(path)}/METADATA")
        rows = read_python(text).packages if text is not None else ()
        return next((Brought("pip", name, version) for name, version, _ in rows), None)

    @staticmethod
    def _dpkg(path: str, versions: dict[str, str]) -> Brought | None:
        name = package_of(path)
        return Brought("dpkg", name, versions[name]) if name in versions else None

    def _versions(self, documents: list[str]) -> dict[str, str]:
        """La versión de cada paquete de dpkg que está instalado."""
        found: dict[str, str] = {}
        for path in documents:
            if path == DPKG or is_dpkg_record(path):
                text = self._document(path)
                found |= _versions(read_dpkg(text)) if text is not None else {}
        return found

    def _merged(self) -> dict[str, str]:
        """Las carpetas de la raíz que son un enlace a otra: los paquetes aún nombran la de antes."""
        found = {}
        for name in _MERGED:
            node = self._tree.root.children.get(name)
            if node and node.entry and node.entry.kind == "symlink":
                found[name] = posixpath.normpath(f"/{node.entry.link}").lstrip("/")
        return found

    def _visible(self, path: str) -> Node | None:
        node = self._tree.at(path)
        return node if node and node.visible else None

    def _document(self, path: str) -> str | None:
        node = self._visible(path)
        return self._tree.image.layers[node.layer].documents.get(path) if node else None


def _versions(reading: Reading) -> dict[str, str]:
    return {name: version for name, version, _ in reading.packages}


def _moved(path: str, links: dict[str, str]) -> str:
    first, slash, rest = path.partition("/")
    return f"{links[first]}/{rest}" if slash and first in links else path
