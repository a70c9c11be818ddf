"""El contenido de un archivo pequeño de una capa, para leerlo en pantalla y sin sus secretos."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from multietapa import text
from multietapa.image.archive import Blob
from multietapa.image.layer import FileEntry
from multietapa.image.secrets.masking import without_values
from multietapa.image.secrets.named import named_file, read_named
from multietapa.image.secrets.placeholders import is_own, published
from multietapa.image.secrets.stream import BINARY, HEAD, Scan, as_utf8, kind_of, scan_data
from multietapa.image.stored import Blocks, Section, opened
from multietapa.image.tarwalk import Limits, broken, walk
from multietapa.image.transfer import BLOCK

MAX_TEXT = 64_000
"""El mayor archivo que se enseña, en bytes."""
_OTHER = {
    "dir": "Es una carpeta.",
    "device": "Es un dispositivo: no tiene contenido.",
    "fifo": "Es una tubería: no tiene contenido.",
    "whiteout": "Es una marca que borra un archivo de una capa de debajo.",
    "opaque": "Es una marca que vacía una carpeta de las capas de debajo.",
}


@dataclass(frozen=True)
class Content:
    """Lo que hay en un archivo. ``path`` va sin ``/`` delante y ``size`` son bytes.

    ``text`` es ``None`` si no se puede enseñar, y ``why`` dice por qué. ``masked`` cuenta los secretos que se
    han tapado en ``text``.
    """

    path: str
    size: int
    text: str | None
    why: str = ""
    masked: int = 0


def unreadable(entry: FileEntry) -> Content | None:
    """Lo que se dice de una entrada que no se puede enseñar, sin leerla; ``None`` si hay que leerla."""
    if entry.kind == "symlink":
        return Content(entry.path, entry.size, None, f"Es un enlace a «{entry.link}».")
    if entry.kind not in ("file", "hardlink"):
        return Content(entry.path, entry.size, None, _OTHER.get(entry.kind, "No es un archivo."))
    if entry.size > MAX_TEXT:
        limit = MAX_TEXT // 1000
        why = f"Ocupa {text.size(entry.size)}: solo se enseñan los archivos de hasta {limit} kB."
        return Content(entry.path, entry.size, None, why)
    return None


def shown(entry: FileEntry, data: bytes) -> Content:
    """Cómo se enseña el contenido ``data`` de una entrada: como texto, si lo es, con los secretos tapados."""
    path, size = entry.path, len(data)
    encoding = kind_of(data[:HEAD])
    if encoding == BINARY:
        return Content(path, size, None, "Es binario.")
    try:
        written = data.decode("utf-8-sig" if encoding == "utf-8" else encoding).lstrip("\ufeff")
    except UnicodeDecodeError:
        return Content(path, size, None, "No es texto en UTF-8 ni en UTF-16: puede ser binario.")
    if "\0" in written:
        return Content(path, size, None, "Es binario.")
    values = _secrets(path, data, written, encoding)
    return Content(path, size, without_values(written, values), masked=len(values))


def _secrets(path: str, data: bytes, written: str, encoding: str) -> set[str]:
    scan = Scan()
    scan_data(b"".join(as_utf8(iter((data,)), encoding)), scan, own=is_own(path))
    found = {hit.value for hit in scan.hits if not published(path, named=False)}
    rule = named_file(path)
    if rule and not published(path, named=True):
        found.update(read_named(rule, written.replace("\r\n", "\n").replace("\r", "\n")))
    return {value for value in found if value in written}


def read_content(file: BinaryIO, blob: Blob, entry: FileEntry, *, limits: Limits | None = None) -> Content:
    """El contenido de una entrada de la capa ``blob`` de un archivo de imagen abierto.

    Lee la capa solo hasta encontrarla. Lanza ``ArchiveError`` si la capa está rota o no la lleva.
    """
    said = unreadable(entry)
    if said is not None:
        return said
    path = entry.link if entry.kind == "hardlink" else entry.path
    limits = limits or Limits()
    try:
        source = Blocks(_unpacked(file, blob, limits))
        found = search_layer(source, path, limits)
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        broken(f"No se puede descomprimir {blob.diff_id[:19]} ({problem}).")
    if found is None and entry.kind == "hardlink":
        return Content(entry.path, entry.size, None, f"Es otro nombre de «/{path}», que está en otra capa.")
    if found is None:
        broken(f"La capa {blob.diff_id[:19]} ya no lleva «{path[:200]}».")
    return shown(entry, found)


def search_layer(source: Blocks, path: str, limits: Limits) -> bytes | None:
    """Los bytes de un archivo en el tar de una capa; ``None`` si no está o es mayor de lo que se enseña."""
    for raw in walk(source, limits=limits, wanted=lambda one, size: one == path and size <= MAX_TEXT):
        if raw.path == path and raw.kind == "file":
            return raw.data if raw.size == len(raw.data) else None
    return None


def _unpacked(file: BinaryIO, blob: Blob, limits: Limits) -> Iterator[bytes]:
    stream, total = opened(Section(file, blob.offset, blob.size)), 0
    while block := stream.read(BLOCK):
        total += len(block)
        if total > limits.layer_bytes:
            broken(f"Una capa pasa de {limits.layer_bytes} bytes al descomprimirla.")
        yield block
