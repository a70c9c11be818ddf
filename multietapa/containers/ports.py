"""A qué puerto de esta máquina va a parar el que publica un contenedor."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

from multietapa.containers.ended import not_running
from multietapa.engine.host.run_folder import PORTS, folder_of
from multietapa.engine.model import OWN_KINDS
from multietapa.engine.session import Engine
from multietapa.errors import ContainerError
from multietapa.text import join


def published(engine: Engine, container: Any, port: int, *, timeout: float = 5.0) -> str:
    """La dirección de un puerto publicado, conteste o no; espera ``timeout`` segundos a que esté abierto.

    ``container`` es el del SDK, su nombre o su id. Lanza :class:`ContainerError` si no está en marcha, si no
    se publicó o si no se pudo abrir en esta máquina.
    """
    name = getattr(container, "id", container)
    limit = time.monotonic() + timeout
    while True:
        attributes = engine.client.api.inspect_container(name)
        ports = attributes["NetworkSettings"].get("Ports") or {}
        bindings = ports.get(f"{port}/tcp")
        if bindings:
            break
        if not attributes["State"]["Running"]:
            raise not_running(engine, attributes)
        if time.monotonic() > limit:
            others = join([name.removesuffix("/tcp") for name, bound in sorted(ports.items()) if bound])
            raise ContainerError(
                f"El contenedor no publica el puerto {port}.",
                why=f"Está en marcha, y de los suyos publica: {others or 'ninguno'}.",
                next_step=f'Arranca otro con ports={{"{port}/tcp": None}}.',
            )
        time.sleep(0.05)
    opened = int(bindings[0]["HostPort"])
    _check_forward(engine, opened, limit)
    return f"http://{_address(engine)}:{opened}"


def _address(engine: Engine) -> str:
    url = urlsplit(engine.choice.host)
    return url.hostname or "127.0.0.1" if url.scheme in ("tcp", "http", "https", "ssh") else "127.0.0.1"


def _check_forward(engine: Engine, port: int, limit: float) -> None:
    """En un motor del kit, el puerto lo abre su supervisor; aquí se espera a que lo diga."""
    if engine.choice.kind not in OWN_KINDS:
        return
    table_path = folder_of(engine.choice.host) / PORTS
    while time.monotonic() < limit:
        table = json.loads(table_path.read_text(encoding="utf-8")) if table_path.exists() else {}
        if f"{port}/tcp" in table:
            if table[f"{port}/tcp"]:
                raise ContainerError(
                    f"El puerto {port} no se puede usar en esta máquina.",
                    why=table[f"{port}/tcp"],
                    next_step='Elige otro, o deja que elija el motor con ports={"3000/tcp": None}.',
                )
            return
        time.sleep(0.05)
