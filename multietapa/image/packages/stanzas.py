"""Las bases de datos de texto: la de dpkg (también como la deja distroless) y la de apk.

Las dos son fichas separadas por una línea en blanco; cada campo es una línea, ``Package: x`` en dpkg y
``P:x`` en apk. Formatos: el manual ``deb-control(5)`` y la documentación de apk (APKINDEX).
"""

from __future__ import annotations

from collections.abc import Iterator

from multietapa.image.packages.model import Reading, shown
from multietapa.text import count

_GONE = ("not-installed", "config-files")
"""Los estados de dpkg en los que no queda ningún archivo del programa."""


def read_dpkg(text: str) -> Reading:
    """Los paquetes de un ``status`` de dpkg, o de una ficha suelta de ``status.d``."""
    reading = Reading()
    useless = total = 0
    for fields in _stanzas(text, ("Package", "Version", "Architecture", "Status")):
        total += 1
        state = fields.get("Status", "").split()
        if state and state[-1] in _GONE:
            continue
        if "Package" in fields and (state or "Version" in fields):
            reading.add(fields["Package"], fields.get("Version", ""), fields.get("Architecture", ""))
        else:
            useless += 1
    return _judged(reading, text, useless, total)


def read_apk(text: str) -> Reading:
    """Los paquetes de ``lib/apk/db/installed``."""
    reading = Reading()
    useless = total = 0
    for fields in _stanzas(text, ("P", "V", "A")):
        total += 1
        if "P" in fields:
            reading.add(fields["P"], fields.get("V", ""), fields.get("A", ""))
        else:
            useless += 1
    return _judged(reading, text, useless, total)


def _judged(reading: Reading, text: str, useless: int, total: int) -> Reading:
    """Añade lo que dice del archivo entero: si hay fichas que no se entienden, o si no hay ninguna."""
    if useless:
        which = "una ficha" if useless == 1 else count(useless, "ficha", "fichas")
        reading.problems.append(f"No se entiende {which} de {total}: faltan el nombre o la versión.")
    elif not total and text.strip():
        reading.problems.append(f"No tiene ninguna ficha: empieza por {shown(text.strip())}.")
    if total > 1 and not text.endswith("\n"):
        reading.problems.append("Acaba a mitad de una línea: parece cortada, y puede faltar algo.")
    if total and "\0" in text:
        reading.problems.append("Tiene bytes que no son texto: puede faltar algo.")
    return reading


def _stanzas(text: str, wanted: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Cada ficha con sus campos ``wanted``; las líneas que siguen a un campo (con espacio) no cuentan."""
    fields: dict[str, str] = {}
    seen = False
    for line in text.split("\n"):
        if not line.strip():
            if seen:
                yield fields
            fields, seen = {}, False
            continue
        name, colon, value = line.partition(":")
        if colon and name and not line[0].isspace():
            seen = True
            if name in wanted:
                fields.setdefault(name, value.strip())
    if seen:
        yield fields
