"""El motor privado: dockerd en sus propios espacios de nombres, sin tocar nada del anfitrión.

``PrivateDaemon`` lo pone en marcha y lo apaga en orden. Quien lo crea debe vivir mientras el
motor viva: si muere de golpe, el núcleo se lleva el motor entero (PDEATHSIG y ``--kill-child``).

Con root se usa tal cual; sin root, dentro de un espacio de nombres de usuario
(:mod:`multietapa.motor.userns`), con dockerd en su modo «rootless»: lo mismo y a la misma velocidad, pero
sin grupos de control, así que los límites de memoria y procesador de un contenedor no se aplican.
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

from multietapa.motor import cgroups, loader, rootlesskit, userns
from multietapa.motor.certificates import copy_certificates
from multietapa.motor.lifetime import die_with_parent
from multietapa.motor.ports import port_range
from multietapa.motor.slirp import PortForwarder, SlirpApi
from multietapa.motor.start_failure import start_failure

INIT_SCRIPT = Path(__file__).with_name("init.sh")


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


class PrivateDaemon:
    """Un dockerd privado.

    Args:
        root: raíz del paquete (:func:`multietapa.motor.bundle.make`).
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
        self.root, self.run, self.data = root, run, data
        self.slot, self.options, self.data_size_mb = slot, tuple(options), data_size_mb
        place = hashlib.sha256(str(run).encode()).hexdigest()[:6]  # dos carpetas de ejecución no se mezclan
        self.cgroup = f"multietapa-{run.name}-{place}"
        self.log_path = run / "dockerd.log"
        self.rootless = os.geteuid() != 0
        self._space: userns.UserSpace | None = None
        self._namespace: subprocess.Popen[bytes] | None = None
        self._slirp: subprocess.Popen[bytes] | None = None
        self._forwarder: PortForwarder | None = None

    @property
    def host(self) -> str:
        """La URL de la API."""
        return f"unix://{self.run}/docker.sock"

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
        for stale in ("red-lista", "docker.sock", "slirp.sock", "puertos.json"):
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
        else:
            command.append(f"--cgroup-parent=/{self.cgroup}")
        self._namespace = self._launch([*command, *self.options], log=self.log_path, env=environment)
        log("conectando su red")
        child = _first_child(self._namespace, timeout=5.0)
        if child is None:
            raise start_failure("El motor privado no pudo crear sus espacios de nombres.", self.log_path)
        self._start_network(child)
        (self.run / "red-lista").touch()
        log("esperando a dockerd")
        self._wait_ready(timeout)
        api = SlirpApi(self.run / "slirp.sock")
        self._forwarder = PortForwarder(host=self.host, api=api, state=self.run / "puertos.json")
        self._forwarder.start()

    def _launch(
        self,
        command: list[str],
        *,
        log: Path,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[bytes]:
        """Un proceso del motor: no sobrevive a este y, sin root, es root en su espacio de usuario."""
        with log.open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=env,
                start_new_session=True,
                preexec_fn=self._space.enter if self._space is not None else die_with_parent,
            )

    def _start_network(self, pid: int) -> None:
        arguments = ["--configure", "--mtu=1500", "--disable-host-loopback"]
        arguments += ["--api-socket", str(self.run / "slirp.sock"), str(pid), "tap0"]
        command = loader.command(self.root, "usr/bin/slirp4netns", *arguments)
        self._slirp = self._launch(command, log=self.run / "slirp.log", cwd=self.root)
        limit = time.monotonic() + 10
        while (
            not (self.run / "slirp.sock").exists() or b"received" not in (self.run / "slirp.log").read_bytes()
        ):
            if self._slirp.poll() is not None or time.monotonic() > limit:
                raise start_failure("La red del motor privado no arrancó.", self.run / "slirp.log")
            time.sleep(0.02)

    def _wait_ready(self, timeout: float) -> None:
        assert self._namespace is not None
        limit = time.monotonic() + timeout
        while True:
            if self._namespace.poll() is not None:
                raise start_failure("El motor privado se apagó al arrancar.", self.log_path)
            if (self.run / "docker.sock").exists():
                try:
                    with closing(docker.DockerClient(base_url=self.host, timeout=5)) as client:
                        if client.ping():
                            return
                except (OSError, docker.errors.DockerException):
                    pass
            if time.monotonic() > limit:
                raise start_failure(f"El motor privado no contestó en {timeout:.0f} s.", self.log_path)
            time.sleep(0.05)

    @property
    def alive(self) -> bool:
        """El proceso del motor sigue en marcha."""
        return self._namespace is not None and self._namespace.poll() is None

    @property
    def network_restarts(self) -> int:
        """Cuántas veces se volvió a poner en marcha su red: ninguna, si slirp muere se reinicia el motor."""
        return 0

    def look_after(self) -> None:
        """Nada que levantar alrededor."""

    def kill(self) -> None:
        """Lo mata sin avisar, como un corte de luz."""
        if self._namespace is not None and self.alive:
            self._namespace.kill()
            self._namespace.wait()
        self.stop(grace=0.1)

    def stop(self, *, grace: float = 12.0) -> None:
        """Apaga dockerd y sus contenedores, y borra todo lo que no son datos."""
        if self._forwarder is not None:
            self._forwarder.stop()
        if self._namespace is not None and self.alive:
            for pid in _children(self._namespace.pid):
                _signal(pid, signal.SIGTERM)
            try:
                self._namespace.wait(grace)
            except subprocess.TimeoutExpired:
                self._namespace.kill()
                self._namespace.wait()
        if self._slirp is not None and self._slirp.poll() is None:
            self._slirp.terminate()
            try:
                self._slirp.wait(3)
            except subprocess.TimeoutExpired:
                self._slirp.kill()
                self._slirp.wait()
        if self._space is not None:
            self._space.close()
        for _ in range(20):
            cgroups.remove(self.cgroup)
            if not list(Path("/sys/fs/cgroup").glob(f"*/{self.cgroup}")):
                break
            time.sleep(0.05)
        for leftover in ("red-lista", "docker.sock", "slirp.sock", "puertos.json", "certificados.crt"):
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


def _first_child(process: subprocess.Popen[bytes], *, timeout: float) -> int | None:
    limit = time.monotonic() + timeout
    while time.monotonic() < limit and process.poll() is None:
        found = _children(process.pid)
        if found:
            return found[0]
        time.sleep(0.01)
    return None
