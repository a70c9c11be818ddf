"""Lo que deja usar esta máquina: memoria, procesador, mapas de memoria y disco. Solo lee."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

#: Por debajo, un proceso grande del motor embebido puede caer: cada página suya es un mapa en el anfitrión.
ENOUGH_MAPS = 262_144
#: Dónde puede ir la memoria de la máquina embebida, además de junto a su disco; lo primero, lo más rápido.
MEMORY_PLACES = ("/dev/shm", "/tmp")
_UNLIMITED = 1 << 60


@dataclass(frozen=True)
class HostLimits:
    """``memory`` y ``memory_free`` en bytes (el menor entre máquina y contenedor); ``cpus`` en procesadores.

    ``max_map_count`` es el de ``vm.max_map_count`` y 0 si no se puede leer; ``cpu_seconds``, lo que lleva
    gastado el contenedor entero (o ``None``).
    """

    memory: int
    memory_free: int
    cpus: float
    max_map_count: int
    cpu_seconds: float | None


def read(root: Path = Path("/")) -> HostLimits:
    """Los límites de ahora mismo."""
    total, free = memory(root)
    return HostLimits(
        memory=total,
        memory_free=free,
        cpus=_cpus(root / "sys/fs/cgroup"),
        max_map_count=_number(root / "proc/sys/vm/max_map_count") or 0,
        cpu_seconds=_cpu_seconds(root / "sys/fs/cgroup"),
    )


def memory(root: Path = Path("/")) -> tuple[int, int]:
    """La memoria que hay y la que queda libre ahora, en bytes; ceros donde no se puede leer."""
    info = _meminfo(root / "proc/meminfo")
    limit, used = _container_memory(root / "sys/fs/cgroup")
    total = min(info.get("MemTotal", 0), limit)
    return total, max(0, min(info.get("MemAvailable", total), limit - used))


def maps_warning(limits: HostLimits) -> str:
    """El aviso sobre ``vm.max_map_count``, o ``""`` si sobra."""
    if not 0 < limits.max_map_count < ENOUGH_MAPS:
        return ""
    return (
        f"aviso: vm.max_map_count es {limits.max_map_count} (conviene {ENOUGH_MAPS}); "
        "un programa que use mucha memoria al construir podría caer"
    )


def exec_folder(wanted_mb: int, candidates: tuple[str, ...]) -> Path | None:
    """La primera carpeta con sitio, escribible y que deja ejecutar lo que se guarda en ella."""
    for name in candidates:
        path = Path(name)
        try:
            status = os.statvfs(path)
        except OSError:
            continue
        if status.f_flag & os.ST_NOEXEC or not os.access(path, os.W_OK | os.X_OK):
            continue
        if shutil.disk_usage(path).free >= wanted_mb * 1024 * 1024:
            return path
    return None


def _meminfo(path: Path) -> dict[str, int]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines)}


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _container_memory(cgroup: Path) -> tuple[int, int]:
    """(límite, usado sin lo que el núcleo soltaría) del contenedor; con un límite enorme si no lo hay."""
    for limit_name, used_name, stat_name in (
        ("memory.max", "memory.current", "memory.stat"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
    ):
        limit = _number(cgroup / limit_name)
        if limit is None or limit > _UNLIMITED:
            continue
        return limit, max(0, (_number(cgroup / used_name) or 0) - _inactive(cgroup / stat_name))
    return _UNLIMITED, 0


def _inactive(path: Path) -> int:
    try:
        pairs = dict(line.split()[:2] for line in path.read_text(encoding="ascii").splitlines())
    except (OSError, ValueError):
        return 0
    return int(pairs.get("total_inactive_file", pairs.get("inactive_file", 0)))


def _cpus(cgroup: Path) -> float:
    available = float(len(os.sched_getaffinity(0)))
    try:
        quota, period = (cgroup / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        quota = str(_number(cgroup / "cpu/cpu.cfs_quota_us") or -1)
        period = str(_number(cgroup / "cpu/cpu.cfs_period_us") or 100_000)
    if quota == "max" or int(quota) <= 0:
        return available
    return min(available, int(quota) / int(period))


def _cpu_seconds(cgroup: Path) -> float | None:
    try:
        for line in (cgroup / "cpu.stat").read_text(encoding="ascii").splitlines():
            if line.startswith("usage_usec"):
                return int(line.split()[1]) / 1e6
    except (OSError, ValueError):
        pass
    spent = _number(cgroup / "cpuacct/cpuacct.usage")
    return None if spent is None else spent / 1e9
