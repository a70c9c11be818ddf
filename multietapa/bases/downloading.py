"""Lo que un equivalente toma de npm y de PyPI, descargado con sus propios clientes."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from multietapa.errors import BaseImageError

NPM = "npm"
PIP = "pip"


def client(name: str) -> tuple[str, ...]:
    """La orden de ese programa en esta máquina, o vacía si falta. El pip de este Python va antes que otro."""
    if name == PIP and _has_pip():
        return (sys.executable, "-m", "pip")
    names = ("pip3", "pip") if name == PIP else (name,)
    found = next(filter(None, map(shutil.which, names)), "")
    return (found,) if found else ()


def _has_pip() -> bool:
    return importlib.util.find_spec("pip") is not None


def npm_package(spec: str, target: Path) -> None:
    """Descarga un paquete con el cliente npm del sistema y lo deja en ``target``.

    Lanza :class:`BaseImageError`, con lo que dijo npm, si no puede.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as download:
        _run(NPM, ["pack", "--silent", "--json", spec], Path(download), spec)
        found = next(Path(download).glob("*.tgz"))
        unpacked = subprocess.run(["tar", "-xzf", found, "-C", download], capture_output=True, text=True)
        if unpacked.returncode:
            raise BaseImageError(f"No se pudo abrir {spec}.", why=unpacked.stderr.strip()[-400:])
        shutil.move(Path(download) / "package", target)


def wheel(spec: str, folder: Path, *, platform: str) -> Path:
    """Descarga en ``folder`` la rueda de un paquete de PyPI para esa plataforma, y dice cuál es.

    ``platform`` se escribe como en su nombre (``musllinux_1_2_x86_64``) y puede no ser la de esta máquina.
    Lanza :class:`BaseImageError`, con lo que dijo pip, si no puede.
    """
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--quiet", "--no-deps", "--no-cache-dir", "--only-binary=:all:", "--disable-pip-version-check"]
    _run(PIP, ["download", *options, "--platform", platform, spec], folder, spec)
    return next(folder.glob("*.whl"))


def _run(name: str, words: Sequence[str], folder: Path, spec: str) -> None:
    """Una descarga en ``folder``, que estaba vacía."""
    done = subprocess.run([*client(name), *words], cwd=folder, capture_output=True, text=True)
    if done.returncode or not any(folder.iterdir()):
        raise BaseImageError(
            f"No se pudo descargar {spec} con {name}.",
            why=done.stderr.strip()[-400:] or f"{name} terminó con un error.",
            next_step="Comprueba la conexión y repite la orden.",
        )
