"""La familia de Node: ``node:14``, ``node:14-alpine``... La misma versión de Node y el mismo papel.

La completa es un Debian con compiladores y bibliotecas de desarrollo, como ``node:14``; ``node:24-slim``, el
mismo sin ellos; la mínima, un sistema con busybox y lo justo para que Node arranque, como ``node:14-alpine``.
La de Node 24 es de musl, como Alpine;
la de Node 14, de glibc: ni npm ni PyPI tienen un Node 14 para musl.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from multietapa.bases import downloading, node_wheel
from multietapa.bases.debian import System
from multietapa.bases.equivalent import (
    ARCHITECTURES,
    CERTIFICATES,
    REVISION,
    Equivalent,
    Layer,
    certificates,
    digest,
    layer_file,
)
from multietapa.bases.reporting import ReportProgress


@dataclass(frozen=True)
class Release:
    """Una versión de Node, la de su npm y de dónde se toma: de una rueda de PyPI, si la hay, o de npm."""

    node: str
    npm: str
    in_wheel: bool


#: Cada versión mayor: la exacta y la de su npm. De las ruedas hay una de glibc y otra de musl.
NODES = {"14": Release("14.21.3", "6.14.18", False), "24": Release("24.19.0", "11.17.0", True)}
SLIM = "node:24-slim"
BASES = (*(f"node:{major}{flavour}" for major in NODES for flavour in ("", "-alpine")), SLIM)


def recipe(reference: str) -> Equivalent | None:
    """Cómo se hace el equivalente de una de :data:`BASES`; ``None`` si es otra imagen."""
    if reference not in BASES:
        return None
    major, _, flavour = reference.removeprefix("node:").partition("-")
    release = NODES[major]
    minimal = flavour == "alpine"
    system = System(full=not minimal, musl=minimal and release.in_wheel, slim=reference == SLIM)
    trusted = bool(certificates())
    taken = (release.node, release.npm, release.in_wheel, system.musl)
    runtime = Layer(
        file=layer_file("node", REVISION, *taken, trusted),
        created_by=f"equivalente local: Node {release.node}, npm {release.npm}",
        fill=lambda root, work, progress: _fill(root, work, progress, release, musl=system.musl),
        owners={"home/node": 1000},
    )
    note = "con musl, como Alpine" if system.musl else f"con glibc: no hay un Node {major} para musl"
    if system.slim:
        note = "con los certificados de esta máquina: la publicada no trae ninguno" if trusted else ""
    return Equivalent(
        reference,
        key=digest(*system.recipe, *taken),
        layers=(system.layer, runtime),
        command=("node",),
        environment=(
            f"NODE_VERSION={release.node}",
            *([f"NODE_EXTRA_CA_CERTS=/{CERTIFICATES}"] if trusted else []),
        ),
        absent=system.absent,
        tools={downloading.PIP if release.in_wheel else downloading.NPM: "con el que se descarga su Node"},
        note=note if flavour else "",
    )


def _fill(root: Path, work: Path, progress: ReportProgress, release: Release, *, musl: bool) -> None:
    """La capa de Node: él, su npm y la carpeta de su usuario."""
    progress(f"añadiendo Node {release.node}", 0, 0)
    local = root / "usr/local"
    modules = local / "lib/node_modules"
    (local / "bin").mkdir(parents=True)
    modules.mkdir(parents=True)
    machine = os.uname().machine
    if release.in_wheel:
        node_wheel.fill(root, work, release.node, machine=machine, musl=musl)
    else:
        package = f"node-linux-{ARCHITECTURES[machine][1]}@{release.node}"
        downloading.npm_package(package, work / "paquete-node")
        shutil.copyfile(work / "paquete-node/bin/node", local / "bin/node")
        downloading.npm_package(f"npm@{release.npm}", modules / "npm")
    (local / "bin/node").chmod(0o755)
    for name in ("npm", "npx"):
        script = modules / f"npm/bin/{name}-cli.js"
        script.chmod(0o755)
        (local / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    (local / "etc").mkdir()
    # cafile: el npm de Node 14 no mira NODE_EXTRA_CA_CERTS en todos los casos; maxsockets y audit:
    # pocas conexiones a la vez y ninguna a un servicio que un espejo de aula no tiene.
    authority = f"cafile=/{CERTIFICATES}\n" if certificates() else ""
    (local / "etc/npmrc").write_text(f"{authority}maxsockets=8\naudit=false\nupdate-notifier=false\n")
    (root / "home/node").mkdir(parents=True)
