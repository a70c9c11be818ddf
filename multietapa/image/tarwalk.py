"""Recorre las cabeceras de un tar en streaming, sin extraer nada y con límites.

Entiende ustar, PAX (POSIX.1-2001), las extensiones de GNU (nombres largos, números en base 256,
archivos dispersos) y los tamaños dispersos de PAX 0.x y 1.0. Los nombres solo se leen: nunca
se escribe en disco lo que hay dentro.
"""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, NoReturn, Protocol

from multietapa import text
from multietapa.errors import ArchiveError

RECORD = 512
PIECE = 1 << 20
"""Bytes de cada trozo que ve pasar ``look``; solo el último de un archivo mide menos."""
_CAPABILITY = "SCHILY.xattr.security.capability"
_HEADER_ONLY = frozenset(b"123456")
_KINDS = {
    ord("0"): "file", 0: "file", ord("7"): "file", ord("S"): "file", ord("1"): "hardlink",
    ord("2"): "symlink", ord("3"): "device", ord("4"): "device", ord("5"): "dir", ord("6"): "fifo",
}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Hasta dónde se acepta un archivo antes de llamarlo hostil. Tamaños en bytes."""

    layer_bytes: int = 32 << 30
    entries: int = 1_500_000  # de todas las capas: cabe un millón de archivos, con sus carpetas
    used: int = 0  # de ellas, las de las capas ya leídas
    metadata_bytes: int = 1 << 20
    config_bytes: int = 16 << 20
    document_bytes: int = 8 << 20
    documents_bytes: int = 48 << 20
    lists_bytes: int = 12 << 20
    names_bytes: int = 256 << 20
    name_length: int = 4096


class Source(Protocol):
    """De donde se leen los bytes: ``read`` devuelve menos de ``n`` solo al final."""

    def read(self, n: int) -> bytes:
        """Los siguientes ``n`` bytes."""

    def skip(self, n: int) -> None:
        """Avanza ``n`` bytes; lanza ``ArchiveError`` si no existen."""

    def tell(self) -> int:
        """Posición absoluta del siguiente byte."""


class RawEntry(NamedTuple):
    """Una entrada tal cual: ``size`` es el tamaño lógico; ``offset`` y ``stored``, dónde y cuánto ocupa.

    ``capability`` es el atributo ``security.capability`` de un archivo, en bruto, o nada si no lo lleva.
    ``mtime`` son segundos desde 1970, sin su fracción.
    """

    path: str
    kind: str
    size: int
    mode: int
    uid: int
    gid: int
    link: str
    offset: int
    stored: int
    data: bytes
    capability: bytes = b""
    mtime: int = 0


#: Quien mira un archivo mientras pasa: su ruta, lo que ocupa y sus bytes, a trozos. No tiene que leerlos
#: todos.
Look = Callable[[str, int, Iterator[bytes]], None]


def broken(why: str) -> NoReturn:
    """Lanza el ``ArchiveError`` de un archivo que no se puede leer."""
    raise ArchiveError(
        "El archivo de la imagen está roto o es hostil.",
        why=why,
        next_step="Vuelve a guardarlo (docker save) o a descargarlo; si viene de fuera, no lo cargues.",
    )


def too_many(entries: int) -> NoReturn:
    """Lanza el ``ArchiveError`` de una imagen con más de ``entries`` entradas, que puede no ser hostil."""
    counted = f"{text.number(entries)} entradas (archivos, enlaces y carpetas)"
    raise ArchiveError(
        "La imagen tiene demasiados archivos para leerla.",
        why=f"Sus capas suman más de {counted}, y abrirla podría agotar la memoria.",
        next_step="Si es tuya, mira qué se copia o se instala en ella; si viene de fuera, no la cargues.",
    )


def clean_path(name: str) -> str:
    """Ruta relativa a la raíz de la imagen, sin ``./`` ni barras de más; ``""`` es la raíz.

    Una ruta absoluta cuelga de la raíz de la imagen, como hace Docker; una que sale de ella con
    ``..`` lanza ``ArchiveError``, también como Docker.
    """
    if name.startswith("./"):
        name = name[2:]
    name = name.strip("/")
    if name.startswith(".") or "/." in name or "//" in name:
        name = posixpath.normpath(name)
        if name == ".." or name.startswith("../"):
            broken(f"La ruta «{name[:200]}» sale de la raíz de la imagen.")
        return "" if name == "." else name
    return name


def walk(
    source: Source,
    *,
    limits: Limits,
    wanted: Callable[[str, int], bool] = lambda *_: False,
    look: Look | None = None,
) -> Iterator[RawEntry]:
    """Da cada entrada del tar; ``data`` llega llena en los archivos que ``wanted(ruta, tamaño)`` pide.

    ``look`` ve pasar el contenido de cada archivo corriente que ocupa algo, antes de que se dé su entrada;
    los dispersos no, porque sus bytes no están seguidos.

    Termina en los bloques de ceros o al acabarse la fuente en el límite de un bloque. Lanza
    ``ArchiveError`` ante una cabecera falsa, un tamaño imposible o un archivo cortado.
    """
    pax: dict[str, str] = {}
    long_name = long_link = ""
    count = extended = names = 0
    while True:
        header = source.read(RECORD)
        if len(header) < RECORD:
            if header or pax or long_name:
                broken("El archivo termina a mitad de una cabecera.")
            return
        if not header[0] and not header.strip(b"\0"):
            return
        if not sums(header):
            broken("Una cabecera del tar no cuadra con su suma de comprobación.")
        type_ = header[156]
        stored = _number(header[124:136])
        if type_ in b"xgLK":
            extended += 1
            if extended > 2 * (limits.entries - limits.used) + 1:  # a cada entrada le bastan dos
                broken("Trae más cabeceras extendidas que entradas.")
            if stored > limits.metadata_bytes:
                broken(f"Una cabecera extendida dice ocupar {stored} bytes.")
            data = _exactly(source, stored)
            _pad(source, stored)
            if type_ == ord("x"):
                pax.update(_pax(data))
            elif type_ == ord("L"):
                long_name = _text(data)
            elif type_ == ord("K"):
                long_link = _text(data)
            continue
        count += 1
        if count > limits.entries - limits.used:
            too_many(limits.entries)
        if "size" in pax:
            stored = _decimal(pax["size"])
        size = stored
        sparse = pax.get("GNU.sparse.realsize") or pax.get("GNU.sparse.size")
        if sparse is not None:
            size = _decimal(sparse)
        if type_ == ord("S"):
            size = _number(header[483:495])
            extended = header[482]
            while extended:
                block = _exactly(source, RECORD)
                extended = block[504]
        if type_ in _HEADER_ONLY:
            size = stored = 0
        if max(size, stored) > limits.layer_bytes:
            broken(f"Una entrada dice ocupar {max(size, stored)} bytes.")
        name = pax.get("GNU.sparse.name") or pax.get("path") or long_name or _name(header)
        link = pax.get("linkpath") or long_link or _text(header[157:257])
        names += len(name) + len(link)
        if max(len(name), len(link)) > limits.name_length or names > limits.names_bytes:
            broken("Trae nombres de archivo más largos de lo que admite un sistema de archivos.")
        kind = _KINDS.get(type_, "other")
        if kind == "file" and name.endswith("/"):
            kind = "dir"
        path = clean_path(name)
        offset = source.tell()
        data = b""
        if stored:
            if kind == "file" and size == stored and wanted(path, stored):
                data = _exactly(source, stored)
                if look:
                    look(path, stored, iter((data,)))
            elif look and kind == "file" and size == stored:
                _shown(source, path, stored, look)
            else:
                source.skip(stored)
            _pad(source, stored)
        yield RawEntry(
            path,
            kind,
            len(link.encode("utf-8", "surrogateescape")) if kind == "symlink" else size,
            _common(header[100:108]) & 0o7777,
            _decimal(pax["uid"]) if "uid" in pax else _common(header[108:116]),
            _decimal(pax["gid"]) if "gid" in pax else _common(header[116:124]),
            clean_path(link) if kind == "hardlink" else link if kind == "symlink" else "",
            offset,
            stored,
            data,
            pax.get(_CAPABILITY, "").encode("utf-8", "surrogateescape") if pax else b"",
            _seconds(pax["mtime"]) if "mtime" in pax else _date(header[136:148]),
        )
        if pax:
            pax = {}
        long_name = long_link = ""


def sums(header: bytes) -> bool:
    """Si la cabecera cuadra con su suma; adler32 lleva esa misma suma, módulo 65521, en su mitad baja."""
    plain = header[:148] + b"        " + header[156:]
    return ((zlib.adler32(plain) & 0xFFFF) - 1) % 65521 == _number(header[148:156]) % 65521


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        if field[0] & 0x40:
            broken("Una cabecera del tar trae un número negativo.")
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    if not digits:
        return 0
    if not digits.isdigit():
        broken("Una cabecera del tar trae un número que no se entiende.")
    try:
        return int(digits, 8)
    except ValueError:
        broken("Una cabecera del tar trae un número que no se entiende.")


#: El mismo número, para los campos que casi siempre llevan uno ya visto: permisos, dueños y fechas.
_common = lru_cache(4096)(_number)


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 20:
        broken("Una cabecera PAX trae un número que no se entiende.")
    return int(text)


def _date(field: bytes) -> int:
    """Una fecha de la cabecera; las de antes de 1970 van en base 256, con signo."""
    if field[0] & 0xC0 == 0xC0:
        return int.from_bytes(field, "big", signed=True)
    return _common(field)


def _seconds(text: str) -> int:
    whole = text.partition(".")[0]
    digits = whole.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        broken("Una cabecera PAX trae una fecha que no se entiende.")
    return int(whole)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _name(header: bytes) -> str:
    name = _text(header[:100])
    if header[257:263] == b"ustar\0" and header[345]:
        return f"{_text(header[345:500])}/{name}"
    return name


def _pax(data: bytes) -> dict[str, str]:
    records: dict[str, str] = {}
    start, end = 0, len(data.rstrip(b"\0"))
    while start < end:
        space = data.find(b" ", start, start + 9)
        length = data[start:space] if space > start else b""
        stop = start + int(length) if length.isdigit() else 0
        equals = data.find(b"=", space, stop)
        if not space < equals < stop <= end or data[stop - 1 : stop] != b"\n":
            broken("Una cabecera PAX está mal formada.")
        records[_utf8(data[space + 1 : equals])] = _utf8(data[equals + 1 : stop - 1])
        start = stop
    return records


def _utf8(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _exactly(source: Source, n: int) -> bytes:
    data = source.read(n)
    if len(data) < n:
        broken("El archivo está cortado.")
    return data


def _shown(source: Source, path: str, stored: int, look: Look) -> None:
    """Deja que ``look`` lea lo que quiera de los ``stored`` bytes que siguen y salta el resto."""
    left = stored

    def pieces() -> Iterator[bytes]:
        nonlocal left
        while left:
            piece = _exactly(source, min(left, PIECE))
            left -= len(piece)
            yield piece

    look(path, stored, pieces())
    if left:
        source.skip(left)


def _pad(source: Source, n: int) -> None:
    if n % RECORD:
        source.skip(RECORD - n % RECORD)
