"""La red del motor embebido: slirp4netns al otro lado de un socket, sin privilegios."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from multietapa.errors import EngineError
from multietapa.motor import loader
from multietapa.motor.lifetime import die_with_parent
from multietapa.motor.slirp import GUEST_ADDRESS, SlirpApi
from multietapa.motor.start_failure import start_failure

API_PORT = 2376
START_SECONDS = 10.0


class EmbeddedNetwork:
    """slirp4netns y el puerto por el que llega la API; ``run`` es la carpeta de ejecución del motor."""

    def __init__(self, root: Path, run: Path) -> None:
        self.root = root
        self.socket, self.log_path = run / "vec.sock", run / "slirp.log"
        self.api = SlirpApi(run / "slirp.sock")
        self.restarts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """slirp4netns sigue en marcha."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, again: bool = False) -> None:
        """Lo pone en marcha. Lanza :class:`EngineError` con lo que escribió si no arranca."""
        self.restarts += again
        self.stop()
        arguments = ["--target-type=bess", "--mtu=1500", "--disable-host-loopback"]
        arguments += ["--api-socket", str(self.api.path), str(self.socket)]
        with self.log_path.open("ab" if again else "wb") as output:
            self._process = subprocess.Popen(
                loader.command(self.root, "usr/bin/slirp4netns", *arguments),
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._wait_for(self.socket)

    def _wait_for(self, path: Path) -> None:
        limit = time.monotonic() + START_SECONDS
        while not path.exists():
            if not self.alive or time.monotonic() > limit:
                raise start_failure("La red del motor embebido no arrancó.", self.log_path)
            time.sleep(0.01)

    def open_api(self) -> int:
        """Trae el puerto de la API a uno libre de 127.0.0.1 y devuelve cuál. Lanza :class:`EngineError`.

        slirp4netns no abre su propia API hasta que la máquina se conecta a su red.
        """
        self._wait_for(self.api.path)
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

    def stop(self) -> None:
        """Lo apaga y borra sus sockets."""
        if self._process is not None:
            # Mientras espera a la máquina, slirp4netns tiene un hijo que no se va con él: al grupo entero.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.socket.unlink(missing_ok=True)
        self.api.path.unlink(missing_ok=True)
