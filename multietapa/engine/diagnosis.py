"""``motor --diagnostico``: lo que hace falta saber para entender por qué un motor va mal. Solo lee."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from multietapa import text
from multietapa.engine.discovery import discover
from multietapa.engine.host import run_folder
from multietapa.engine.host.start_failure import last_lines
from multietapa.engine.state import VARIABLE, read
from multietapa.errors import MultietapaError
from multietapa.paths import cache_dir, runtime_dir

LAST_LINES = 6
_SECCOMP = {0: "sin filtro", 1: "estricto", 2: "con filtro"}
_LOGS = ("dockerd.log", "consola.log", "slirp.log", "nombres.log")


def report() -> str:
    """El informe entero, en texto. No falla: lo que no se puede saber, lo dice."""
    sections = [
        ("Esta máquina", _machine),
        ("Qué motor se usaría", _choice),
        ("Motores del kit en marcha", _engines),
    ]
    lines: list[str] = []
    for title, section in sections:
        lines.append(title)
        try:
            lines += [f"  {line}" for line in section()]
        except (MultietapaError, OSError) as problem:
            lines.append(f"  no se pudo saber: {problem}")
    return "\n".join(lines)


def _machine() -> Iterator[str]:
    system = f"{platform.system()} {platform.release()} · {platform.machine()}"
    yield f"sistema: {system} · Python {platform.python_version()}"
    yield f"cachés en {cache_dir()}: {text.size(shutil.disk_usage(cache_dir()).free)} libres"
    if sys.platform != "linux":
        return
    from multietapa.engine.host import limits as host_limits

    limits = host_limits.read()
    yield f"memoria: {text.size(limits.memory)}, {text.size(limits.memory_free)} libres"
    yield f"procesadores: {text.number(limits.cpus)}"
    yield f"usuario: {os.geteuid()} · {_process_status()}"
    yield host_limits.maps_warning(limits) or f"vm.max_map_count: {limits.max_map_count}, de sobra"
    folder = host_limits.exec_folder(2048, (*host_limits.MEMORY_PLACES, str(cache_dir())))
    yield f"memoria del motor embebido: iría en {folder or 'ninguna parte (no hay sitio sin noexec)'}"
    if limits.cpu_seconds is not None:
        yield f"procesador gastado por la máquina o el contenedor: {text.duration(limits.cpu_seconds)}"


def _process_status() -> str:
    fields = dict(
        line.split(":", 1)
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        if ":" in line
    )
    seccomp = _SECCOMP.get(int(fields.get("Seccomp", "0")), "?")
    privileges = "sin" if int(fields.get("NoNewPrivs", "0")) else "con"
    capabilities = fields.get("CapEff", "?").strip()
    return f"seccomp {seccomp} · capacidades {capabilities} · {privileges} nuevos privilegios"


def _choice() -> Iterator[str]:
    choice = discover()
    yield f"{choice.kind}{f' ({choice.where})' if choice.where else ''}"
    for rejected in choice.rejected:
        yield f"no se eligió {rejected.name}: {rejected.reason.splitlines()[0]}"
    if served := os.environ.get(VARIABLE):
        yield f"lo sirve otro proceso: {read(Path(served)) or 'todavía no ha dicho nada'}"


def _engines() -> Iterator[str]:
    if sys.platform != "linux":
        yield "ninguno: solo existen en Linux"
        return
    found = False
    for run in sorted(runtime_dir().glob("motor-*")):
        state = read(run / run_folder.STATE)
        if not state:
            continue
        found = True
        yield f"{run.name}: {state.get('kind')} · {state.get('fase')} · proceso {state.get('pid')}"
        yield f"  arranques: {state.get('arranques')} · la red se levantó {state.get('red')} veces más"
        for name in _LOGS:
            if (run / name).exists():
                yield f"  últimas líneas de {run / name}:"
                yield from (f"    {line[:200]}" for line in last_lines(run / name, LAST_LINES))
    if not found:
        yield "ninguno"
