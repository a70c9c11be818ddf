"""La familia de Node: ``node:14``, ``node:14-alpine``... La misma versión de Node y el mismo papel.

La completa es un Debian con compiladores y bibliotecas de desarrollo, como ``node:14``; la mínima, un sistema
con busybox y lo justo para que Node arranque, como ``node:14-alpine`` (aunque con glibc, no musl).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

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
from multietapa.errors import BaseImageError

#: Cada versión mayor: la exacta y la de su npm.
NODES = {"14": ("14.21.3", "6.14.18"), "24": ("24.9.0", "11.6.0")}
BASES = tuple(f"node:{major}{flavour}" for major in NODES for flavour in ("", "-alpine"))


def recipe(reference: str) -> Equivalent | None:
    """Cómo se hace el equivalente de una de :data:`BASES`; ``None`` si es otra imagen."""
    if reference not in BASES:
        return None
    major, _, flavour = reference.removeprefix("node:").partition("-")
    node, npm = NODES[major]
    system = System(full=not flavour)
    trusted = bool(certificates())
    runtime = Layer(
        file=layer_file("node", REVISION, node, npm, trusted),
        created_by=f"equivalente local: Node {node}, npm {npm}",
        fill=lambda root, work, progress: _fill(root, work, progress, node, npm),
        owners={"home/node": 1000},
    )
    return Equivalent(
        reference,
        key=digest(*system.recipe, node, npm),
        layers=(system.layer, runtime),
        command=("node",),
        environment=(
            f"NODE_VERSION={node}",
            *([f"NODE_EXTRA_CA_CERTS=/{CERTIFICATES}"] if trusted else []),
        ),
        absent=system.absent,
        tools={"npm": "con el que se descarga el Node de esa versión"},
    )


def _fill(root: Path, work: Path, progress: ReportProgress, node: str, npm: str) -> None:
    """La capa de Node, que comparten la base completa y la mínima de la misma versión."""
    progress(f"añadiendo Node {node}", 0, 0)
    local = root / "usr/local"
    modules = local / "lib/node_modules"
    (local / "bin").mkdir(parents=True)
    modules.mkdir(parents=True)
    architecture = ARCHITECTURES[os.uname().machine][1]
    _npm_package(f"node-linux-{architecture}@{node}", work / "paquete-node")
    shutil.copyfile(work / "paquete-node/bin/node", local / "bin/node")
    (local / "bin/node").chmod(0o755)
    _npm_package(f"npm@{npm}", modules / "npm")
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


def _npm_package(spec: str, target: Path) -> None:
    """Descarga un paquete con el cliente npm del sistema y lo deja en ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as download:
        done = subprocess.run(
            ["npm", "pack", "--silent", "--json", spec], cwd=download, capture_output=True, text=True
        )
        found = list(Path(download).glob("*.tgz"))
        if done.returncode or not found:
            raise BaseImageError(
                f"No se pudo descargar {spec} con npm.",
                why=done.stderr.strip()[-400:] or "npm terminó con un error.",
                next_step="Comprueba la conexión y repite la orden.",
            )
        unpacked = subprocess.run(["tar", "-xzf", found[0], "-C", download], capture_output=True, text=True)
        if unpacked.returncode:
            raise BaseImageError(f"No se pudo abrir {spec}.", why=unpacked.stderr.strip()[-400:])
        shutil.move(Path(download) / "package", target)
