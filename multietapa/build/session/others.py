"""Lo demás que se puede pedir: la plataforma, las cachés de fuera y las carpetas con nombre."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def check_platform(name: str | None) -> str:
    """La plataforma, o ``""`` si no se pidió."""
    return name or ""


def check_cache_from(names: str | Sequence[str]) -> tuple[str, ...]:
    """Las imágenes que traen caché."""
    return (names,) if isinstance(names, str) else tuple(names)


def check_contexts(places: Mapping[str, str | os.PathLike[str]]) -> dict[str, Path | str]:
    """Cada carpeta (o imagen, ``docker-image://...``) por su nombre."""
    return {name: Path(place) for name, place in places.items()}
