"""Convierte los trozos de un registro en líneas completas, sin códigos de color."""

from __future__ import annotations

import codecs
import re

LOG_TAIL = 20  # líneas del paso que falló que acompañan a un fallo
_ENDS = re.compile(r"\r\n|\n|\r")
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_LONGEST = 65_536  # caracteres; una línea sin fin se parte para no crecer sin límite


class LineSplitter:
    """Guarda la línea a medias entre trozo y trozo; parte en ``\\n`` y en ``\\r`` (barras de progreso)."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._partial = ""

    def feed(self, chunk: bytes | str) -> list[str]:
        """Las líneas que este trozo completa; un avance borrado con ``\\r`` y vacío no cuenta."""
        text = self._partial + (chunk if isinstance(chunk, str) else self._decoder.decode(chunk))
        held = "\r" if text.endswith("\r") else ""  # puede ser la mitad de un \r\n
        found, at = [], 0
        for end in _ENDS.finditer(text, 0, len(text) - len(held)):
            line = _ANSI.sub("", text[at : end.start()])
            if line or end.group() != "\r":
                found.append(line)
            at = end.end()
        self._partial = text[at:]
        if len(self._partial) > _LONGEST:
            found.append(_ANSI.sub("", self._partial))
            self._partial = ""
        return found

    def flush(self) -> list[str]:
        """La línea que quedó a medias, si tiene algo."""
        text, self._partial = self._partial + self._decoder.decode(b"", final=True), ""
        self._decoder.reset()
        line = _ANSI.sub("", text.rstrip("\r"))
        return [line] if line else []
