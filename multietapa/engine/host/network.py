"""La red de los motores del kit: un slirp4netns, que no pide privilegios, y lo que publica hacia aquí."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from multietapa.engine.bundle import loader
from multietapa.engine.host import run_folder
from multietapa.engine.host.lifetime import die_with_parent
from multietapa.engine.host.slirp import GUEST_ADDRESS, PortForwarder, SlirpApi
from multietapa.engine.host.start_failure import start_failure
from multietapa.errors import EngineError

API_PORT = 2376
START_SECONDS = 10.0


class Network:
    """slirp4netns y los puertos de un motor.

    Args:
        root: raíz del paquete.
        run: carpeta de ejecución del motor.
        engine: qué motor es, para los errores («embebido», «privado»).
        direct: sus contenedores están en la misma red que slirp (:class:`PortForwarder`).
    """

    def __init__(self, root: Path, run: Path, *, engine: str, direct: bool = False) -> None:
        self.root, self.run, self.engine, self.direct = root, run, engine, direct
        self.socket, self.log_path = run / "vec.sock", run / "slirp.log"
        self.api = SlirpApi(run / "slirp.sock")
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._forwarder: PortForwarder | None = None

    @property
    def alive(self) -> bool:
        """slirp4netns sigue en marcha."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """El proceso por el que pasa toda la red del motor; 0 si no se ha puesto en marcha."""
        return self._process.pid if self._process is not None else 0

    def serve_socket(self, *, again: bool = False) -> None:
        """Espera en ``socket`` a la máquina embebida. Lanza :class:`EngineError` con lo que escribió.

        slirp4netns no abre su propia API hasta que la máquina se conecta.
        """
        self._launch(["--target-type=bess"], str(self.socket), again=again)
        self._wait_for(self.socket.exists)

    def join_namespace(self, pid: int, *, before: Callable[[], None], again: bool = False) -> None:
        """Da red al espacio de nombres de ``pid``. Lanza :class:`EngineError` con lo que escribió.

        ``before`` corre en el proceso nuevo (para entrar en su espacio de usuario).
        """
        self._launch(["--configure"], str(pid), "tap0", again=again, before=before)
        self._wait_for(lambda: self.api.path.exists() and b"received" in self.log_path.read_bytes())

    def _launch(
        self,
        kind: list[str],
        *target: str,
        again: bool,
        before: Callable[[], None] = die_with_parent,
    ) -> None:
        self.restarts += again
        self.stop()
        arguments = [*kind, "--mtu=1500", "--disable-host-loopback", "--api-socket", str(self.api.path)]
        with self.log_path.open("wb") as output:
            self._process = subprocess.Popen(
                loader.command(self.root, "usr/bin/slirp4netns", *arguments, *target),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=before,
            )

    def _wait_for(self, ready: Callable[[], bool]) -> None:
        limit = time.monotonic() + START_SECONDS
        while not ready():
            if not self.alive or time.monotonic() > limit:
                raise start_failure(f"La red del motor {self.engine} no arrancó.", self.log_path)
            time.sleep(0.01)

    def open_api(self) -> int:
        """Trae el puerto de la API a uno libre de 127.0.0.1 y devuelve cuál. Lanza :class:`EngineError`."""
        self._wait_for(self.api.path.exists)
        problem: OSError | None = None
        for _ in range(20):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port: int = probe.getsockname()[1]
            try:
                self.api.request(
                    "add_hostfwd",
                    proto="tcp",
                    host_addr="127.0.0.1",
                    host_port=port,
                    guest_addr=GUEST_ADDRESS,
                    guest_port=API_PORT,
                )
                return port
            except OSError as error:  # otro programa se quedó con él entre medias
                problem = error
        raise EngineError("No se pudo abrir un puerto para la API del motor.", why=str(problem))

    def forward_ports(self, host: str) -> None:
        """Abre en 127.0.0.1 lo que publiquen los contenedores del motor que contesta en ``host``."""
        self.stop_forwarding()
        state = self.run / run_folder.PORTS
        self._forwarder = PortForwarder(host=host, api=self.api, state=state, direct=self.direct)
        self._forwarder.start()

    def stop_forwarding(self) -> None:
        """Deja de mirar lo que publican, para que dockerd no espere a esa conexión al apagarse."""
        if self._forwarder is not None:
            self._forwarder.stop()
            self._forwarder = None

    def stop(self) -> None:
        """Lo apaga y borra sus sockets."""
        if self._process is not None:
            # Mientras espera a la máquina, slirp4netns tiene un hijo que no se va con él: al grupo entero.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        # El hijo de una vez anterior que acabó de golpe se va al conectarse alguien y no estar su padre.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as visitor:
            visitor.connect(str(self.socket))
        self.socket.unlink(missing_ok=True)
        self.api.path.unlink(missing_ok=True)
