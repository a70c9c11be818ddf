"""La red de los motores del kit: slirp4netns y los puertos que publica hacia 127.0.0.1."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import docker

from multietapa import sdk
from multietapa.paths import write_whole

GUEST_ADDRESS = "10.0.2.100"


class SlirpApi:
    """La API de slirp4netns sobre su socket (una petición por conexión)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def request(self, execute: str, **arguments: Any) -> Any:
        """Envía una orden y devuelve ``return``. Lanza :class:`OSError` con el texto del fallo."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(self.path))
            connection.sendall(json.dumps({"execute": execute, "arguments": arguments}).encode())
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        reply = json.loads(answer or b"{}")
        if "error" in reply:
            raise OSError(str(reply["error"].get("desc", reply["error"])))
        return reply.get("return")


class PortForwarder(threading.Thread):
    """Sigue los eventos del motor y abre en 127.0.0.1 cada puerto que publica un contenedor.

    El estado se escribe en ``state`` (JSON ``{"puerto/tcp": "" | "motivo"}``) para que un
    cuaderno pueda decir por qué un puerto no está. Con ``direct``, los contenedores de la red por
    omisión están en la misma red que slirp y se llega a ellos sin pasar por docker-proxy.
    """

    def __init__(self, *, host: str, api: SlirpApi, state: Path, direct: bool = False) -> None:
        super().__init__(name="puertos", daemon=True)
        self.direct = direct
        self.client = docker.DockerClient(base_url=host, timeout=60)
        self.api = api
        self.state = state
        self.events: Any = None
        self.forwards: dict[tuple[str, int], tuple[str, str, int | None]] = {}

    def run(self) -> None:
        try:
            self.events = events = self.client.events(
                decode=True, filters={"type": "container", "event": ["start", "die"]}
            )
            for container in self.client.api.containers():
                self._opened(container["Id"])
            for event in sdk.follow(events):
                if event["Action"] == "start":
                    self._opened(event["Actor"]["ID"])
                else:
                    self._closed(event["Actor"]["ID"])
        except (OSError, ValueError, docker.errors.DockerException):
            return

    def stop(self) -> None:
        """Deja de escuchar; así dockerd no espera a esta conexión para apagarse."""
        if self.events is not None:
            sdk.stop_following(self.events)

    def _opened(self, container_id: str) -> None:
        try:
            attributes = self.client.api.inspect_container(container_id)
        except docker.errors.APIError:
            return
        ports = attributes["NetworkSettings"].get("Ports") or {}
        networks = attributes["NetworkSettings"].get("Networks") or {}
        address = (networks.get("bridge") or {}).get("IPAddress", "") if self.direct else ""
        wanted = {
            (container_port.rpartition("/")[2], int(binding["HostPort"])): int(
                container_port.partition("/")[0]
            )
            for container_port, bindings in ports.items()
            for binding in bindings or ()
        }
        for (protocol, port), inside in wanted.items():
            problem, forward_id = "", None
            try:
                reply = self.api.request(
                    "add_hostfwd",
                    proto=protocol,
                    host_addr="127.0.0.1",
                    host_port=port,
                    guest_addr=address or GUEST_ADDRESS,
                    guest_port=inside if address else port,
                )
                forward_id = reply["id"]
            except (OSError, ValueError) as error:
                problem = f"el puerto {port} de esta máquina no se pudo abrir ({error})"
            self.forwards[protocol, port] = (container_id, problem, forward_id)
        self._write()

    def _closed(self, container_id: str) -> None:
        for key, (owner, _, forward_id) in list(self.forwards.items()):
            if owner != container_id:
                continue
            if forward_id is not None:
                try:
                    self.api.request("remove_hostfwd", id=forward_id)
                except (OSError, ValueError):
                    pass
            del self.forwards[key]
        self._write()

    def _write(self) -> None:
        table = {f"{port}/{protocol}": problem for (protocol, port), (_, problem, _) in self.forwards.items()}
        write_whole(self.state, json.dumps(table))
