"""La orden ``docker`` con buildx, para compararse con ella: en las medidas y en las pruebas.

Es la de la misma rama de Debian que el motor privado. Se descarga la primera vez y se desempaqueta sin
instalar nada.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from multietapa.paths import cache_dir


def command_line() -> Path:
    """La raíz con la orden ``docker`` y buildx; la descarga la primera vez. Lanza :class:`BundleError`."""
    from multietapa.engine.bundle.apt import PrivateApt, package_name, unpack
    from multietapa.engine.bundle.make import SUITE  # usa fcntl, que no existe en Windows

    wanted = ("docker-cli", "docker-buildx")
    root = cache_dir() / f"orden-docker-{SUITE}"
    if not root.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as work:
            apt = PrivateApt(Path(work) / "apt", suite=SUITE)
            apt.update()
            debs = [deb for deb in apt.download(wanted) if package_name(deb) in wanted]
            unpack(debs, Path(work) / "raiz")
            try:
                (Path(work) / "raiz").replace(root)
            except OSError:  # otro proceso la dejó antes
                if not root.exists():
                    raise
    return root


@dataclass(frozen=True)
class DockerCommand:
    """La orden ``docker`` (``program``) y el entorno con el que habla con un motor."""

    program: str
    env: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Ejecuta la orden y devuelve lo que dijo, sin lanzar si falla."""
        return subprocess.run([self.program, *arguments], env=self.env, capture_output=True, text=True)


def docker_command(config: Path, host: str) -> DockerCommand:
    """La orden para el motor de ``host``; ``config`` es su carpeta, que se crea si falta.

    Lanza :class:`BundleError` si no se puede descargar.
    """
    root = command_line()
    plugins = config / "cli-plugins"
    plugins.mkdir(parents=True, exist_ok=True)
    if not (plugins / "docker-buildx").exists():
        (plugins / "docker-buildx").symlink_to(root / "usr/libexec/docker/cli-plugins/docker-buildx")
    env = {key: value for key, value in os.environ.items() if key not in ("DOCKER_CONTEXT", "BUILDX_BUILDER")}
    env |= {"DOCKER_CONFIG": str(config), "DOCKER_HOST": host}
    return DockerCommand(f"{root}/usr/bin/docker", env)


def save_seconds(command: DockerCommand, tag: str, folder: Path) -> float:
    """Los segundos que tarda ``docker save`` en dejar la imagen en un archivo de ``folder``, que se borra."""
    target = folder / "imagen.tar"
    start = time.perf_counter()
    done = command.run("save", "--output", str(target), tag)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stderr)
    target.unlink()
    return seconds
