"""Los límites de la máquina: los de un contenedor mandan, con las dos versiones de grupos de control."""

from __future__ import annotations

from pathlib import Path

import pytest

from multietapa.engine.host import limits as host_limits
from multietapa.engine.host.limits import HostLimits, exec_folder, maps_warning, read

GIB = 2**30


def machine(root: Path, files: dict[str, str]) -> HostLimits:
    """Lo que se lee en una máquina con esos archivos."""
    meminfo = f"MemTotal: {16 * GIB // 1024} kB\nMemAvailable: {12 * GIB // 1024} kB\n"
    for name, content in {"proc/meminfo": meminfo, "proc/sys/vm/max_map_count": "65530\n", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return read(root)


V1 = {
    "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2 * GIB}\n",
    "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{GIB}\n",
    "sys/fs/cgroup/memory/memory.stat": f"cache 5\ntotal_inactive_file {GIB // 2}\n",
    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    "sys/fs/cgroup/cpuacct/cpuacct.usage": "90000000000\n",
}
V2 = {
    "sys/fs/cgroup/memory.max": f"{2 * GIB}\n",
    "sys/fs/cgroup/memory.current": f"{GIB}\n",
    "sys/fs/cgroup/memory.stat": f"anon 5\ninactive_file {GIB // 2}\n",
    "sys/fs/cgroup/cpu.max": "50000 100000\n",
    "sys/fs/cgroup/cpu.stat": "usage_usec 90000000\nuser_usec 1\n",
}


@pytest.mark.parametrize("files", [V1, V2], ids=["v1", "v2"])
def test_container_limits_win(tmp_path: Path, files: dict[str, str]) -> None:
    """En un contenedor de 2 GiB y medio procesador se ve eso, y lo que el núcleo soltaría cuenta libre."""
    limits = machine(tmp_path, files)
    assert (limits.memory, limits.memory_free, limits.cpus) == (2 * GIB, 3 * GIB // 2, 0.5)
    assert limits.cpu_seconds == 90.0


@pytest.mark.parametrize(
    "files", [{}, {"sys/fs/cgroup/memory.max": "max\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}]
)
def test_without_limits_it_is_the_machine(tmp_path: Path, files: dict[str, str]) -> None:
    """Sin contenedor mandan la memoria libre y los procesadores de la máquina."""
    limits = machine(tmp_path, files)
    assert (limits.memory, limits.memory_free) == (16 * GIB, 12 * GIB)
    assert limits.cpus >= 1


def test_few_maps_are_warned(tmp_path: Path) -> None:
    """Con 65530 mapas se avisa con la cifra; con los que convienen, o sin saberlo, no."""
    limits = machine(tmp_path, {})
    assert "65530" in maps_warning(limits)
    assert "262144" in maps_warning(limits)
    for content in ("262144\n", ""):
        assert not maps_warning(machine(tmp_path, {"proc/sys/vm/max_map_count": content}))


def test_memory_goes_where_it_fits(tmp_path: Path) -> None:
    """Se elige la primera carpeta con sitio y que deja ejecutar; si ninguna, ninguna."""
    assert exec_folder(1, ("/no/existe", "/proc", str(tmp_path))) == tmp_path
    assert exec_folder(10**9, (str(tmp_path),)) is None
    assert host_limits.read().memory > 0
