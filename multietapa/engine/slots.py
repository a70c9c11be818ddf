"""Huecos: cada taller de esta máquina usa un motor privado distinto, con sus datos y puertos."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from multietapa.engine.host import run_folder
from multietapa.engine.model import NODE_KIND, OWN_KINDS
from multietapa.engine.private import userns
from multietapa.engine.state import read
from multietapa.errors import EngineError
from multietapa.paths import cache_dir, runtime_dir

MAXIMUM = 20


@dataclass(frozen=True)
class Slot:
    """Un hueco reservado mientras sus candados sigan abiertos."""

    number: int
    run: Path
    data: Path
    locks: tuple[IO[str], ...]

    def data_for(self, kind: str) -> Path:
        """La carpeta de datos de un motor de esa clase en este hueco."""
        return _data_folder(self.data, kind)

    def release(self) -> None:
        """Devuelve el hueco."""
        for lock in self.locks:
            lock.close()


def reserve() -> Slot:
    """Reserva el primer hueco libre. Lanza :class:`EngineError` si están todos ocupados.

    Los candados son del sistema (``flock``): si el proceso muere, el hueco queda libre solo. Hay dos, porque
    los puertos son de toda la máquina (carpeta de ejecución) y los datos, de una caché.
    """
    for number in range(MAXIMUM):
        run, data = runtime_dir() / f"motor-{number}", cache_dir() / f"motores/{number}"
        run.mkdir(mode=0o700, exist_ok=True)
        data.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            try:
                locks = [_locked(stack, run / "candado"), _locked(stack, data.with_name(f"{number}.candado"))]
            except BlockingIOError:
                continue
            stack.pop_all()
            return Slot(number=number, run=run, data=data, locks=tuple(locks))
    raise EngineError(
        f"Ya hay {MAXIMUM} motores privados en marcha en esta máquina.",
        next_step="Cierra alguno de los talleres abiertos y repite la orden.",
    )


def running() -> list[tuple[int, str, str]]:
    """Los motores del taller en marcha en esta máquina, de quien pregunta: su hueco, su clase y su URL.

    Los nodos a los que se despliega no cuentan: se van con quien despliega.
    """
    found = []
    for number in range(MAXIMUM):
        run = runtime_dir() / f"motor-{number}"
        state = read(run / run_folder.STATE)
        if state.get("host") and state.get("kind") != NODE_KIND and is_reserved(run):
            found.append((number, str(state.get("kind")), str(state["host"])))
    return found


def remove_unused_data() -> str:
    """Borra los datos (imágenes y caché) de los motores del kit que nadie usa, y dice qué borró."""
    removed, busy = [], []
    for number in range(MAXIMUM):
        base = cache_dir() / f"motores/{number}"
        every = [_data_folder(base, kind) for kind in (*OWN_KINDS, NODE_KIND)]
        folders = [path for path in every if path.exists()]
        if not folders:
            continue
        with ExitStack() as stack:
            try:
                _locked(stack, base.with_name(f"{number}.candado"))
            except BlockingIOError:
                busy.append(str(number))
                continue
            for folder in folders:
                userns.remove(folder)
                removed.append(folder.name)
    lines = [f"Datos borrados: {', '.join(removed)}." if removed else "No había datos que borrar."]
    lines += [f"En uso, se quedan: {', '.join(busy)}. Cierra antes su taller."] if busy else []
    return "\n".join(lines)


def _data_folder(base: Path, kind: str) -> Path:
    return base if kind == "privado" else base.with_name(f"{base.name}-{kind}")


def _locked(stack: ExitStack, path: Path) -> IO[str]:
    handle = stack.enter_context(path.open("w"))
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return handle


def is_reserved(run: Path) -> bool:
    """Alguien tiene reservado el hueco de esa carpeta de ejecución."""
    try:
        with ExitStack() as stack:
            _locked(stack, run / "candado")
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
