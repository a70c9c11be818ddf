"""Los bytes de una capa tal como está guardada: un trozo de un archivo, con gzip, con zstd o tal cual."""

from __future__ import annotations

import gzip
import importlib
import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, BinaryIO, Protocol

from zlib_ng import zlib_ng

from multietapa.errors import ArchiveError
from multietapa.image.tarwalk import broken

_BROKEN: type[Exception] = zlib_ng.error  # type: ignore[assignment]  # sus tipos la dan por un valor
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"


class Readable(Protocol):
    """Lo que se lee hacia delante."""

    def read(self, n: int) -> bytes:
        """Los siguientes ``n`` bytes, o menos; ``b""`` al final."""


def is_plain(section: Section) -> bool:
    """Si lo que hay es el tar tal cual, sin gzip ni zstd. Deja la lectura al principio."""
    magic = section.read(4)
    section.position = 0
    return magic[:2] != _GZIP and magic != _ZSTD


def opened(section: Section) -> Readable:
    """El tar de una capa, descomprimido si hace falta. Lanza ``ArchiveError`` si este Python no sabe."""
    if is_plain(section):
        return section
    magic = section.read(4)
    section.position = 0
    without = "Esta imagen trae capas comprimidas con zstd, y este Python no sabe abrirlas."
    return decompressed(io.BufferedReader(section, 1 << 17), magic, without=without) or section


def decompressed(file: IO[bytes], magic: bytes, *, without: str) -> Readable | None:
    """Lo que hay en ``file``, que empieza por ``magic``, sin su gzip o su zstd; ``None`` si no los lleva.

    Lanza ``ArchiveError``, que dice ``without``, si lleva zstd y este Python no sabe abrirlo.
    """
    if magic[:2] == _GZIP:
        return gzip.GzipFile(fileobj=file, mode="rb")
    if magic != _ZSTD:
        return None
    try:
        return _Zstd(_zstd(), file)
    except ImportError as problem:
        raise ArchiveError(
            without,
            why="Python entiende zstd desde la versión 3.14.",
            next_step="Usa Python 3.14 o posterior, o instala el paquete backports.zstd.",
        ) from problem


def is_packed(start: bytes) -> bool:
    """Si lo que empieza así lleva gzip o zstd."""
    return start[:2] == _GZIP or start[:4] == _ZSTD


def inflated(pieces: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Lo mismo sin su gzip o su zstd, en bloques de ``most`` bytes como mucho: para lo que solo pasa una vez.

    Lanza ``zlib.error`` o ``EOFError`` si está roto o cortado, y ``ImportError`` si este Python no sabe zstd.
    """
    data = next(pieces, b"")
    kind = _Gunzip if data[:2] == _GZIP else _Unzstd
    while data:  # uno tras otro: los dos formatos admiten varios seguidos
        member, more = kind(), False
        while not member.done:
            data = data or (b"" if more else next(pieces, b""))
            if not data and not more:
                raise EOFError("se acaba antes de su final")
            block, data, more = member.feed(data, most)
            if block:
                yield block
        data = data.lstrip(b"\0") or next(pieces, b"").lstrip(b"\0")


class _Gunzip:
    """Un miembro de gzip; zlib-ng tarda la mitad que zlib en abrirlo."""

    def __init__(self) -> None:
        self._stream = zlib_ng.decompressobj(31)

    @property
    def done(self) -> bool:
        """Si ya se acabó."""
        return self._stream.eof

    def feed(self, data: bytes, most: int) -> tuple[bytes, bytes, bool]:
        """Lo que sale de ``data``, lo que queda de ella y si puede salir algo más sin darle nada."""
        try:
            block = self._stream.decompress(data, most)
        except _BROKEN as problem:
            raise zlib.error(str(problem)) from problem
        left = self._stream.unused_data if self.done else self._stream.unconsumed_tail
        return block, left, len(block) == most


class _Unzstd:
    """Un miembro de zstd; uno roto falla como los de gzip."""

    def __init__(self) -> None:
        module = _zstd()
        self._stream, self._broken = module.ZstdDecompressor(), module.ZstdError

    @property
    def done(self) -> bool:
        """Si ya se acabó."""
        return bool(self._stream.eof)

    def feed(self, data: bytes, most: int) -> tuple[bytes, bytes, bool]:
        """Como el de gzip."""
        try:
            block = self._stream.decompress(data, most)
        except self._broken as problem:
            raise zlib.error(str(problem)) from problem
        return block, self._stream.unused_data if self.done else b"", not self._stream.needs_input


def _zstd() -> Any:
    """El módulo que sabe zstd. Lanza ``ImportError`` si no lo hay."""
    with suppress(ImportError):
        return importlib.import_module("compression.zstd")
    return importlib.import_module("backports.zstd")


class _Zstd:
    """Lo que hay en un archivo con zstd; uno roto falla como los de gzip."""

    def __init__(self, module: Any, file: IO[bytes]) -> None:
        self._file = module.ZstdFile(file)
        self._broken: type[Exception] = module.ZstdError

    def read(self, n: int) -> bytes:
        """Los siguientes ``n`` bytes, o menos; lanza ``zlib.error`` si no se entienden."""
        try:
            return bytes(self._file.read(n))
        except self._broken as problem:
            raise zlib.error(str(problem)) from problem

    def close(self) -> None:
        """Suelta lo suyo; el archivo sigue abierto."""
        self._file.close()


class Section(io.RawIOBase):
    """Un trozo de un archivo como si fuera el archivo entero."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file, self._offset, self._size = file, offset, size
        self.position = 0

    def readable(self) -> bool:
        """Siempre."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Los siguientes ``size`` bytes, o todos los que quedan."""
        left = self._size - self.position
        self._file.seek(self._offset + self.position)
        data = self._file.read(left if size < 0 else min(size, left))
        self.position += len(data)
        return data

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Llena lo que puede de ``buffer`` y dice cuánto."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class Blocks:
    """Lectura hacia delante sobre una secuencia de bloques; saltar también los consume."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._at = 0
        self._before = 0

    def read(self, n: int) -> bytes:
        """Los siguientes ``n`` bytes, o menos si se acaban."""
        stop = self._at + n
        if stop <= len(self._block):
            data = self._block[self._at : stop]
            self._at = stop
            return data
        pieces = [self._block[self._at :]]
        n -= len(pieces[0])
        while self._next():
            pieces.append(self._block[:n])
            self._at = len(pieces[-1])
            n -= self._at
            if not n:
                break
        return b"".join(pieces)

    def skip(self, n: int) -> None:
        """Salta ``n`` bytes. Lanza ``ArchiveError`` si no los hay."""
        self._at += n
        while (over := self._at - len(self._block)) > 0:
            if not self._next():
                broken("El archivo está cortado.")
            self._at = over

    def tell(self) -> int:
        """Cuántos bytes han pasado."""
        return self._before + self._at

    def drain(self) -> None:
        """Consume lo que queda, para que el digest cubra la capa entera."""
        while self._next():
            pass

    def _next(self) -> bool:
        block = next(self._blocks, b"")
        self._before += len(self._block)
        self._block, self._at = block, 0
        return bool(block)
