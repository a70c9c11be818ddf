"""Superpone las capas de una imagen sin olvidar lo que cada una tapa o borra, ni por qué.

Las reglas son las de la especificación de capas de OCI: una marca ``.wh.x`` borra ``x`` de las capas de
abajo, ``.wh..wh..opq`` vacía su carpeta, y un archivo nuevo tapa al anterior entero.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from multietapa.image.layer import FileEntry, Layer
from multietapa.image.many import many_values
from multietapa.image.nodes import MARKERS, NO_CHILDREN, Change, Node, Shared, Version, Why
from multietapa.image.tarwalk import broken

MAX_ENTRIES = 2_000_000
"""Cuántas entradas se admiten entre todas las capas; una capa repetida cuenta cada vez."""
MAX_NODES = 2_000_000
"""Cuántas rutas se admiten, con las carpetas que ninguna capa nombra."""

_HOPS = 8  # enlaces que se siguen


class Stack:
    """El árbol de una imagen mientras se le ponen capas encima. Acaba con ``finish``."""

    def __init__(self) -> None:
        self.root = Node("")
        self.root.layer = 0
        self._folders: dict[str, Node] = {}
        self._count = 1
        self._entries = 0

    def put(self, index: int, entries: Sequence[FileEntry]) -> None:
        """Pone la capa ``index`` encima."""
        self._entries += len(entries)
        if self._entries > MAX_ENTRIES:
            broken(f"Sus capas suman más de {MAX_ENTRIES} entradas, contando las repetidas.")
        self._folders = {"": self.root}
        markers = [entry for entry in entries if entry.kind in MARKERS]
        if markers:
            again = {entry.path: entry for entry in entries if entry.kind not in MARKERS}
            for marker in markers:
                self._erase(marker, index, again)
        for entry in entries:
            kind = entry.kind
            if kind in MARKERS:
                continue
            path = entry.path
            above, _, name = path.rpartition("/")
            parent = self._folders.get(above) or self._folder(above, index)
            if parent.path != above:  # se llega por un enlace de la misma capa
                path = f"{parent.path}/{name}"
            if not name or name in parent.children or name in parent.gone:
                self._add(parent, name, entry, index)
                continue
            if parent.children is NO_CHILDREN:
                parent.children = {}
            parent.children[name] = node = Node(path, entry, index)
            self._count += 1
            if kind == "dir":
                self._folders[path] = node
            elif kind == "hardlink":
                self._join(node, entry)
        self._check_count()

    def finish(self) -> Node:
        """La raíz, con todas las sumas hechas."""
        order = [self.root]
        for node in order:
            if node.children:
                order.extend(node.children.values())
            if node.gone:
                order.extend(node.gone.values())
        for node in reversed(order):
            size = files = lost = hidden = 0
            entry = node.entry
            if entry is not None and entry.kind != "dir":
                files = 1
                size = entry.own_bytes if node.shared is None else node.shared.carried(node)
            for version in node.older:
                hidden += version.bytes
                lost += version.hidden_by is not None and version.entry.kind != "dir"
            if node.children or node.gone:
                for child in node.children.values():
                    size += child.bytes
                    files += child.files
                    hidden += child.hidden
                    lost += child.lost
                for child in node.gone.values():
                    hidden += child.hidden
                    lost += child.lost
            node.bytes, node.files, node.hidden, node.lost = size, files, hidden, lost
        return self.root

    def _check_count(self) -> None:
        if self._count > MAX_NODES:
            broken(f"Sus capas suman más de {MAX_NODES} rutas, con las carpetas que las llevan.")

    def _erase(self, marker: FileEntry, index: int, again: dict[str, FileEntry]) -> None:
        parent = node = self.root
        name = ""
        for name in marker.path.split("/") if marker.path else ():
            found = node.children.get(name)
            if found is None:
                return
            parent, node = node, found
        if marker.kind == "whiteout":
            if not name:
                return
            folder = node.kind == "dir"
            why = Why.FOLDER_DELETED if folder else Why.DELETED
            self._lose(node, index, why, node.path if folder else "", again)
            self._die(parent, name, node)
            if node.path not in again:
                node.older += (Version(index, marker, Change.DELETED),)
        else:
            for name, child in list(node.children.items()):
                self._lose(child, index, Why.FOLDER_EMPTIED, node.path, again)
                self._die(node, name, child)

    def _folder(self, path: str, index: int, hops: int = _HOPS) -> Node:
        """La carpeta ``path``, que se ve; si en su sitio hay otra cosa de más abajo, la tapa.

        Un enlace de la misma capa se sigue, como al extraerla; uno de otra queda tapado por una carpeta.
        """
        known = self._folders.get(path)
        if known is not None:
            return known
        missing = [path]
        while True:
            above = path.rpartition("/")[0]
            node = self._folders.get(above)
            if node is not None:
                break
            missing.append(above)
            path = above
        for path in reversed(missing):
            node = self._child(node, path[path.rfind("/") + 1 :])
            if node.layer < 0:
                node.layer, node.change = index, Change.ADDED
            elif node.layer < index and node.kind != "dir":
                self._forget(node, index, Why.SHADOWED, "")
                node.layer, node.change = index, Change.CHANGED
            elif node.layer == index and node.kind == "symlink" and hops:
                node = self._folder(_target(node), index, hops - 1)
            self._folders[path] = node
        return node

    def _child(self, parent: Node, name: str) -> Node:
        node = parent.children.get(name)
        if node is None:
            node = parent.gone.pop(name, None) if parent.gone else None
            if node is None:
                self._count += 1
                self._check_count()
                node = Node(f"{parent.path}/{name}" if parent.path else name)
            if parent.children is NO_CHILDREN:
                parent.children = {}
            parent.children[name] = node
        return node

    def _add(self, parent: Node, name: str, entry: FileEntry, index: int) -> None:
        """Pone una entrada donde ya hay o hubo algo."""
        if not name:
            self._root(entry, index)
            return
        node = self._child(parent, name)
        kind = entry.kind
        if node.layer < 0:
            node.change = self._again(node, index)
        elif kind != "dir" or node.kind != "dir":
            self._replace(node, entry, index)
        elif node.layer < index:
            old = node.entry
            if old is not None:
                if (old.mode, old.uid, old.gid) == (entry.mode, entry.uid, entry.gid):
                    return
                node.older += (Version(node.layer, old, node.change, index, Why.METADATA),)
            node.change = Change.METADATA
        node.entry, node.layer = entry, index
        if kind == "hardlink":
            self._join(node, entry)

    @staticmethod
    def _again(node: Node, index: int) -> Change:
        """Qué hace una capa que pone una ruta que no se ve: puede haberla borrado ella misma."""
        last = node.older[-1] if node.older else None
        if last is None or last.hidden_by != index or last.why not in (Why.SHADOWED, Why.METADATA):
            return Change.ADDED
        return Change.METADATA if last.why is Why.METADATA else Change.CHANGED

    def _replace(self, node: Node, entry: FileEntry, index: int) -> None:
        """Tapa lo que hay en una ruta y, si era una carpeta, todo lo que llevaba."""
        if node.kind == "dir":
            for name, child in list(node.children.items()):
                self._lose(child, index, Why.REPLACED, node.path, {})
                self._die(node, name, child)
            self._folders = {"": self.root}
        why = shadow(node.entry, entry) if node.entry else Why.SHADOWED
        self._forget(node, index, why, "")
        node.change = Change.METADATA if why is Why.METADATA else Change.CHANGED

    def _root(self, entry: FileEntry, index: int) -> None:
        if entry.own_bytes:
            broken("Una de sus entradas es la raíz de la imagen y no es una carpeta.")
        if entry.kind == "dir":
            self.root.entry, self.root.layer = entry, index

    def _join(self, node: Node, entry: FileEntry) -> None:
        first = self.at(entry.link)
        if first is None or first is node or first.entry is None or first.entry.kind == "dir":
            return
        if first.shared is None:
            first.shared = Shared(first)
        node.shared = first.shared
        node.shared.names += 1

    def at(self, path: str) -> Node | None:
        """Lo que se ve en ``path``."""
        node: Node | None = self.root
        for name in path.split("/") if path else ():
            node = node.children.get(name) if node else None
        return node

    def _lose(self, node: Node, index: int, why: Why, root: str, again: dict[str, FileEntry]) -> None:
        """Esconde una rama entera; lo que vuelve a estar en la misma capa (``again``) queda tapado."""
        waiting = [node]
        while waiting:
            node = waiting.pop()
            if node.children:
                waiting.extend(node.children.values())
                if node.gone:
                    node.gone.update(node.children)
                else:
                    node.gone = node.children
                node.children = NO_CHILDREN
            entry = node.entry
            new = again.get(node.path)
            if new is not None and entry is not None and entry.kind != "dir" and new.kind != "dir":
                self._forget(node, index, shadow(entry, new), "")
            else:
                self._forget(node, index, why, root)

    @staticmethod
    def _die(parent: Node, name: str, node: Node) -> None:
        del parent.children[name]
        if parent.gone is NO_CHILDREN:
            parent.gone = {}
        parent.gone[name] = node

    @staticmethod
    def _forget(node: Node, index: int, why: Why, root: str) -> None:
        entry, shared, layer = node.entry, node.shared, node.layer
        node.entry, node.layer = None, -1
        if entry is None:
            return
        lost, first = entry.own_bytes, None
        if shared is not None:
            shared.names -= 1
            lost = 0 if shared.names else shared.bytes
            if shared.owner is node:
                shared.owner = None
            if not shared.names:
                layer, first = shared.layer, shared.first
            node.shared = None
        node.older += (Version(layer, entry, node.change, index, why, lost, root, first),)


def _target(node: Node) -> str:
    """La ruta a la que lleva un enlace simbólico, sin salir de la raíz de la imagen."""
    assert node.entry is not None
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(node.path), node.entry.link)).strip("/")


def shadow(old: FileEntry, new: FileEntry) -> Why:
    """Por qué ``new`` tapa a ``old``: es otra copia, o la misma con otros permisos u otro dueño."""
    same = (old.kind, old.size, old.link, old.mtime) == (new.kind, new.size, new.link, new.mtime)
    owners = (old.mode, old.uid, old.gid) != (new.mode, new.uid, new.gid)
    return Why.METADATA if same and owners and old.kind == "file" else Why.SHADOWED


def stack(layers: Sequence[Layer]) -> Node:
    """El árbol de ``layers``, de abajo arriba, con sus sumas."""
    with many_values():
        building = Stack()
        for index, layer in enumerate(layers):
            building.put(index, layer.files)
        return building.finish()
