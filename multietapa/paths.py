"""Dónde guarda el kit lo que puede volver a hacer: la caché del usuario."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from multietapa.errors import EngineError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


def cache_dir(env: Mapping[str, str] | None = None) -> Path:
    """La carpeta de caché del kit: ``MULTIETAPA_CACHE``, o la de XDG, o ``~/.cache/multietapa``.

    La crea si falta. Lanza :class:`EngineError` si no se puede escribir en ella.
    """
    values = os.environ if env is None else env
    if values.get("MULTIETAPA_CACHE"):
        folder = Path(values["MULTIETAPA_CACHE"]).expanduser().resolve()
    else:
        folder = Path(values.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")) / "multietapa"
    _create(folder, "de caché", "MULTIETAPA_CACHE")
    return folder


def runtime_dir(env: Mapping[str, str] | None = None) -> Path:
    """Carpeta corta y privada para sockets (una ruta de socket no pasa de 107 bytes).

    La crea si falta. Lanza :class:`EngineError` si no se puede o si no es solo de quien la usa.
    """
    values = os.environ if env is None else env
    root = Path(values.get("MULTIETAPA_RUN") or f"/tmp/multietapa-{os.getuid()}")
    _create(root, "de los sockets del motor", "MULTIETAPA_RUN", mode=0o700)
    status = root.stat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise EngineError(
            f"La carpeta de los sockets del motor, {root}, no es privada.",
            why=f"tiene que ser tuya y de modo 0700, y es del usuario {status.st_uid} y de modo "
            f"{status.st_mode & 0o7777:04o}: otra persona podría mandar en tu motor.",
            next_step=f"Si es tuya: «chmod 700 {root}». Si no, elige otra con MULTIETAPA_RUN=CARPETA.",
        )
    return root


def write_whole(path: Path, text: str) -> None:
    """Escribe un archivo de golpe: quien lo lea ve el de antes o este, nunca uno a medias."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _create(folder: Path, name: str, variable: str, *, mode: int = 0o777) -> None:
    """Crea una carpeta si falta. Lanza :class:`EngineError` si no se puede escribir en ella."""
    reason = "ya existe y tu usuario no puede escribir en ella."
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as problem:
        reason = str(problem)
    else:
        if os.access(folder, os.W_OK | os.X_OK):
            return
    raise EngineError(
        f"No se puede usar la carpeta {name}, {folder}.",
        why=reason,
        next_step=f"Dale permiso de escritura, o elige otra con {variable}=CARPETA, y repite la orden.",
    )
