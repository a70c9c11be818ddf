"""Lee una capa una sola vez: archivos, digest y tamaño comprimido salen de la misma pasada."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import BinaryIO, NamedTuple, Protocol

from multietapa.errors import ArchiveError
from multietapa.image.digest import Digest
from multietapa.image.documents import NOT_KEPT, Reader, is_document, kept, reader
from multietapa.image.packages.file_lists import is_file_list
from multietapa.image.stored import Blocks, Section, is_plain, opened
from multietapa.image.tarwalk import Limits, RawEntry, broken, walk
from multietapa.image.transfer import BLOCK, PackedSize

NOT_MEASURED = -1
"""Valor de ``transfer_bytes`` cuando no se pidió comprimir."""
_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class FileEntry(NamedTuple):
    """Una entrada de una capa.

    ``kind`` es ``file``, ``dir``, ``symlink``, ``hardlink``, ``device``, ``fifo``, ``whiteout`` (borra
    ``path``), ``opaque`` (vacía la carpeta ``path``) u ``other``. ``size`` son los bytes que ve quien la
    abre (en un enlace simbólico, lo que mide su destino); ``mode``, los permisos con setuid y sticky;
    ``link``, el destino: la ruta del primer nombre en un ``hardlink``. ``mtime`` es su fecha, en segundos
    desde 1970 (lo que pasa del segundo no se guarda).
    """

    path: str
    size: int
    kind: str
    mode: int
    uid: int
    gid: int
    link: str = ""
    mtime: int = 0

    @property
    def own_bytes(self) -> int:
        """Los bytes que la entrada añade a su capa: un enlace duro no repite los de su primer nombre."""
        return self.size if self.kind in ("file", "symlink") else 0


@dataclass(frozen=True)
class Layer:
    """Una capa medida. ``index`` cuenta desde 0, de abajo arriba.

    ``unpacked_bytes`` suma los archivos, con los enlaces duros una vez, y el largo de los destinos de
    los enlaces simbólicos (``symlink_bytes``), como hace overlay2 al descargar o cargar una imagen.
    ``transfer_bytes`` sigue la definición de ``multietapa.image.transfer``. ``documents`` guarda el texto de
    los pocos archivos que hacen falta después (``multietapa.image.documents`` dice cuáles): ``package.json``,
    cierres de npm y de pnpm, inventarios del sistema y lo que dicen los programas de Go.
    """

    index: int
    diff_id: str
    created_by: str
    files: tuple[FileEntry, ...]
    unpacked_bytes: int
    transfer_bytes: int
    symlink_bytes: int = 0
    documents: Mapping[str, str] = field(default_factory=dict)


class Inspector(Protocol):
    """Quien mira una capa mientras se lee, en la misma pasada."""

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Un archivo de ``size`` bytes que pasa; lo que no lea de ``pieces`` se salta."""

    def note(self, entry: RawEntry) -> None:
        """Una entrada, la suya después de su contenido."""


class _Nobody:
    """Nadie: deja pasar todo sin mirarlo."""

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """No mira."""

    def note(self, entry: RawEntry) -> None:
        """No apunta."""


NOBODY: Inspector = _Nobody()


