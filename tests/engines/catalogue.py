"""Los motores ajenos con los que se prueba el taller: los de Debian, sin instalarlos.

Cada uno es una raíz con sus paquetes abiertos (descargados y comprobados con el mismo apt que el paquete del
motor) y la orden que lo pone en marcha en unos espacios de nombres propios, como el motor privado.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from multietapa.engine.bundle.apt import PrivateApt, unpack
from multietapa.engine.bundle.contents import furnish
from multietapa.engine.bundle.make import SKIPPED
from multietapa.engine.private import cgroups
from multietapa.engine.private.daemon import PrivateDaemon
from multietapa.paths import cache_dir

#: Lo que necesita cualquiera para vivir en sus espacios de nombres (``init.sh``).
COMMON = ("slirp4netns", "busybox-static", "iptables", "ca-certificates", "netbase", "smartdns")
#: ``tini-static`` viene con ``tini`` o, desde forky, en un paquete suyo.
TINI = {"bookworm": "tini", "trixie": "tini"}
PODMAN = ("podman", "runc", "conmon", "netavark", "aardvark-dns", "nftables")
#: Podman tal como hay que configurarlo dentro de un contenedor: crun no arranca con cgroup v1, los límites de
#: fábrica pasan de los que se pueden pedir ahí (iguales los dos: el 4 los cambia entre sí) y no hay journald.
PODMAN_FILES = {
    "etc/containers/containers.conf": """\
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "json-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
""",
    "etc/containers/storage.conf": """\
[storage]
driver = "overlay"
graphroot = "/data"
runroot = "/run/containers"
""",
    "etc/containers/registries.conf": 'unqualified-search-registries = ["docker.io"]\n',
}


class PodmanDaemon(PrivateDaemon):
    """El servicio de Podman, que habla la API de Docker, en los espacios de nombres del motor privado."""

    def engine_command(self) -> list[str]:
        """La orden del servicio, sin plazo para apagarse solo.

        Antes quita la regla con la que ``init.sh`` lleva a 127.0.0.1 lo que llega de fuera: ahí escucha el
        docker-proxy de Docker, y Podman publica los puertos con sus propias reglas.
        """
        serve = (
            "iptables -t nat -F PREROUTING; exec podman system service --time=0 unix:///run/api/docker.sock"
        )
        return ["busybox", "sh", "-c", serve]

    def stop(self, *, grace: float = 12.0) -> None:
        """Lo apaga, y borra los grupos de control que dejó vacíos."""
        super().stop(grace=grace)
        cgroups.remove("libpod_parent")


@dataclass(frozen=True)
class OtherEngine:
    """Un motor de Debian: de qué rama, con qué paquetes y archivos, y quién lo pone en marcha."""

    name: str
    suite: str
    packages: tuple[str, ...]
    daemon: Callable[..., PrivateDaemon] = PrivateDaemon
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_podman(self) -> bool:
        """Es Podman: un solo constructor, el suyo."""
        return self.daemon is PodmanDaemon

    def root(self) -> Path:
        """Su raíz, en la caché; la primera vez la descarga. Lanza :class:`BundleError`."""
        packages = (*self.packages, *COMMON, TINI.get(self.suite, "tini-static"))
        recipe = repr((self.suite, packages, sorted(self.files.items())))
        target = cache_dir() / f"motor-{self.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:8]}"
        if target.exists():
            return target
        with tempfile.TemporaryDirectory(prefix="motor-a-medias-", dir=cache_dir()) as work:
            apt = PrivateApt(Path(work) / "apt", suite=self.suite)
            apt.update()
            root = Path(work) / "raiz"
            unpack(apt.download(packages), root, skip=SKIPPED)
            furnish(root, root)
            (root / "var/tmp").mkdir(parents=True, exist_ok=True)  # ahí deja Podman lo que se le sube
            for name, text in self.files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            for old in cache_dir().glob(f"motor-{self.name}-*"):
                if old != target:  # de otra receta
                    shutil.rmtree(old)
            try:
                root.replace(target)
            except OSError:  # otro proceso la dejó antes, y quizá la está usando
                if not target.exists():
                    raise
        return target


ENGINES = (
    OtherEngine("docker-20.10", "bookworm", ("docker.io",)),
    OtherEngine("docker-26.1", "trixie", ("docker.io",)),
    OtherEngine("podman-4.3", "bookworm", PODMAN, PodmanDaemon, PODMAN_FILES),
    OtherEngine("podman-5", "forky", PODMAN, PodmanDaemon, PODMAN_FILES),
)
