"""Lo que cuenta mocha cuando pasa las pruebas de la tienda, con cualquiera de sus informes corrientes."""

from __future__ import annotations

import re

_PASSED = re.compile(r"(\d+) passing|# pass (\d+)|\"passes\": (\d+)|tests=\"(\d+)\" failures=\"0\"")
_FAILED = re.compile(r"([1-9]\d*) failing|# fail ([1-9]\d*)|\"failures\": ([1-9]\d*)")


def passed(written: str) -> int | None:
    """Cuántas pruebas dice que pasaron, o ``None`` si no lo dice."""
    return _count(_PASSED.search(written))


def failed(written: str) -> int:
    """Cuántas pruebas dice que fallaron; 0 si no dice que fallara ninguna."""
    return _count(_FAILED.search(written)) or 0


def _count(found: re.Match[str] | None) -> int | None:
    return int(next(filter(None, found.groups()))) if found else None
