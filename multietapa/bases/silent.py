"""Los registros que no contestaron hace poco: lo recuerda toda la sesión, también de un proceso a otro."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from multietapa.identity import SESSION_VARIABLE
from multietapa.paths import cache_dir, write_whole

_PREFIX = "registros-callados-"
_OLD_SECONDS = 86_400.0


class SilentRegistries:
    """Por cada registro que no contestó, qué pasó y cuándo (en segundos de ``time.time()``).

    Con ``notes`` se apunta en ese archivo, que otros procesos leen; sin él, solo lo sabe este objeto.
    """

    def __init__(self, notes: Path | None = None) -> None:
        self._notes = notes
        self._known: dict[str, tuple[str, float]] = {}

    def when(self, registry: str) -> tuple[str, float] | None:
        """Qué pasó la última vez y hace cuántos segundos, o ``None`` si no calló."""
        self._read()
        found = self._known.get(registry)
        return (found[0], max(0.0, time.time() - found[1])) if found else None

    def note(self, registry: str, said: str) -> None:
        """Este registro acaba de no contestar."""
        self._read()
        self._known[registry] = said, time.time()
        self._write()

    def forget(self, registry: str) -> None:
        """Este registro ha contestado."""
        self._read()
        if self._known.pop(registry, None):
            self._write()

    def _read(self) -> None:
        if self._notes is None:
            return
        try:
            found = json.loads(self._notes.read_text(encoding="utf-8"))
            self._known = {str(name): (str(said), float(at)) for name, (said, at) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            self._known = {}

    def _write(self) -> None:
        if self._notes is not None:
            with suppress(OSError):  # sin sitio donde apuntarlo, se vuelve a preguntar y ya está
                write_whole(self._notes, json.dumps(self._known))


def of_the_session(env: Mapping[str, str] | None = None) -> SilentRegistries:
    """Los de la sesión del taller de este proceso; si no es de ninguna, solo los suyos."""
    session = (os.environ if env is None else env).get(SESSION_VARIABLE)
    if not session:
        return SilentRegistries()
    folder = cache_dir(env)
    for path in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _OLD_SECONDS:
                path.unlink()
    return SilentRegistries(folder / f"{_PREFIX}{session}.json")
