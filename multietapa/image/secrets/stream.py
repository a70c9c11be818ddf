"""Mira un texto o un binario de cualquier tamaño a trozos, sin tenerlo nunca entero.

Cada trozo se mira con 64 KiB del siguiente detrás, así que nada de lo que busca ``keys`` o ``shapes`` se
pierde por caer entre dos. Lo que haya en UTF-16 se pasa antes a UTF-8.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NamedTuple

from multietapa.image.secrets.keys import ANCHOR, ANCHORED, LONGEST, PUTTY_START, key_at, putty_key
from multietapa.image.secrets.placeholders import is_filler, is_placeholder
from multietapa.image.secrets.shapes import LETTERS, OWN_SHAPES, SHAPES, Shape, token_at

HEAD = 8192
"""Bytes con los que se decide qué es un archivo."""
TEXT, BINARY = "utf-8", "binario"
MOST_HITS = 40
"""Secretos que se anotan de un archivo; uno con más es un volcado, y basta con los primeros."""
MOST_LOOKS = 1_000_000
"""Anclas que se miran de cerca en un archivo: un archivo hecho a propósito no detiene a los demás."""
_BEFORE = 4096
_TAIL = 2048  # un ancla mide menos
_ARCHIVES = (
    b"\x1f\x8b", b"PK\x03\x04", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh", b"7z\xbc\xaf\x27\x1c",
    b"!<arch>\ndebian",
)  # fmt: skip


class Hit(NamedTuple):
    """Un secreto encontrado, con su valor: solo vive mientras se mira un archivo."""

    kind: str
    value: str
    key: bool = False

    def __repr__(self) -> str:
        return f"Hit({self.kind!r}, {len(self.value)})"


class Scan:
    """Lo que se encontró en un archivo, y si se dejó algo por mirar."""

    def __init__(self) -> None:
        self.hits: list[Hit] = []
        self.cut = False
        self._looks = 0
        self._seen: set[str] = set()

    def add(self, hit: Hit) -> None:
        """Anota un secreto, una vez cada valor."""
        if hit.value not in self._seen and not self.cut:
            self._seen.add(hit.value)
            self.hits.append(hit)
            self.cut = len(self.hits) >= MOST_HITS

    def look(self) -> bool:
        """Cuenta un ancla; ``False`` cuando ya son demasiadas."""
        self._looks += 1
        self.cut = self.cut or self._looks > MOST_LOOKS
        return not self.cut


def kind_of(head: bytes) -> str:
    """Cómo se lee un archivo que empieza así: ``utf-8``, ``utf-16-le``, ``utf-16-be`` o ``binario``."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    if b"\0" not in head:
        return TEXT
    sample = head[: len(head) - len(head) % 2]
    even, odd = sample[::2], sample[1::2]
    if len(sample) >= 8:
        if not odd.strip(b"\0") and b"\0" not in even:
            return "utf-16-le"
        if not even.strip(b"\0") and b"\0" not in odd:
            return "utf-16-be"
    return BINARY


def is_archive(head: bytes) -> bool:
    """Si es un archivo comprimido o un paquete, de los que no se abren."""
    return head.startswith(_ARCHIVES) or head[257:262] == b"ustar"


def as_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Los mismos trozos, en UTF-8."""
    if encoding in (TEXT, BINARY):
        yield from pieces
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def scan_pieces(pieces: Iterator[bytes], scan: Scan, *, binary: bool, own: bool) -> None:
    """Busca claves y tokens en un archivo que llega a trozos. En un binario, solo claves privadas PEM.

    ``own`` dice si es de quien hizo la imagen, y no de su sistema ni de un paquete.
    """
    kept, first = b"", 0
    waiting = next(pieces, None)
    if waiting:
        _putty(waiting, scan)
    while waiting is not None and not scan.cut:
        piece, waiting = waiting, next(pieces, None)
        data = kept + piece if kept else piece
        last = len(data) if waiting is None else max(first, len(data) - LONGEST)
        scan_data(data, scan, first=first, last=last, binary=binary, own=own)
        start = max(0, last - _BEFORE)
        kept, first = data[start:], last - start


def scan_whole(data: bytes, scan: Scan, *, binary: bool, own: bool) -> None:
    """Lo mismo en un archivo que está entero y no necesita pasarse a UTF-8."""
    _putty(data, scan)
    scan_data(data, scan, binary=binary, own=own)


def scan_data(
    data: bytes,
    scan: Scan,
    *,
    first: int = 0,
    last: int | None = None,
    binary: bool = False,
    own: bool = True,
) -> None:
    """Busca en ``data`` lo que tiene su ancla entre ``first`` y ``last``."""
    last = len(data) if last is None else last
    edge = min(len(data), last + _TAIL)
    if data.find(ANCHORED, first, edge) >= 0:
        for at in _places(ANCHOR, data, first, last, edge, scan):
            if key := key_at(data, at):
                scan.add(Hit(key.kind, _text(data[key.start : key.end]), key=True))
    if binary:
        return
    absent = [letter for letter in LETTERS if data.find(letter, first, edge) < 0]
    for shape in (*SHAPES, *OWN_SHAPES) if own else SHAPES:
        if shape.letter not in absent and shape.anchor.search(data, first, edge):
            _tokens(shape, data, first, last, edge, scan)


def _putty(start: bytes, scan: Scan) -> None:
    """Anota la clave de PuTTY que es un archivo, que empieza por ``start``, si lo es."""
    if start.startswith(PUTTY_START) and (key := putty_key(start[:LONGEST])):
        scan.add(Hit(key.kind, _text(start[key.start : key.end]), key=True))


def _tokens(shape: Shape, data: bytes, first: int, last: int, edge: int, scan: Scan) -> None:
    for at in _places(shape.anchor, data, first, last, edge, scan):
        if token := token_at(shape, data, at):
            value = _text(data[token.start : token.end])
            filled = is_placeholder(value, "token") if shape.anchor.pattern == _LOOSE else is_filler(value)
            if not filled:
                scan.add(Hit(token.kind, value))


_LOOSE = b"_authToken"  # el único cuyo valor no tiene una forma propia


def _places(
    anchor: re.Pattern[bytes], data: bytes, first: int, last: int, edge: int, scan: Scan
) -> Iterator[int]:
    for found in anchor.finditer(data, first, edge):
        if found.start() >= last or not scan.look():
            return
        yield found.start()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
