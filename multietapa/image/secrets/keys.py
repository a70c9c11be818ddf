"""Claves privadas, por su contenido: PEM, OpenSSH, PGP y PuTTY, también dentro de un JSON o de un guion.

Basta con el principio: se descifra el base64 de su cuerpo y se mira que sea una clave (una secuencia DER, un
archivo de OpenSSH o un paquete de OpenPGP). Así, las cabeceras sueltas que llevan dentro OpenSSL y cualquier
biblioteca de criptografía, o un ejemplo con puntos suspensivos, no se confunden con una.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import NamedTuple

ANCHORED = b"PRIVATE KEY"
ANCHOR = re.compile(ANCHORED)
PUTTY_START = b"PuTTY-User-Key-File-"
LONGEST = 64 << 10
"""Bytes que puede ocupar una clave, con su cabecera; de una más larga se mira el principio."""
PRIVATE, ENCRYPTED, PGP = "clave privada", "clave privada cifrada", "clave privada de PGP"
SSH, PUTTY, GOOGLE = "clave privada de SSH", "clave privada de PuTTY", "cuenta de servicio de Google Cloud"
_JUDGED = 4096  # bytes del cuerpo que bastan para saber si es una clave
_SHORTEST = 60  # letras de base64: una Ed25519 ocupa 64
_BEGIN = re.compile(rb"-----BEGIN ((?:[A-Z0-9]+ ){0,3})\Z")
_OPEN = re.compile(rb"PRIVATE KEY( BLOCK)?-----")
_JOINED = re.compile(rb"[\"'`]\s*[+.]?\s*(?:\\?\r?\n)?\s*[\"'`]")
_HEADERS = re.compile(rb"(?m)^[ \t]*(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): ?[^\n]*$")
_BLANK = re.compile(rb"\s+|\\")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_PUTTY = re.compile(
    rb"PuTTY-User-Key-File-\d: [^\r\n]+\r?\n(?:[A-Z][\w-]*: ?[^\r\n]*\r?\n|[A-Za-z0-9+/=]+\r?\n)*?"
    rb"Private-Lines: \d+\r?\n([A-Za-z0-9+/=\r\n]+)"
)


class Key(NamedTuple):
    """Una clave encontrada: qué es y dónde empieza y termina."""

    kind: str
    start: int
    end: int


def key_at(data: bytes, at: int) -> Key | None:
    """La clave cuya cabecera dice ``PRIVATE KEY`` en la posición ``at`` de ``data``, o ``None``."""
    begin = _BEGIN.search(data, max(0, at - 48), at)
    opened = _OPEN.match(data, at)
    if begin is None or opened is None:
        return None
    stop = data.find(b"-----", opened.end(), at + LONGEST)
    end = stop if stop >= 0 else min(len(data), at + LONGEST)
    body = data[opened.end() : min(end, opened.end() + _JUDGED)]
    if data.startswith(b"-----END", end):
        end = data.find(b"-----", end + 8, end + 80) + 5 or end
    encrypted = b"ENCRYPTED" in begin[1] or b"ENCRYPTED" in body[:200]
    raw = _decoded(body)
    if len(raw) * 4 < _SHORTEST * 3:
        return None
    if opened[1]:
        real = _is_openpgp(raw)
    elif b"OPENSSH" in begin[1]:
        real = raw.startswith(b"openssh-key-v1\0")
    else:
        legacy = encrypted and b"ENCRYPTED" not in begin[1]  # el formato viejo cifra la secuencia entera
        real = len(set(raw)) > 16 if legacy else _is_der(raw)
    if not real:
        return None
    kind = PGP if opened[1] else ENCRYPTED if encrypted else SSH if b"OPENSSH" in begin[1] else PRIVATE
    if kind == PRIVATE and b"service_account" in data[max(0, at - 2048) : end + 2048]:
        kind = GOOGLE
    return Key(kind, begin.start(), end)


def putty_key(data: bytes) -> Key | None:
    """La clave de PuTTY que es ``data``, o ``None``: solo puede ser el archivo entero."""
    found = _PUTTY.match(data)
    return Key(PUTTY, 0, found.end()) if found and len(found[1]) >= _SHORTEST // 2 else None


def _decoded(body: bytes) -> bytes:
    """El principio del cuerpo, descifrado de base64; nada si no es base64."""
    plain = re.sub(rb"\\+r", b"", body)
    plain = re.sub(rb"\\+n", b"\n", plain)
    plain = _HEADERS.sub(b"", _JOINED.sub(b"", plain))
    found = _BASE64.match(_BLANK.sub(b"", plain).lstrip(b"\"'`+,"))
    letters = found[0].rstrip(b"=") if found else b""
    try:
        return base64.b64decode(letters[: len(letters) - len(letters) % 4])
    except binascii.Error:  # pragma: no cover (el patrón solo deja pasar base64)
        return b""


def _is_der(raw: bytes) -> bool:
    """Si empieza como una clave en DER: una secuencia con un entero u otra secuencia dentro."""
    if raw[0] != 0x30:
        return False
    skip = 2 + (raw[1] & 0x7F if raw[1] & 0x80 else 0)
    return skip < 6 and raw[skip] in (0x02, 0x30)


def _is_openpgp(raw: bytes) -> bool:
    """Si el primer paquete de OpenPGP es una clave secreta (etiquetas 5 y 7)."""
    if not raw[0] & 0x80:
        return False
    tag = raw[0] & 0x3F if raw[0] & 0x40 else (raw[0] & 0x3C) >> 2
    return tag in (5, 7)
