"""El motor embebido: dockerd dentro de User-mode Linux, un núcleo que corre como un programa más.

No pide privilegios: ni root, ni espacios de nombres, ni capacidades. Vale en Binder, en un pod de
JupyterHub o en un portátil cerrado con Linux x86-64.
"""

from __future__ import annotations

import os
import platform
import resource
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from multietapa.engine.embedded.data_disk import DataDisk
from multietapa.engine.embedded.one_cpu import OneCpu
from multietapa.engine.embedded.tunnel import ApiTunnel, make_certificate
from multietapa.engine.host import limits as host_limits
from multietapa.engine.host import run_folder
from multietapa.engine.host.certificates import copy_certificates
from multietapa.engine.host.daemon import Daemon
from multietapa.engine.host.lifetime import die_with_parent
from multietapa.engine.host.network import Network
from multietapa.engine.host.ports import port_range
from multietapa.engine.host.slirp import GUEST_ADDRESS
from multietapa.engine.host.start_failure import start_failure
from multietapa.errors import EngineError

GUEST_SCRIPT = Path(__file__).with_name("guest.sh")
MAXIMUM_MEMORY_MB = 2048
MINIMUM_MEMORY_MB = 600
MEMORY_SHARE = 0.45
SMALL_HOST_BYTES = 4 * 2**30
TRIM_SECONDS = 2.0
_PASSED_ON = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")
_TEMPORARY = (
    "api.crt",
    "api.key",
    run_folder.SOCKET,
    run_folder.PORTS,
    "entorno",
    "guest.sh",
    "certificados.crt",
)


def missing_reason() -> str:
    """Por qué no se puede usar un motor embebido aquí, o ``""``."""
    if sys.platform != "linux":
        return "solo existe en Linux"
    if platform.machine() != "x86_64":
        return f"solo existe para x86-64, y esta máquina es {platform.machine()}"
    limits = host_limits.read()
    if _share_mb(limits) < MINIMUM_MEMORY_MB:
        needed = int(MINIMUM_MEMORY_MB / MEMORY_SHARE)
        return f"hacen falta unos {needed} MB de memoria libre, y hay {limits.memory_free // 2**20}"
    return ""


