"""Equivalentes locales de las imágenes base: la misma versión de Node y el mismo papel.

``completa`` es un Debian con compiladores y bibliotecas de desarrollo, como ``node:14``; ``mínima`` es un
sistema con busybox y lo justo para que Node arranque, como ``node:14-alpine`` (aunque con glibc, no
musl). Se hacen con paquetes de Debian y de npm, sin guiones de mantenedor, y llevan la etiqueta
``multietapa.equivalente=1``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from multietapa.bases.reporting import ReportProgress, silent
from multietapa.engine.bundle.apt import PrivateApt, missing_reason, unpack
from multietapa.errors import BaseImageError
from multietapa.identity import BASE_LABEL, BASE_LAYERS_LABEL, EQUIVALENT_LABEL, LABEL, RECIPE_LABEL
from multietapa.image.write import LayerFile, saved_layer, write_image, write_layer
from multietapa.paths import cache_dir

SUITE = "bookworm"
ARCHITECTURES = {"x86_64": ("amd64", "x64"), "aarch64": ("arm64", "arm64")}
MINIMAL = ("libc6", "libstdc++6", "libgcc-s1", "busybox-static", "base-files")
# fmt: off
FULL = [
    "base-files", "bash", "dash", "coreutils", "build-essential", "python3", "git", "curl", "wget",
    "ca-certificates", "openssl", "procps", "tar", "gzip", "xz-utils", "bzip2", "unzip", "sed", "grep",
    "mawk", "findutils", "diffutils", "patch", "file", "perl", "autoconf", "automake", "libtool",
    "libssl-dev", "zlib1g-dev", "libffi-dev", "libsqlite3-dev", "libcurl4-openssl-dev", "libxml2-dev",
    "libyaml-dev", "libreadline-dev", "libncurses-dev", "libpq-dev", "libmariadb-dev", "libpng-dev",
    "libjpeg-dev", "libwebp-dev", "libglib2.0-dev",
]
# fmt: on
NODES = {"14": ("14.21.3", "6.14.18"), "24": ("24.9.0", "11.6.0")}
ALTERNATIVES = {"cc": "gcc", "c++": "g++", "awk": "mawk", "pager": "more", "which": "which.debianutils"}
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/info")
_REVISION = 1


@dataclass(frozen=True)
class Recipe:
    """Qué base se imita: su referencia, la versión de Node y si es la completa."""

    reference: str
    node: str
    npm: str
    full: bool


def recipe(reference: str) -> Recipe | None:
    """La receta de ``node:14``, ``node:14-alpine``...; ``None`` si no hay equivalente."""
    name, _, tag = reference.partition(":")
    major, _, flavour = tag.partition("-")
    if name != "node" or major not in NODES or flavour not in ("", "alpine"):
        return None
    node, npm = NODES[major]
    return Recipe(reference, node, npm, full=not flavour)


@contextmanager
def archive(wanted: Recipe, *, progress: ReportProgress = silent) -> Iterator[Path]:
    """Da el archivo de imagen del equivalente, que se borra al salir. En la caché quedan sus dos capas.

    Lanza :class:`BaseImageError` si esta máquina no puede hacerlo y dice por qué.
    """
    folder = cache_dir() / "bases"
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / _system_name(wanted.full), folder / _node_name(wanted.node, wanted.npm)
    with (folder / "candado").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for leftover in folder.glob("base-*"):  # de una vez que acabó de golpe: con el candado no es de nadie
            shutil.rmtree(leftover, ignore_errors=True)
        if not all(path.exists() for path in saved):
            _check_tools(wanted)
        with tempfile.TemporaryDirectory(prefix="base-", dir=folder) as name:
            work = Path(name)
            layers = [_system_layer(wanted, saved[0], work, progress)]
            layers.append(_node_layer(wanted, saved[1], work, progress))
            _forget_old_layers(folder)
            target = work / "imagen.tar"
            write_image(
                layers,
                target,
                reference=wanted.reference,
                config=_config(wanted),
                architecture=_architecture()[0],
            )
            yield target


def recipe_key(wanted: Recipe) -> str:
    """Identifica la receta del equivalente, igual en todas las máquinas: uno anterior se vuelve a hacer."""
    packages = FULL if wanted.full else MINIMAL
    return _digest(_REVISION, SUITE, packages, ALTERNATIVES, UNUSED, wanted.node, wanted.npm)


def _system_name(full: bool) -> str:
    packages = FULL if full else MINIMAL
    return _layer_name("sistema", _REVISION, SUITE, packages, ALTERNATIVES, UNUSED, _certificates())


def _node_name(node: str, npm: str) -> str:
    return _layer_name("node", _REVISION, node, npm, bool(_certificates()))


def _layer_name(kind: str, *recipe: object) -> str:
    """El nombre de una capa en la caché: cambia cuando cambia su receta."""
    return f"{kind}-{_digest(*recipe)}.tar"


def _digest(*recipe: object) -> str:
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]


def _forget_old_layers(folder: Path) -> None:
    """Borra las capas de recetas que ya no se usan: ocupan cientos de MB."""
    wanted = {_system_name(True), _system_name(False), *(_node_name(*pair) for pair in NODES.values())}
    for path in folder.glob("*.tar"):
        if path.name not in wanted:
            path.unlink()


def _check_tools(wanted: Recipe) -> None:
    reason = missing_reason()
    if not reason and not shutil.which("npm"):
        reason = "falta npm, con el que se descarga el Node de esa versión"
    if not reason and os.uname().machine not in ARCHITECTURES:
        reason = f"no hay receta para la arquitectura {os.uname().machine}"
    if reason:
        raise BaseImageError(
            f"No se puede hacer un equivalente local de {wanted.reference}.",
            why=reason,
            next_step="Conéctate a una red con acceso a un registro de imágenes, o usa --imagenes CARPETA.",
        )


def _architecture() -> tuple[str, str]:
    return ARCHITECTURES[os.uname().machine]


def _system_layer(wanted: Recipe, saved: Path, work: Path, progress: ReportProgress) -> LayerFile:
    """La capa del sistema, que comparten todas las versiones de Node del mismo tamaño."""
    packages = FULL if wanted.full else MINIMAL
    kind = "con compiladores" if wanted.full else "mínimo, con busybox"
    created_by = f"equivalente local: Debian {SUITE} {kind}"
    if saved.exists():
        return saved_layer(saved, created_by=created_by)
    title = f"descargando un Debian {SUITE} {kind}"
    progress(title, 0, 0)
    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    debs = apt.download(packages, percent=lambda percent: progress(title, percent, 100))
    progress(f"desempaquetando {len(debs)} paquetes", 0, 0)
    root = work / "sistema"
    unpack(debs, root)
    _finish_system(root, full=wanted.full)
    layer = write_layer(root, work / "sistema.tar", created_by=created_by)
    os.replace(layer.path, saved)
    shutil.rmtree(work / "apt")
    shutil.rmtree(root)
    return LayerFile(saved, layer.diff_id, created_by)


def _finish_system(root: Path, *, full: bool) -> None:
    """Lo que harían los guiones de los paquetes: usuarios, enlaces y certificados."""
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    etc = root / "etc"
    etc.mkdir(exist_ok=True)
    shell = "/bin/bash" if full else "/bin/sh"
    (etc / "passwd").write_text(
        f"root:x:0:0:root:/root:{shell}\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
        f"node:x:1000:1000::/home/node:{shell}\n"
    )
    (etc / "group").write_text("root:x:0:\ntty:x:5:\nnogroup:x:65534:\nnode:x:1000:\n")
    modes = {"tmp": 0o1777, "root": 0o700, "home": 0o755, "var/tmp": 0o1777, "run": 0o755}
    for path, mode in modes.items():
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path).chmod(mode)
    if full:
        _link(root / "usr/bin/sh", "dash")
        for name, target in ALTERNATIVES.items():
            if not (root / "usr/bin" / name).exists():
                _link(root / "usr/bin" / name, target)
    else:
        command = [str(root / "usr/bin/busybox"), "--list"]
        listing = subprocess.run(command, capture_output=True, text=True, check=True)
        for applet in listing.stdout.split():
            if not (root / "usr/bin" / applet).exists():
                _link(root / "usr/bin" / applet, "busybox")
    certificates = _certificates()
    if certificates:
        shutil.rmtree(root / "etc/ssl/certs", ignore_errors=True)
        (root / CERTIFICATES).parent.mkdir(parents=True)
        (root / CERTIFICATES).write_bytes(certificates)


def _link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _certificates() -> bytes:
    """El almacén de certificados del anfitrión: así un proxy de empresa no rompe ``npm install``."""
    for name in (os.environ.get("SSL_CERT_FILE", ""), f"/{CERTIFICATES}"):
        if name and Path(name).is_file():
            return Path(name).read_bytes()
    return b""


def _node_layer(wanted: Recipe, saved: Path, work: Path, progress: ReportProgress) -> LayerFile:
    """La capa de Node, que comparten la base completa y la mínima de la misma versión."""
    created_by = f"equivalente local: Node {wanted.node}, npm {wanted.npm}"
    if saved.exists():
        return saved_layer(saved, created_by=created_by)
    progress(f"añadiendo Node {wanted.node}", 0, 0)
    root = work / "node"
    local = root / "usr/local"
    modules = local / "lib/node_modules"
    (local / "bin").mkdir(parents=True)
    modules.mkdir(parents=True)
    _npm_package(f"node-linux-{_architecture()[1]}@{wanted.node}", work / "paquete-node")
    shutil.copyfile(work / "paquete-node/bin/node", local / "bin/node")
    (local / "bin/node").chmod(0o755)
    _npm_package(f"npm@{wanted.npm}", modules / "npm")
    for name in ("npm", "npx"):
        script = modules / f"npm/bin/{name}-cli.js"
        script.chmod(0o755)
        (local / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    (local / "etc").mkdir()
    # cafile: el npm de Node 14 no mira NODE_EXTRA_CA_CERTS en todos los casos; maxsockets y audit:
    # pocas conexiones a la vez y ninguna a un servicio que un espejo de aula no tiene.
    authority = f"cafile=/{CERTIFICATES}\n" if _certificates() else ""
    (local / "etc/npmrc").write_text(f"{authority}maxsockets=8\naudit=false\nupdate-notifier=false\n")
    (root / "home/node").mkdir(parents=True)
    layer = write_layer(root, work / "node.tar", created_by=created_by, owners={"home/node": 1000})
    os.replace(layer.path, saved)
    return LayerFile(saved, layer.diff_id, created_by)


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
        shutil.move(os.path.join(download, "package"), target)


def _config(wanted: Recipe) -> dict[str, object]:
    environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    environment += [f"NODE_VERSION={wanted.node}"]
    if _certificates():
        environment += [f"NODE_EXTRA_CA_CERTS=/{CERTIFICATES}"]
    labels = {LABEL: "1", EQUIVALENT_LABEL: "1", BASE_LABEL: wanted.reference, BASE_LAYERS_LABEL: "2"}
    labels[RECIPE_LABEL] = recipe_key(wanted)
    return {"Env": environment, "Cmd": ["node"], "WorkingDir": "/", "Labels": labels}
