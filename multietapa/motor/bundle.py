"""El paquete del motor: dockerd y lo que necesita, desempaquetado en la caché del usuario.

Son paquetes de Debian (rama ``SUITE``); nada se instala en el sistema. Se hace una vez y se
renombra al final, de modo que un paquete a medias nunca se usa.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from multietapa.errors import BundleError
from multietapa.motor.apt import PrivateApt, unpack
from multietapa.paths import cache_dir

SUITE = "forky"
PACKAGES = ("docker.io", "slirp4netns", "busybox-static", "iptables", "tini-static", "ca-certificates")
#: Llegan como dependencias, pero dockerd no los usa al no haber systemd ni guiones.
# fmt: off
SKIPPED = frozenset([
    "systemd", "libsystemd-shared", "debconf", "sysvinit-utils", "gcc-16-base", "openssl",
    "openssl-provider-legacy", "libc-gconv-modules-extra",
])
# fmt: on
MOUNT_POINTS = ("proc", "sys", "dev", "run", "tmp", "data", "old", "var/lib")
IPTABLES_NAMES = tuple(f"{p}tables{s}" for p in ("ip", "ip6") for s in ("", "-save", "-restore"))
_UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/bin/ctr")


def recipe_key() -> str:
    """Identifica lo que el paquete contiene: cambia cuando cambia la receta."""
    recipe = repr((SUITE, PACKAGES, sorted(SKIPPED), MOUNT_POINTS, _UNUSED))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def bundle_path() -> Path:
    """Dónde está (o estará) la raíz del paquete."""
    return cache_dir() / f"paquete-{recipe_key()}"


def ready() -> bool:
    """El paquete ya está hecho."""
    return (bundle_path() / "usr/sbin/dockerd").exists()


def make(*, log: Callable[[str], None] = lambda _: None) -> Path:
    """Devuelve la raíz del paquete; la hace si falta (unos 15 s y 75 MB de descarga).

    Lanza :class:`BundleError` si no hay apt, no hay red o no queda disco.
    """
    target = bundle_path()
    with _only_one(cache_dir() / "paquete.candado"):
        if ready():
            return target
        try:
            for leftover in cache_dir().glob("haciendo-*"):  # de una vez que acabó de golpe
                shutil.rmtree(leftover, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix="haciendo-", dir=cache_dir()) as work:
                _make(Path(work), target, log)
        except OSError as problem:
            raise BundleError(
                "No se pudo preparar el paquete del motor.",
                why=str(problem),
                next_step=f"Deja libre al menos 1 GB en {cache_dir()} y repite la orden.",
            ) from problem
    return target


def _make(work: Path, target: Path, log: Callable[[str], None]) -> None:
    apt = PrivateApt(work / "apt", suite=SUITE)
    log(f"leyendo el índice de Debian {SUITE}")
    apt.update()
    title = f"descargando {len(PACKAGES)} paquetes y sus dependencias"
    log(title)
    debs = apt.download(PACKAGES, percent=lambda percent: log(f"{title} ({percent} %)"))
    log(f"desempaquetando {len(debs)} paquetes")
    root = work / "raiz"
    unpack(debs, root, skip=SKIPPED)
    for folder in MOUNT_POINTS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in IPTABLES_NAMES:
        link = root / "usr/sbin" / name
        link.unlink(missing_ok=True)
        link.symlink_to("xtables-nft-multi")
    for unused in _UNUSED:
        path = root / unused
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    (etc / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (etc / "group").write_text("root:x:0:\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (etc / "resolv.conf").unlink(missing_ok=True)
    (etc / "resolv.conf").symlink_to("/run/resolv.conf")
    os.replace(root, target)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Dos órdenes a la vez no hacen el mismo paquete dos veces."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
