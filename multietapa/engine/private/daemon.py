"""El motor privado: dockerd en sus propios espacios de nombres, sin tocar nada del anfitrión.

``PrivateDaemon`` lo pone en marcha y lo apaga en orden. Quien lo crea debe vivir mientras el
motor viva: si muere de golpe, el núcleo se lleva el motor entero (PDEATHSIG y ``--kill-child``).

Con root se usa tal cual; sin root, dentro de un espacio de nombres de usuario
(:mod:`.userns`), con dockerd en su modo «rootless»: lo mismo y a la misma velocidad, pero
sin grupos de control, así que los límites de memoria y procesador de un contenedor no se aplican, y
«docker top» no funciona.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import docker

from multietapa.engine.host import run_folder
from multietapa.engine.host.certificates import copy_certificates
from multietapa.engine.host.daemon import Daemon
from multietapa.engine.host.lifetime import die_with_parent
from multietapa.engine.host.network import Network
from multietapa.engine.host.ports import port_range
from multietapa.engine.host.start_failure import start_failure
from multietapa.engine.private import cgroups, rootlesskit, userns

INIT_SCRIPT = Path(__file__).with_name("init.sh")
#: La orden del motor, con las rutas que tienen los datos y la carpeta de ejecución dentro de sus espacios.
DOCKERD = (
    "dockerd", "--data-root", "/data", "--exec-root", "/run/docker", "--pidfile", "/run/docker.pid",
    "-H", "unix:///run/api/docker.sock", "--dns", "10.0.2.100", "--shutdown-timeout", "5",
)  # fmt: skip


def missing_reason() -> str:
    """Por qué no se puede usar un motor privado aquí, o ``""``."""
    if os.geteuid() != 0:
        return userns.missing_reason()
    if not shutil.which("unshare"):
        return "falta el programa unshare (paquete util-linux)"
    try:
        done = subprocess.run(
            ["unshare", "--mount", "--pid", "--net", "--fork", "true"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        return f"unshare no funciona ({problem})"
    return (
        "" if done.returncode == 0 else f"el núcleo no deja crear espacios de nombres ({done.stderr.strip()})"
    )


class PrivateDaemon(Daemon):
    """Un dockerd privado.

    Args:
        root: raíz del paquete (:func:`multietapa.engine.bundle.make.make`).
        run: carpeta corta y privada para el socket, el registro y el estado.
        data: carpeta de datos del motor (imágenes y caché).
        slot: número de motor en esta máquina; separa sus puertos y sus grupos de control.
        options: argumentos de más para dockerd.
        data_size_mb: si no es 0, los datos viven en memoria con ese tope (para las pruebas).
    """

    def __init__(
        self,
        root: Path,
        *,
        run: Path,
        data: Path,
        slot: int = 0,
        options: Sequence[str] = (),
        data_size_mb: int = 0,
    ) -> None:
        network = Network(root, run, engine="privado")
        super().__init__(root, run=run, slot=slot, options=options, network=network)
        self.data, self.data_size_mb = data, data_size_mb
        place = hashlib.sha256(str(run).encode()).hexdigest()[:6]  # dos carpetas de ejecución no se mezclan
        self.cgroup = f"multietapa-{run.name}-{place}"
        self.rootless = os.geteuid() != 0
        self._space: userns.UserSpace | None = None
        self._child = 0

    def start(self, *, log: Callable[[str], None] = lambda _: None, timeout: float = 60.0) -> None:
        """Arranca y espera a que la API conteste. Lanza :class:`EngineError` con el registro."""
        with ExitStack() as only_now:
            try:
                if self.rootless:
                    log("repartiendo tus identificadores")
                    self._space = userns.UserSpace()
                self._start(only_now, log, timeout)
            except BaseException:
                self.stop(grace=1.0)
                raise

    def _start(self, only_now: ExitStack, log: Callable[[str], None], timeout: float) -> None:
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.data.mkdir(mode=0o710, parents=True, exist_ok=True)
        for stale in ("red-lista", run_folder.SOCKET, run_folder.PORTS, "nombres.log"):
            (self.run / stale).unlink(missing_ok=True)
        cgroups.remove(self.cgroup)
        copy_certificates(self.root, self.run / "certificados.crt")
        log("creando los espacios de nombres")
        first, last = port_range(self.slot)
        command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child"]
        command += [f"{self.root}/usr/bin/busybox", "sh", str(INIT_SCRIPT), str(self.root), str(self.run)]
        command += [str(self.data), str(self.data_size_mb), str(first), str(last)]
        environment = {**os.environ, "SSL_CERT_FILE": "/run/api/certificados.crt", "SSL_CERT_DIR": "/none"}
        if self.rootless:
            environment |= only_now.enter_context(rootlesskit.answering(self.run, inside="/run/api"))
        with self.log_path.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *self.engine_command()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
                preexec_fn=self._enter,
            )
        log("conectando su red")
        self._child = _first_child(self.process, timeout=5.0)
        if not self._child:
            raise start_failure("El motor privado no pudo crear sus espacios de nombres.", self.log_path)
        self.network.join_namespace(self._child, before=self._enter)
        (self.run / "red-lista").touch()
        log("esperando a dockerd")
        self._wait_ready(timeout)
        self.network.forward_ports(self.host)

    def engine_command(self) -> list[str]:
        """La orden del motor, que corre ya dentro de sus espacios de nombres."""
        limits = [] if self.rootless else [f"--cgroup-parent=/{self.cgroup}"]
        return [*DOCKERD, *limits, *self.options]

    def _enter(self) -> None:
        """En cada proceso nuevo: no sobrevive a este y, sin root, es root en su espacio de usuario."""
        if self._space is not None:
            self._space.enter()
        else:
            die_with_parent()

    def _wait_ready(self, timeout: float) -> None:
        assert self.process is not None
        limit = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise start_failure("El motor privado se apagó al arrancar.", self.log_path)
            if (self.run / run_folder.SOCKET).exists():
                try:
                    with closing(docker.DockerClient(base_url=self.host, timeout=5)) as client:
                        if client.ping():
                            return
                except (OSError, docker.errors.DockerException):
                    pass
            if time.monotonic() > limit:
                raise start_failure(f"El motor privado no contestó en {timeout:.0f} s.", self.log_path)
            time.sleep(0.05)

    def look_after(self) -> None:
        """Vuelve a poner en marcha la red si se cayó, con los puertos que tenía. Se llama a menudo."""
        if self.alive and not self.network.alive:
            self.network.join_namespace(self._child, before=self._enter, again=True)
            self.network.forward_ports(self.host)

    def stop(self, *, grace: float = 12.0) -> None:
        """Apaga dockerd y sus contenedores, y borra todo lo que no son datos."""
        self.network.stop_forwarding()
        if self.process is not None and self.alive:
            for pid in _children(self.process.pid):
                _signal(pid, signal.SIGTERM)
        self._end_process(grace)
        self.network.stop()
        if self._space is not None:
            self._space.close()
        for _ in range(20):
            cgroups.remove(self.cgroup)
            if not list(Path("/sys/fs/cgroup").glob(f"*/{self.cgroup}")):
                break
            time.sleep(0.05)
        for leftover in ("red-lista", run_folder.SOCKET, run_folder.PORTS, "certificados.crt"):
            (self.run / leftover).unlink(missing_ok=True)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _first_child(process: subprocess.Popen[bytes], *, timeout: float) -> int:
    """El primer proceso hijo, o 0 si no lo hay a tiempo."""
    limit = time.monotonic() + timeout
    while time.monotonic() < limit and process.poll() is None:
        found = _children(process.pid)
        if found:
            return found[0]
        time.sleep(0.01)
    return 0
