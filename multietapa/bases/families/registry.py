"""Un registro de imágenes: ``registry:3``, o el que trae Debian (``docker-registry`` 2.8) con su libc.

No es una base: nadie parte de él. El equivalente es una sola capa de 25 MB, como ``FROM scratch``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from multietapa.bases.equivalent import REVISION, Equivalent, Layer, digest, layer_file, link
from multietapa.bases.reporting import ReportProgress
from multietapa.engine.bundle.apt import PrivateApt, package_name, unpack

REFERENCE = "registry:3"
BASES: tuple[str, ...] = ()
#: La rama de Debian de la que sale: la 13 y la siguiente traen el mismo registro.
SUITE = "forky"
SERVICES = (REFERENCE,)
#: Dónde guarda lo que se le sube, igual en la imagen publicada.
STORAGE = "/var/lib/registry"
CONFIG_PATH = "/etc/distribution/config.yml"
CONFIG = f"""\
version: 0.1
log:
  level: info
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: {STORAGE}
http:
  addr: :5000
"""
PACKAGES = ("docker-registry", "libc6")
#: Lo que el programa abre, de esos paquetes: él mismo, la libc y su cargador.
KEPT = ("usr/bin/docker-registry", "usr/lib/*/libc.so.6", "usr/lib/*/ld-linux-*", "usr/lib64/*", "lib*")
_RECIPE = (REVISION, SUITE, PACKAGES, KEPT, CONFIG)


def recipe(reference: str) -> Equivalent | None:
    """Cómo se hace el equivalente de :data:`REFERENCE`; ``None`` si es otra imagen."""
    if reference != REFERENCE:
        return None
    layer = Layer(
        file=layer_file("registro", *_RECIPE),
        created_by=f"equivalente local: docker-registry de Debian {SUITE}",
        fill=_fill,
    )
    command = ("/usr/bin/docker-registry", "serve", CONFIG_PATH)
    return Equivalent(reference, key=digest(*_RECIPE), layers=(layer,), command=command)


def _fill(root: Path, work: Path, progress: ReportProgress) -> None:
    title = "descargando el registro de Debian"
    progress(title, 0, 0)
    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    debs = apt.download(PACKAGES, percent=lambda percent: progress(title, percent, 100))
    unpack([deb for deb in debs if package_name(deb) in PACKAGES], work / "todo")
    for pattern in KEPT:
        for path in (work / "todo").glob(pattern):
            target = root / path.relative_to(work / "todo")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target, follow_symlinks=False)
    link(root / "usr/bin/registry", "docker-registry")
    (root / "tmp").mkdir(mode=0o1777)
    settings = root / CONFIG_PATH.lstrip("/")
    settings.parent.mkdir(parents=True)
    settings.write_text(CONFIG, encoding="utf-8")
    (root / STORAGE.lstrip("/")).mkdir(parents=True)
