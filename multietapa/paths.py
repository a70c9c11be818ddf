"""Dónde guarda el kit lo que puede volver a hacer: la caché del usuario."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def cache_dir(env: Mapping[str, str] | None = None) -> Path:
    """La carpeta de caché del kit: ``MULTIETAPA_CACHE``, o la de XDG, o ``~/.cache/multietapa``."""
    values = os.environ if env is None else env
    if values.get("MULTIETAPA_CACHE"):
        return Path(values["MULTIETAPA_CACHE"]).expanduser().resolve()
    base = values.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "multietapa"


def runtime_dir(env: Mapping[str, str] | None = None) -> Path:
    """Carpeta corta y privada para sockets (una ruta de socket no pasa de 107 bytes)."""
    values = os.environ if env is None else env
    root = Path(values.get("MULTIETAPA_RUN") or f"/tmp/multietapa-{os.getuid()}")
    root.mkdir(mode=0o700, exist_ok=True)
    status = root.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{root} debe ser tuya y privada (modo 0700)")
    return root
