"""Lo que una instrucción toma de la carpeta: cada archivo, con la huella de lo que mira la caché del motor.

Mira el contenido, los permisos y adónde apunta un enlace; la fecha, no. De un archivo ya leído que conserva
tamaño, fechas e identidad vale la huella de entonces. Lo que no se puede asegurar no se da.
"""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import time
from collections.abc import Mapping, Sequence

from multietapa.build.memory.portrait import Spot
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.ignore import is_hollow, read_rules
from multietapa.dockerfile.patterns import BadPattern, Pattern, read_pattern
from multietapa.dockerfile.walk import entries
from multietapa.errors import MultietapaError

MOST_FILES = 10_000
"""Entradas de la carpeta que se miran; con más, no se dice nada de ninguna."""
MOST_BYTES = 512_000_000
"""Bytes que se leen en una construcción."""
MOST_SECONDS = 20.0
_CHUNK = 1 << 20
Hashes = dict[str, tuple[int, int, int, int, str]]


class _TooMuch(Exception):
    """Se acabó lo que se dedica a esto."""


def look(
    context: Context,
    wanted: Mapping[Spot, Sequence[str]],
    known: Mapping[str, tuple[int, int, int, int, str]],
    stop: threading.Event,
) -> tuple[dict[Spot, dict[str, str] | None], Hashes]:
    """Lo que toma cada instrucción de ``wanted`` (``None`` si no se sabe) y las huellas para la próxima vez.

    ``known`` son las de la vez anterior. Si se activa ``stop``, se deja.
    """
    unknown: dict[Spot, dict[str, str] | None] = dict.fromkeys(wanted)
    few = {spot: paths for spot, paths in wanted.items() if "." not in paths}
    for asked in (wanted, few):  # si toda la carpeta es demasiado, al menos lo que se nombra
        if asked and not stop.is_set():
            try:
                found, hashes = _Look(context, asked, known, stop).done()
            except _TooMuch:
                continue
            except (OSError, MultietapaError, BadPattern, ValueError):
                break
            return {**unknown, **found}, hashes
    return unknown, {}


class _Look:
    def __init__(
        self,
        context: Context,
        wanted: Mapping[Spot, Sequence[str]],
        known: Mapping[str, tuple[int, int, int, int, str]],
        stop: threading.Event,
    ) -> None:
        self._context, self._known, self._stop = context, known, stop
        self._paths: dict[str, Pattern] = {}
        for paths in wanted.values():
            for path in paths:
                self._paths.setdefault(path, read_pattern(path))
        self._wanted = wanted
        self._started, self._now = time.monotonic(), time.time_ns()
        self._read = 0
        self._hashes: Hashes = {}
        self._hits: dict[str, frozenset[str]] = {}
        self._found: dict[str, dict[str, str] | None] = {path: {} for path in self._paths}

    def done(self) -> tuple[dict[Spot, dict[str, str] | None], Hashes]:
        whole = any(path == "." or path[0] in "!#" for path in self._paths)
        rules = () if whole else read_rules("\n".join(self._paths))
        for count, (name, path) in enumerate(entries(self._context.root, self._context.rules, rules)):
            if count >= MOST_FILES or self._stop.is_set():
                raise _TooMuch
            if time.monotonic() - self._started > MOST_SECONDS:
                raise _TooMuch
            self._add(name, path)
        taken: dict[Spot, dict[str, str] | None] = {}
        for key, paths in self._wanted.items():
            parts = [self._found[path] or None for path in paths]  # nada: habrá un enlace en su camino
            merged: dict[str, str] = {}
            for part in parts:
                merged |= part or {}
            taken[key] = None if any(part is None for part in parts) else merged
        return taken, self._hashes

    def _add(self, name: str, path: str) -> None:
        above = self._hits.get(name.rpartition("/")[0], frozenset())
        own = frozenset(at for at, pattern in self._paths.items() if at == "." or pattern.matches(name))
        status = os.lstat(path)
        if stat.S_ISDIR(status.st_mode):
            self._hits[name] = above | own
        if stat.S_ISLNK(status.st_mode):
            # Un enlace nombrado se sigue; y por él puede pasar el camino de lo que se nombra.
            for at in self._paths:
                if (at in own and at != ".") or f"{at}/".startswith(f"{name}/"):
                    self._found[at] = None
        hits = above | own
        sign = self._sign(name, path, status) if hits else ""
        for at in hits:
            found = self._found[at]
            if found is not None and sign:
                found[name] = sign
            else:
                self._found[at] = None

    def _sign(self, name: str, path: str, status: os.stat_result) -> str:
        """La huella de una entrada, o ``""`` si no se puede asegurar."""
        mode = f"{stat.S_IMODE(status.st_mode):o}" if os.name == "posix" else ""
        if stat.S_ISLNK(status.st_mode):
            return f"l:{os.readlink(path)}"
        if stat.S_ISDIR(status.st_mode):
            return f"d:{mode}"
        if not stat.S_ISREG(status.st_mode) or is_hollow(self._context.rules, name):
            return ""
        digest = self._digest(name, path, status)
        return f"f:{mode}:{digest}" if digest else ""

    def _digest(self, name: str, path: str, status: os.stat_result) -> str:
        row = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if max(row[1], row[2]) > self._now:
            return ""  # cambió ya empezada la construcción: pudo viajar lo de antes
        known = self._known.get(name)
        if known is not None and known[:4] == row:
            self._hashes[name] = known
            return known[4]
        self._read += status.st_size
        if self._read > MOST_BYTES:
            raise _TooMuch
        sum_ = hashlib.blake2b(digest_size=16)
        with open(path, "rb") as file:  # noqa: PTH123  un Path por archivo costaría la mitad
            while chunk := file.read(_CHUNK):
                sum_.update(chunk)
                if self._stop.is_set():
                    raise _TooMuch
        after = os.lstat(path)
        if (after.st_size, after.st_mtime_ns, after.st_ctime_ns, after.st_ino) != row:
            return ""  # cambia mientras se lee
        if max(row[1], row[2]) < self._now - 2_000_000_000:  # otra escritura llevaría la misma fecha
            self._hashes[name] = (*row, sum_.hexdigest())
        return sum_.hexdigest()