class EmbeddedDaemon(Daemon):
    """Un dockerd embebido.

    Args:
        root: raíz del paquete (:func:`multietapa.engine.bundle.make.make`).
        run: carpeta corta y privada para los sockets, las claves y los registros.
        data: carpeta del disco de datos (imágenes y caché).
        slot: número de motor en esta máquina; separa sus puertos.
        options: argumentos de más para dockerd, sin espacios dentro.
        data_size_mb: tamaño del disco; 0, lo que quepa.
        memory_mb: memoria de su máquina; 0, según la que haya.
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
        memory_mb: int = 0,
    ) -> None:
        network = Network(root, run, engine="embebido", direct=True)
        super().__init__(root, run=run, slot=slot, options=options, network=network)
        self.disk = DataDisk(root, data / "disco.img", size_mb=data_size_mb)
        self._limits = host_limits.read()
        fitting = max(MINIMUM_MEMORY_MB, min(MAXIMUM_MEMORY_MB, _share_mb(self._limits)))
        self.memory_mb = memory_mb or fitting
        self.phases: list[str] = []
        self.tunnel: ApiTunnel | None = None
        self._phase = threading.Condition()
        self._cpu: OneCpu | None = None
        self._trimmed = 0.0

    def start(self, *, log: Callable[[str], None] = lambda _: None, timeout: float = 90.0) -> None:
        """Arranca y espera a que la API conteste. Lanza :class:`EngineError` con el registro."""
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (*_TEMPORARY, "dockerd.log", "consola.log", "nombres.log"):
            (self.run / name).unlink(missing_ok=True)
        self.disk.ensure(log=log)
        try:
            certificate, key = make_certificate(self.root, self.run, GUEST_ADDRESS)
            self.tunnel = ApiTunnel(
                self.run / run_folder.SOCKET, certificate=certificate, key=key, server_name=GUEST_ADDRESS
            )
            log("arrancando el núcleo")
            if warning := host_limits.maps_warning(self._limits):
                log(warning)
            self.network.serve_socket()
            self._start_machine()
            self._wait_phase("red", "núcleo", timeout=30.0)
            log("conectando su red")
            self._wait_phase("dockerd", "red", timeout=30.0)
            log("esperando a dockerd")
            self.tunnel.port = self.network.open_api()
            self._wait_ready(timeout)
            self.tunnel.start()
            self.network.forward_ports(self.host)
        except BaseException:
            self.stop(grace=3.0)
            raise

    def _start_machine(self) -> None:
        shutil.copyfile(GUEST_SCRIPT, self.run / "guest.sh")
        self._write_environment()
        disk, root = self.run / "disco", self.run / "raiz"  # en su orden, un espacio, «,» o «:» la partirían
        for link, target in ((disk, self.disk.path), (root, self.root)):
            link.unlink(missing_ok=True)
            link.symlink_to(target.resolve())
        temporary = host_limits.exec_folder(
            self.memory_mb + 64, (*host_limits.MEMORY_PLACES, str(self.disk.path.parent))
        )
        if temporary is None:
            raise EngineError(
                "No hay dónde poner la memoria del motor embebido.",
                why=f"hacen falta {self.memory_mb} MB en /dev/shm, /tmp o la caché, sin «noexec».",
                next_step="Libera disco y repite la orden.",
            )
        command = ["usr/bin/linux.uml", f"mem={self.memory_mb}M", "seccomp=auto", "quiet"]
        command += ["root=none", "rootfstype=hostfs", f"rootflags={root}/", "ro", f"ubd0={disk}"]
        command += [f"vec0:transport=bess,dst={self.network.socket},depth=64,gro=1"]
        command += ["con=null", "con0=fd:0,fd:1", f"uml_dir={self.run}/uml", "umid=motor", f"API={self.run}"]
        # Mide la rapidez de RAID 6 durante 0,9 s, y aquí no hay discos en RAID.
        command += ["initcall_blacklist=raid6_init", "init=/arranque"]
        self.phases.clear()
        self._cpu = OneCpu()
        self.process = subprocess.Popen(
            command,
            cwd=self.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_alone(self._cpu),
            env={"HOME": str(self.run), "TMPDIR": str(temporary), "PATH": os.environ.get("PATH", "")},
        )
        threading.Thread(target=self._read_console, args=(self.process,), name="consola", daemon=True).start()

    def _write_environment(self) -> None:
        copy_certificates(self.root, self.run / "certificados.crt")
        first, last = port_range(self.slot)
        values = {name: os.environ[name] for name in _PASSED_ON if os.environ.get(name)}
        values |= {"SSL_CERT_FILE": "/run/api/certificados.crt", "SSL_CERT_DIR": "/none"}
        lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
        lines += [f"PORTS='{first} {last}'\n"]
        lines += [f"DOCKERD_OPTIONS={shlex.quote(' '.join(self.options))}\n"]
        (self.run / "entorno").write_text("".join(lines), encoding="utf-8")

    def _read_console(self, machine: subprocess.Popen[str]) -> None:
        assert machine.stdout is not None
        with (self.run / "consola.log").open("w", encoding="utf-8") as copy:
            for line in machine.stdout:
                copy.write(line)
                copy.flush()
                if line.startswith(("fase: ", "error: ")):
                    with self._phase:
                        self.phases.append(line.strip())
                        self._phase.notify_all()
        with self._phase:
            self._phase.notify_all()

    def _wait_phase(self, name: str, doing: str, *, timeout: float) -> None:
        def over() -> bool:
            return f"fase: {name}" in self.phases or not self.alive or self._failure() != ""

        with self._phase:
            limit = time.monotonic() + timeout
            while not over() and time.monotonic() < limit:
                self._phase.wait(0.2)
        if f"fase: {name}" not in self.phases:
            what = f"El motor embebido no arrancó: se quedó en «{doing}»."
            raise self._problem(what, self.run / "consola.log")

    def _failure(self) -> str:
        return next((line.removeprefix("error: ") for line in self.phases if line.startswith("error: ")), "")

    def _problem(self, what: str, log: Path) -> EngineError:
        return start_failure(what, log, why=self._failure())

    def _wait_ready(self, timeout: float) -> None:
        assert self.tunnel is not None
        limit = time.monotonic() + timeout
        while not self.tunnel.reachable(timeout=1.0):
            if not self.alive:
                raise self._problem("El motor embebido se apagó al arrancar.", self.log_path)
            if time.monotonic() > limit:
                raise self._problem(f"El motor embebido no contestó en {timeout:.0f} s.", self.log_path)
            time.sleep(0.03)

    def look_after(self) -> None:
        """Vuelve a poner en marcha la red si se cayó, con los puertos que tenía. Se llama a menudo."""
        if self._limits.memory < SMALL_HOST_BYTES and time.monotonic() - self._trimmed > TRIM_SECONDS:
            self._trimmed = time.monotonic()
            self.disk.forget_cached()
        if self.process is None or self._cpu is None or not self.alive:
            return
        self._cpu.review(self.process.pid)
        if self.network.alive or self.tunnel is None:
            return
        self.tunnel.port = 0
        self.network.serve_socket(again=True)
        self._order("red")
        self.tunnel.port = self.network.open_api()
        self.network.forward_ports(self.host)

    def _order(self, order: str) -> None:
        if self.process is not None and self.process.stdin is not None:
            with suppress(OSError, ValueError):
                self.process.stdin.write(f"{order}\n")
                self.process.stdin.flush()

    def stop(self, *, grace: float = 20.0) -> None:
        """Apaga contenedores, dockerd y la máquina, por ese orden, y borra todo lo que no son datos."""
        self.network.stop_forwarding()
        self._order("apagar")
        self._end_process(grace)
        self.network.stop()
        if self.tunnel is not None:
            self.tunnel.stop()
            self.tunnel = None
        shutil.rmtree(self.run / "uml", ignore_errors=True)
        for name in (*_TEMPORARY, "disco", "raiz"):
            (self.run / name).unlink(missing_ok=True)


def _share_mb(limits: host_limits.HostLimits) -> int:
    """Los MB de la máquina embebida: el resto es para JupyterLab y sus kernels."""
    return int(limits.memory_free * MEMORY_SHARE) // 2**20


def _alone(cpu: OneCpu) -> Callable[[], None]:
    """Muere con su padre, sin volcados y en su procesador."""

    def prepare() -> None:
        die_with_parent()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        cpu.pin()

    return prepare
