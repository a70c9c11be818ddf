"""Mira los archivos de una capa mientras se lee, en la misma pasada que la mide."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field

from multietapa.image.secrets.masking import Mark, Masked, hidden, mark, mask
from multietapa.image.secrets.named import LARGEST, Named, named_file, read_named
from multietapa.image.secrets.placeholders import is_own, published
from multietapa.image.secrets.stream import (
    BINARY,
    HEAD,
    TEXT,
    Hit,
    Scan,
    as_utf8,
    is_archive,
    kind_of,
    scan_pieces,
    scan_whole,
)
from multietapa.image.tarwalk import RawEntry

PARTLY_NAMED = "es mayor de 1 MiB: se buscaron en él claves y tokens de forma conocida, y no sus variables"
STOPPED = "tiene tantos que se dejó de mirar: los que se dicen son los primeros"
LINK_UNREAD = (
    "es un enlace a un archivo que está en otra capa o no cabía en memoria: se buscaron en él claves y "
    "tokens de forma conocida, y no sus variables"
)
SPARSE = "es un archivo con huecos, y no se mira"
#: De los textos pequeños se guardan los últimos, por si un enlace les da un nombre de los de ``named``.
_SMALL, _KEPT = 16 << 10, 16 << 20
_MOST_LISTED = 1000


@dataclass(frozen=True)
class FileHit:
    """Un secreto en un archivo de una capa. ``path`` va sin ``/`` delante; el valor no está."""

    path: str
    kind: str
    shown: Masked
    mark: Mark = field(repr=False)


@dataclass(frozen=True)
class SetAside:
    """Algo con forma de secreto que no se cuenta, y por qué. ``layer`` es su capa, desde 0."""

    path: str
    kind: str
    why: str
    layer: int = 0


@dataclass(frozen=True)
class Unseen:
    """Un archivo de ``size`` bytes que no se miró, o no del todo, y por qué. ``layer``: su capa, desde 0."""

    path: str
    size: int
    why: str
    layer: int = 0


@dataclass(frozen=True)
class LayerLook:
    """Lo visto en una capa. No lleva ningún valor; con marcas, que no sirven en otro proceso, no se guarda.

    ``archives`` y ``binaries`` son (cuántos, bytes): los archivos comprimidos no se abren, y en los
    binarios solo se buscan claves PEM. ``capabilities`` es el atributo ``security.capability`` de cada
    archivo que lo lleva.
    """

    diff_id: str
    hits: tuple[FileHit, ...]
    set_aside: tuple[SetAside, ...]
    unseen: tuple[Unseen, ...]
    archives: tuple[int, int]
    binaries: tuple[int, int]
    capabilities: dict[str, bytes]


class LayerInspector:
    """Quien mira una capa (``layer.Inspector``). ``done()`` da lo visto, cuando ya se ha leído entera."""

    def __init__(self, diff_id: str) -> None:
        self._diff_id = diff_id
        self._hits: list[FileHit] = []
        self._aside: list[SetAside] = []
        self._unseen: list[Unseen] = []
        self._archives = [0, 0]
        self._binaries = [0, 0]
        self._capabilities: dict[str, bytes] = {}
        self._small: dict[str, bytes] = {}
        self._held = 0
        self._links: list[tuple[str, str]] = []

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Busca en un archivo que pasa, sin tener nunca más de dos trozos en memoria."""
        first = next(pieces)
        head = first[:HEAD]
        if is_archive(head):
            self._archives = [self._archives[0] + 1, self._archives[1] + size]
            return
        encoding = kind_of(head)
        rule = named_file(path)
        scan = Scan()
        if encoding == BINARY:
            self._binaries = [self._binaries[0] + 1, self._binaries[1] + size]
        whole = b"".join((first, *pieces)) if size <= (LARGEST if rule else _SMALL) else b""
        binary, own = encoding == BINARY, is_own(path)
        if whole and encoding in (TEXT, BINARY):
            scan_whole(whole, scan, binary=binary, own=own)
        else:
            rest = iter((whole,)) if whole else itertools.chain((first,), pieces)
            scan_pieces(as_utf8(rest, encoding), scan, binary=binary, own=own)
        if rule and whole:
            self._read(rule, whole, encoding, scan)
        elif rule:
            self._skipped(path, size, PARTLY_NAMED)
        elif whole and not binary:
            self._remember(path, whole)
        self._keep(path, size, scan, rule)

    def note(self, entry: RawEntry) -> None:
        """Apunta los enlaces, para mirar después lo que tiene otro nombre, y los permisos añadidos."""
        if entry.capability:
            self._capabilities[entry.path] = entry.capability
        if entry.kind in ("hardlink", "symlink") and named_file(entry.path):
            link = entry.link
            if entry.kind == "symlink":
                link = posixpath.normpath(posixpath.join("/", posixpath.dirname(entry.path), link)).lstrip(
                    "/"
                )
            self._links.append((entry.path, link))
        elif entry.kind == "file" and entry.size != entry.stored:
            self._skipped(entry.path, entry.size, SPARSE)

    def done(self) -> LayerLook:
        """Lo visto, con los archivos que otro nombre señala ya mirados también con ese nombre."""
        for name, target in self._links:
            rule = named_file(name)
            content = self._small.get(target)
            if rule and content is not None:
                scan = Scan()
                self._read(rule, content, kind_of(content[:HEAD]), scan)
                self._keep(target, len(content), scan, rule)
            elif named_file(target) is None:
                self._skipped(name, 0, LINK_UNREAD)
        self._links, self._small = [], {}
        return LayerLook(
            self._diff_id,
            tuple({(hit.path, hit.mark): hit for hit in reversed(self._hits)}.values())[::-1],
            tuple(self._aside),
            tuple(self._unseen),
            (self._archives[0], self._archives[1]),
            (self._binaries[0], self._binaries[1]),
            self._capabilities,
        )

    def _read(self, rule: Named, content: bytes, encoding: str, scan: Scan) -> None:
        if encoding == BINARY:
            return
        written = content.decode("utf-8-sig" if encoding == TEXT else encoding, "replace").lstrip("\ufeff")
        for value in read_named(rule, written.replace("\r\n", "\n").replace("\r", "\n")):
            scan.add(Hit(rule.kind, value))

    def _keep(self, path: str, size: int, scan: Scan, rule: Named | None) -> None:
        for hit in scan.hits:
            by_name = rule is not None and hit.kind == rule.kind
            if why := published(path, named=by_name):
                aside = SetAside(path, hit.kind, why)
                if aside not in self._aside[-1:] and len(self._aside) < _MOST_LISTED:
                    self._aside.append(aside)
                continue
            shown = hidden(hit.value) if hit.key else mask(hit.value)
            self._hits.append(FileHit(path, hit.kind, shown, mark(hit.value)))
        if scan.cut:
            self._skipped(path, size, STOPPED)

    def _remember(self, path: str, content: bytes) -> None:
        self._small[path] = content
        self._held += len(content)
        while self._held > _KEPT:
            self._held -= len(self._small.pop(next(iter(self._small))))

    def _skipped(self, path: str, size: int, why: str) -> None:
        if len(self._unseen) < _MOST_LISTED:
            self._unseen.append(Unseen(path, size, why))