def read_layer(
    file: BinaryIO,
    offset: int,
    size: int,
    *,
    diff_id: str,
    pool: Executor | None,
    limits: Limits | None = None,
    tick: Callable[[int], None] = lambda _: None,
    inspector: Inspector | None = None,
) -> Layer:
    """Lee la capa que ocupa ``size`` bytes de ``file`` desde ``offset``: tar solo, con gzip o con zstd.

    Comprueba que el SHA-256 del tar sea ``diff_id``. Con ``pool`` da además ``transfer_bytes``: lo que ocupa,
    si ya está comprimida, o lo que ocuparía; sin él queda ``NOT_MEASURED``. ``tick`` recibe los bytes
    consumidos desde la última llamada, e ``inspector`` ve pasar cada archivo; si la capa resulta falsa, lo
    que vio no vale. Lanza ``ArchiveError`` si la capa está cortada, no es la que dice o pasa de ``limits``.
    """
    limits = limits or Limits()
    section = Section(file, offset, size)
    plain = is_plain(section)
    packed = PackedSize(pool) if pool and plain else None

    def blocks() -> Iterator[bytes]:
        stream = opened(section)
        told = 0
        while block := stream.read(BLOCK):
            if packed:
                packed.add(block)
            tick(section.position - told)
            told = section.position
            yield block
        tick(section.position - told)

    try:
        layer = _read(within(blocks(), limits), diff_id, limits, inspector, packed)
        return layer if plain or not pool else replace(layer, transfer_bytes=size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise ArchiveError(
            "Una capa comprimida de la imagen está rota.",
            why=f"No se puede descomprimir {diff_id[:19]} ({problem}).",
            next_step="Vuelve a guardar o a descargar la imagen.",
        ) from problem
    finally:
        if packed:
            packed.cancel()


def read_passing(
    blocks: Iterator[bytes], *, diff_id: str, limits: Limits, inspector: Inspector | None
) -> Layer:
    """Lo mismo de una capa sin comprimir que pasa a trozos, y que no se puede volver a leer.

    Si aún no se sabe cuál es (``diff_id`` es ``""``), lo dice la capa que se da.
    """
    return _read(blocks, diff_id, limits, inspector, None)


def within(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Los mismos bloques; lanza ``ArchiveError`` si entre todos pasan de lo que admite una capa."""
    total = 0
    for block in blocks:
        total += len(block)
        if total > limits.layer_bytes:
            broken(f"Una capa pasa de {limits.layer_bytes} bytes al descomprimirla.")
        yield block


def _read(
    blocks: Iterator[bytes],
    diff_id: str,
    limits: Limits,
    inspector: Inspector | None,
    packed: PackedSize | None,
) -> Layer:
    with Digest() as digest:
        source = Blocks(digest.seeing(blocks))
        files, documents = _index(source, limits, inspector)
        source.drain()
        found = digest.value()
        if found != (diff_id or found):
            broken(f"El contenido de la capa {diff_id[:19]} no es el que dice su digest.")
    transfer = packed.result() if packed else NOT_MEASURED
    links = sum(entry.size for entry in files if entry.kind == "symlink")
    unpacked = sum(entry.own_bytes for entry in files)
    return Layer(0, found, "", files, unpacked, transfer, links, documents)


def _index(
    source: Blocks, limits: Limits, inspector: Inspector | None
) -> tuple[tuple[FileEntry, ...], dict[str, str]]:
    budget, lists, whole = limits.documents_bytes, limits.lists_bytes, False
    passing: dict[str, Reader] = {}

    def wanted(path: str, size: int) -> bool:
        """Si se guarda el contenido de ``path``."""
        nonlocal whole, lists
        whole = size <= min(limits.document_bytes, budget) and is_document(path)
        if whole and is_file_list(path):  # las listas no dejan sin sitio a lo demás
            whole = size <= lists
            lists -= size if whole else 0
        return whole

    def look(path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Deja ver lo que pasa a quien inspecciona y a quien saca algo de lo que no se guarda."""
        found = None if whole else reader(path, size)
        if found:
            passing[path] = found
            pieces = _Shared(pieces, found)
        if inspector:
            inspector.look(path, size, pieces)
        if isinstance(pieces, _Shared):
            pieces.finish()

    def keep(path: str, text: str) -> None:
        """Guarda un texto y lo descuenta de lo que cabe."""
        nonlocal budget
        if len(text) <= budget:
            budget -= len(text)
            documents[path] = text
        elif path in passing:
            documents[path] = NOT_KEPT

    found: dict[tuple[bool, str], FileEntry] = {}
    documents: dict[str, str] = {}
    for raw in walk(source, limits=limits, wanted=wanted, look=look):
        if inspector:
            inspector.note(raw)
        path, kind, size, mode, uid, gid, link, _, _, data, _, mtime = raw
        folder, _, name = path.rpartition("/")
        marker = name.startswith(_WHITEOUT)
        if marker:
            size, link = 0, ""
            if name == _OPAQUE:
                path, kind = folder, "opaque"
            else:
                path, kind = f"{folder}/{name[4:]}".lstrip("/"), "whiteout"
        elif kind == "hardlink":
            first = found.get((False, link))
            size = first.size if first else 0
            if first and first.kind == "hardlink":
                link = first.link
            if link in documents and is_document(path):  # pnpm enlaza los iguales
                keep(path, documents[link])
        elif kind == "file":
            documents.pop(path, None)
            if data:
                keep(path, kept(path, data))
            elif path in passing and (text := passing[path].text()):
                keep(path, text)
            passing.clear()
        found[marker, path] = FileEntry(path, size, kind, mode, uid, gid, link, mtime)
    return tuple(found.values()), documents


class _Shared:
    """Los trozos de un archivo, que ``reader`` ve antes que quien los pide."""

    def __init__(self, pieces: Iterator[bytes], reader: Reader) -> None:
        self._pieces, self._reader, self._wanted = pieces, reader, True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._wanted = self._wanted and self._reader.write(piece)
        return piece

    def finish(self) -> None:
        """Da a ``reader`` los que quiera de los que quedan."""
        while self._wanted and next(self, None) is not None:
            pass
