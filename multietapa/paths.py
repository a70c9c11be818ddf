"""Dónde guarda el kit lo que puede volver a hacer: la caché del usuario."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
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


def write_whole(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Escribe un archivo de golpe: quien lo lea ve el de antes o este, nunca uno a medias.

    Varios procesos o hilos a la vez no se estropean nada: queda lo del último. Con ``private`` solo lo puede
    leer su dueño. Lanza ``OSError`` si no se puede.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    handle = os.open(partial, flags, 0o600 if private else 0o666)
    try:
        if isinstance(content, bytes):
            with os.fdopen(handle, "wb") as binary:
                binary.write(content)
        else:
            with os.fdopen(handle, "w", encoding="utf-8") as written:
                written.write(content)
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


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
