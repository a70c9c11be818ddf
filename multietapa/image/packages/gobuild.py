"""Lo que el compilador de Go deja escrito en sus programas: su versión y los módulos con que los hizo.

El formato es el de ``debug/buildinfo`` de Go desde la 1.18: una marca de 14 bytes alineada a 16, el tamaño
de un puntero, un byte de señales (el bit 2 dice que los textos van a continuación) y, a los 32 bytes, dos
textos con su largo delante (en base 128): la versión y los módulos. Se busca mientras el programa pasa, sin
guardarlo: en memoria nunca hay más de unos pocos megabytes.
"""

from __future__ import annotations

SMALLEST = 256 << 10
"""Bytes del programa más pequeño que se mira: el «hola» de Go pasa de un megabyte."""
OLD = "anterior a 1.18"
"""La versión que se apunta cuando la marca está pero los textos no la siguen."""
PACKED = "comprimido"
"""La versión que se apunta de un programa comprimido con UPX: lo que lleva dentro no se ve."""
CUT = "cortado"
"""La última línea cuando la lista de módulos no está entera."""
_START = 1024
_MAX_MODULES = 1 << 20
_MAX_VERSION = 255
_ELF = b"\x7fELF"
_MAGIC = b"\xff Go buildinf:"
_UPX = b"UPX!"
_ALIGNED = 16
_HEADER = 32
_INLINE = 2
_MOST = _HEADER + _MAX_VERSION + _MAX_MODULES
_FENCE = 16  # bytes que el enlazador pone delante y detrás de la lista de módulos
_LINES = ("path\t", "mod\t", "dep\t", "=>\t")


class GoBuild:
    """Mira un programa mientras pasa: es un ``Sink`` de ``tarwalk``."""

    def __init__(self) -> None:
        self._window = b""
        self._start = 0  # dónde empieza la ventana, en el archivo
        self._old = False
        self._found = ""

    def write(self, data: bytes) -> bool:
        """Recibe los siguientes bytes; ``False`` si no es un programa o ya está todo."""
        if not self._window and not data.startswith(_ELF):
            return False
        if not self._window and _UPX in data[:_START]:
            self._found = f"{PACKED}\n"
            return False
        self._window += data
        at = self._look(ended=False)
        self._window, self._start = self._window[at:], self._start + at
        return not self._found

    def text(self) -> str:
        """Lo que Go dejó escrito, o ``""``. Se pide cuando el programa ya pasó.

        La primera línea es la versión de Go (``OLD`` o ``PACKED`` si no se ve); las demás, las
        de los módulos (``path``, ``mod``, ``dep`` y ``=>``) tal como las escribe Go y, si la lista no
        está entera, ``CUT``.
        """
        if not self._found and self._window:
            self._look(ended=True)
        return self._found or (f"{OLD}\n" if self._old else "")

    def _look(self, *, ended: bool) -> int:
        """Busca en la ventana y dice desde dónde hay que conservarla para seguir."""
        at = -1
        while (at := self._window.find(_MAGIC, at + 1)) >= 0:
            left = len(self._window) - at
            if (self._start + at) % _ALIGNED:
                continue
            if left < _HEADER:
                return at
            pointer, signs = self._window[at + 14], self._window[at + 15]
            if pointer not in (4, 8) or signs > 3:
                continue
            if not signs & _INLINE:
                self._old = True
                continue
            found = _read(self._window, at + _HEADER, ended=ended or left >= _MOST)
            if found is None:
                return at
            if found:
                self._found = found
                break
        return max(len(self._window) - len(_MAGIC) + 1, 0)


def _read(window: bytes, at: int, *, ended: bool) -> str | None:
    """El texto de una marca; ``""`` si no lo es y ``None`` si faltan bytes (``ended``: no vendrán)."""
    length, at = _length(window, at)
    if length > _MAX_VERSION or (ended and at + length > len(window)):
        return ""
    if at + length > len(window):
        return None
    version = window[at : at + length].decode("utf-8", "replace")
    if not version.startswith(("go", "devel")) or not version.isprintable():
        return ""
    length, at = _length(window, at + length)
    if at + length > len(window) and not ended:
        return None
    cut = at + length > len(window) or length > _MAX_MODULES
    body = window[at : at + min(length, _MAX_MODULES)]
    lines = body[_FENCE:].decode("utf-8", "replace").split("\n")[:-1]  # la última: el cierre, o a medias
    kept = [line for line in lines if line.startswith(_LINES)]
    return "\n".join([version, *kept, *([CUT] if cut else []), ""])


def _length(window: bytes, at: int) -> tuple[int, int]:
    """Un número en base 128 y dónde acaba; si no está entero, uno más largo que la ventana."""
    length = 0
    for place, byte in enumerate(window[at : at + 6]):
        length |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return length, at + place + 1
    return len(window) + 1, at
