"""Las imágenes «distroless»: sin intérprete de órdenes, sin gestor de paquetes y sin root.

La estática lleva los certificados, las zonas horarias y los usuarios: lo que pide un programa que no abre
ninguna biblioteca. La de Node le añade la libc y las de C++, y Node. Cada una dice sus paquetes como las
publicadas, en ``status.d``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from multietapa.bases import downloading, dpkg, node_wheel
from multietapa.bases.debian import UNUSED
from multietapa.bases.equivalent import (
    CERTIFICATES,
    REVISION,
    Equivalent,
    Layer,
    certificates,
    digest,
    layer_file,
)
from multietapa.bases.families.node import NODES
from multietapa.bases.reporting import ReportProgress
from multietapa.engine.bundle.apt import PrivateApt, package_name, unpack

SUITE = "trixie"
STATIC = "gcr.io/distroless/static-debian13:nonroot"
NODE = "gcr.io/distroless/nodejs24-debian13:nonroot"
BASES = (STATIC, NODE)
USER = 65532
#: De cada capa, solo estos, sin lo que piden: sus dependencias traen guiones y un intérprete que los lea.
FILES = ("base-files", "ca-certificates", "media-types", "netbase", "tzdata")
LIBRARIES = ("libc6", "libgcc-s1", "libgomp1", "libssl3t64", "libstdc++6", "libzstd1", "zlib1g")
PROGRAM = "/nodejs/bin/node"
_RELEASE = NODES["24"]
#: Los guiones de los paquetes, y las carpetas de un sistema que aquí nadie usa.
_SCRIPTS = ("usr/sbin/update-ca-certificates", "usr/share/base-files", "usr/bin", "etc/update-motd.d")
_USERS = f"""\
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:{USER}:{USER}:nonroot:/home/nonroot:/sbin/nologin
"""
_GROUPS = f"root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:{USER}:\n"
_NAMES = "hosts: files dns\n"
_FOLDERS = {"tmp": 0o1777, "root": 0o700, "home/nonroot": 0o700, "var/tmp": 0o1777, "run": 0o755}
_RECIPE = (REVISION, SUITE, FILES, _SCRIPTS, _USERS, _GROUPS, _NAMES, UNUSED)
_WITH_NODE = (*_RECIPE, LIBRARIES, _RELEASE.node, PROGRAM)


def recipe(reference: str) -> Equivalent | None:
    """Cómo se hace el equivalente de una de :data:`BASES`; ``None`` si es otra imagen."""
    if reference not in BASES:
        return None
    files = Layer(
        file=layer_file("distroless", *_RECIPE, certificates()),
        created_by=f"equivalente local: archivos de Debian {SUITE}, sin intérprete",
        fill=lambda root, work, progress: _unpacked(root, work, progress, FILES, finish=_finish),
        owners={"home/nonroot": USER},
    )
    libraries = Layer(
        file=layer_file("distroless-libc", REVISION, SUITE, LIBRARIES, UNUSED),
        created_by=f"equivalente local: libc y libstdc++ de Debian {SUITE}",
        fill=lambda root, work, progress: _unpacked(root, work, progress, LIBRARIES),
    )
    runtime = Layer(
        file=layer_file("distroless-node", REVISION, _RELEASE.node, PROGRAM),
        created_by=f"equivalente local: Node {_RELEASE.node}",
        fill=_node,
    )
    with_node = reference == NODE
    return Equivalent(
        reference,
        key=digest(*(_WITH_NODE if with_node else _RECIPE)),
        layers=(files, libraries, runtime) if with_node else (files,),
        command=(),
        environment=(f"SSL_CERT_FILE=/{CERTIFICATES}",),
        tools={downloading.PIP: "con el que se descarga su Node"} if with_node else {},
        note="con los certificados de esta máquina" if certificates() else "",
        entrypoint=(PROGRAM,) if with_node else (),
        user=str(USER),
        folder="/home/nonroot",
    )


def _unpacked(
    root: Path,
    work: Path,
    progress: ReportProgress,
    packages: Sequence[str],
    *,
    finish: Callable[[Path], None] = lambda _: None,
) -> None:
    """Una capa con esos paquetes y ninguno más; ``finish`` la acaba antes de decir qué lleva."""
    title = f"descargando de Debian {SUITE} {len(packages)} paquetes"
    progress(title, 0, 0)
    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    debs = apt.download(packages, percent=lambda percent: progress(title, percent, 100))
    contents = unpack([deb for deb in debs if package_name(deb) in packages], root)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    finish(root)
    dpkg.write(root, contents, full=False)


def _finish(root: Path) -> None:
    """Lo que no viene en los paquetes: usuarios, carpetas y certificados; y fuera, los guiones."""
    for script in _SCRIPTS:
        path = root / script
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    (root / "usr/bin").mkdir()
    for name, content in (("passwd", _USERS), ("group", _GROUPS), ("nsswitch.conf", _NAMES)):
        (root / "etc" / name).write_text(content, encoding="utf-8")
    for folder, mode in _FOLDERS.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).chmod(mode)
    published = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    trusted = certificates() or b"".join(path.read_bytes() for path in published)
    shutil.rmtree(root / "etc/ssl/certs", ignore_errors=True)
    (root / CERTIFICATES).parent.mkdir(parents=True)
    (root / CERTIFICATES).write_bytes(trusted)


def _node(root: Path, work: Path, progress: ReportProgress) -> None:
    """Node y nada más: sin npm, que aquí no podría lanzar nada."""
    progress(f"añadiendo Node {_RELEASE.node}", 0, 0)
    node_wheel.fill(work / "todo", work, _RELEASE.node, machine=os.uname().machine, musl=False)
    target = root / PROGRAM.lstrip("/")
    target.parent.mkdir(parents=True)
    shutil.move(work / "todo/usr/local/bin/node", target)
