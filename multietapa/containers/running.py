"""Poner en marcha una imagen, esperar a que conteste y recogerla siempre.

También lee lo que solo se sabe con el contenedor vivo: sus procesos y los archivos de la imagen.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import docker

from multietapa.containers.created import LOG_LINES, created, explained, file_in, last_lines, start
from multietapa.containers.ended import ended
from multietapa.containers.http import ask
from multietapa.containers.ports import published
from multietapa.engine.session import Engine
from multietapa.errors import ContainerError

_PAUSE_SECONDS = 0.1

# Node está en toda imagen de la tienda, y en cambio puede no haber ni ``sh`` ni ``ps``.
_NODES = ("node", "/nodejs/bin/node", "/usr/local/bin/node")
_PROBE = """
const fs = require("fs"), found = [];
for (const pid of fs.readdirSync("/proc").filter((n) => /^[0-9]+$/.test(n) && n != process.pid)) {
  try {
    const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
    const id = (k) => Number(new RegExp(`^${k}:\\\\s+\\\\d+\\\\s+(\\\\d+)`, "m").exec(status)[1]);
    let env = null;
    try { env = fs.readFileSync(`/proc/${pid}/environ`, "utf8").split("\\0"); } catch (e) {}
    const node = env && (env.find((l) => l.startsWith("NODE_ENV=")) || "NODE_ENV=").slice(9);
    const name = /^Name:\\s+(.*)$/m.exec(status)[1];
    found.push({ pid: Number(pid), uid: id("Uid"), gid: id("Gid"), name, node_env: node });
  } catch (e) {}
}
console.log(JSON.stringify(found));
"""


@dataclass(frozen=True)
class Process:
    """Un proceso del contenedor, visto desde dentro.

    ``uid`` y ``gid`` son los efectivos; ``node_env`` el valor de ``NODE_ENV`` con el que
    arrancó (``""`` si no la tenía) o ``None`` si no se pudo leer.
    """

    pid: int
    uid: int
    gid: int
    name: str
    node_env: str | None = None


@dataclass(frozen=True)
class Running:
    """Un contenedor que ya contesta por HTTP en ``url`` (``http://127.0.0.1:NNNN``); dentro, en ``port``."""

    url: str
    container: Any
    port: int

    def logs(self, lines: int = 100) -> str:
        """Las últimas líneas que escribió el programa."""
        return last_lines(self.container, lines)

    def get(self, path: str = "/", *, timeout: float = 20.0) -> tuple[int, str]:
        """Pide ``path``: código de estado y cuerpo. Lanza :class:`ContainerError` si nadie contesta."""
        try:
            return ask(self.url + path, timeout)
        except OSError as problem:
            raise ContainerError(
                f"El contenedor dejó de contestar en {path}.",
                why=str(problem),
                next_step="Mira su registro con .logs().",
                detail=self.logs(LOG_LINES),
            ) from problem

    def processes(self) -> tuple[Process, ...]:
        """Los procesos del contenedor por orden de ``pid``, o ``()`` si dentro no hay Node con que mirarlos.

        Se mira desde dentro porque ``docker top`` enseña los usuarios del anfitrión, que con
        espacios de nombres de usuario son otros.
        """
        found = _probe(self.container, "")
        if found and any(process.node_env is None for process in found):
            # Solo el mismo usuario (o un root con más permisos que el de un contenedor) lee ese entorno.
            server = found[-1]
            found = _probe(self.container, f"{server.uid}:{server.gid}") or found
        return found


@contextmanager
def run_container(
    engine: Engine,
    image: str,
    *,
    port: int = 3000,
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> Iterator[Running]:
    """Arranca ``image``, espera a que conteste por HTTP y al salir borra el contenedor, pase lo que pase.

    Args:
        engine: el motor en el que se arranca.
        image: etiqueta o id de la imagen.
        port: puerto en el que escucha dentro; fuera se publica en uno libre de 127.0.0.1.
        environment: variables de entorno que se añaden a las de la imagen.
        timeout: segundos que se espera la primera respuesta (de cualquier código).

    Raises:
        ContainerError: no existe la imagen, no arranca, se cierra antes de contestar o no contesta a tiempo;
            lleva las últimas líneas de su registro.
        EngineLostError: el motor se apagó.
    """
    publish = {f"{port}/tcp": ("127.0.0.1", None)}
    with created(engine.client, image, environment=dict(environment or {}), ports=publish) as container:
        start(
            container,
            what=f"El contenedor de {image} no arranca.",
            next_step="Revisa el CMD (o ENTRYPOINT) y el USER de la última etapa.",
        )
        gone = f"El contenedor de {image} desapareció antes de contestar."
        with explained(what=gone, next_step="Comprueba que nadie lo borró y repite."):
            url, _ = first_answer(engine, container, image, port=port, timeout=timeout)
        yield Running(url, container, port)


def read_file(engine: Engine, image: str, path: str, *, limit: int = 100_000) -> bytes | None:
    """El contenido de un archivo de la imagen, sin arrancarla; ``None`` si no existe o no es un archivo.

    ``limit`` son los bytes que se leen como mucho. Lanza :class:`ContainerError` si no existe la imagen.
    """
    with created(engine.client, image, ["/no-se-arranca"]) as container:
        return file_in(container, path, limit=limit)


def first_answer(
    engine: Engine,
    container: Any,
    image: str,
    *,
    port: int,
    timeout: float,
    path: str = "/",
    pause: float = _PAUSE_SECONDS,
    check: Callable[[], None] = lambda: None,
) -> tuple[str, int]:
    """Espera la primera respuesta HTTP en ``path``: la dirección del puerto y su código, sea el que sea.

    ``pause`` son los segundos entre una pregunta y otra; antes de cada una se llama a ``check``, que puede
    lanzar lo que quiera para dejarlo. Lanza :class:`ContainerError` como :func:`run_container`.
    """
    limit = time.monotonic() + timeout
    url, last = "", "todavía no ha abierto el puerto"
    while True:
        check()
        state = engine.client.api.inspect_container(container.id)["State"]
        if not state["Running"]:
            raise ended(container, state, what=f"El contenedor de {image} se cerró antes de contestar.")
        if time.monotonic() > limit:
            break
        try:
            url = url or published(engine, container, port)
            status, _ = ask(f"{url}{path}", max(1.0, min(10.0, limit - time.monotonic())))
            return url, status
        except ContainerError as problem:
            last = problem.why or problem.what
        except OSError as problem:
            last = str(getattr(problem, "reason", problem))
        time.sleep(pause)
    raise ContainerError(
        f"El contenedor de {image} está en marcha, pero en {timeout:.0f} s nadie contesta en el "
        f"puerto {port}.",
        why=last,
        next_step=(
            f"El programa debe escuchar en 0.0.0.0:{port}; en 127.0.0.1 solo lo oye el propio contenedor."
        ),
        detail=last_lines(container, LOG_LINES),
    )


def _probe(container: Any, user: str) -> tuple[Process, ...]:
    for node in _NODES:
        try:
            code, output = container.exec_run([node, "-e", _PROBE], user=user, stderr=False)
        except docker.errors.APIError:
            continue
        if code == 0:
            with suppress(ValueError, TypeError, KeyError):
                return tuple(sorted((Process(**item) for item in json.loads(output)), key=lambda p: p.pid))
    return ()
