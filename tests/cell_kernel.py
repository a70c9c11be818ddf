"""Una celda de verdad: un kernel que llega al motor de las pruebas por un cable que se puede cortar."""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from multietapa.cells.motor import Motor
from multietapa.paths import PROJECT_ROOT
from tests.relay import relay


def cut() -> None:
    """Corta la conexión con el motor."""
    raise ConnectionAbortedError("cortado por la prueba")


class Wire:
    """El camino al motor: al pedir por ``count``-ésima vez una imagen entera, hace ``then``."""

    def __init__(self) -> None:
        self.count = 0
        self.then: Callable[[], object] = cut

    def at(self, count: int, then: Callable[[], object]) -> None:
        """Deja preparado lo que tiene que pasar."""
        self.count, self.then = count, then

    def look(self, data: bytes) -> None:
        """Lo que pasa por el cable."""
        if data.startswith(b"GET ") and b"/get HTTP" in data[:200]:
            self.count -= 1
            if self.count == 0:
                self.then()


@dataclass
class Cell:
    """Lo que deja una celda: el widget tal como lo vio el navegador, su salida final y su error."""

    widget: str = ""
    changes: list[dict[str, Any]] = field(default_factory=list)
    saved: str = ""
    written: str = ""
    error: str = ""

    @property
    def final(self) -> dict[str, Any]:
        """El estado del widget al acabar."""
        return {name: value for change in self.changes for name, value in change.items()}


@dataclass(frozen=True)
class Notebook:
    """Un kernel de verdad que llega al motor por un cable; ``view`` es la clase de la vista que se mira."""

    manager: Any
    client: Any
    wire: Wire
    view: str

    def run(self, code: str) -> Cell:
        """Ejecuta una celda y recoge lo que publica."""
        cell, asked, widget = Cell(), self.client.execute(code), ""
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=60)
            except queue.Empty:
                pytest.fail("el kernel no contesta")
            if message["parent_header"].get("msg_id") != asked:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "comm_open" and self.view in str(content["data"]):
                widget = cell.widget = content["comm_id"]
                cell.changes.append(content["data"]["state"])
            elif kind == "comm_msg" and content["comm_id"] == widget:
                cell.changes.append(content["data"].get("state", {}))
            elif kind in ("display_data", "update_display_data"):
                cell.saved = content["data"].get("text/plain", "")
            elif kind == "stream":
                cell.written += content["text"]
            elif kind == "error":
                cell.error = content["ename"]
            elif kind == "status" and content["execution_state"] == "idle":
                return cell

    def tell(self, widget: str, content: dict[str, Any]) -> dict[str, Any]:
        """Lo que contesta el kernel a lo que un widget le manda desde el navegador."""
        data = {"method": "custom", "content": content}
        message = self.client.session.msg("comm_msg", {"comm_id": widget, "data": data})
        self.client.shell_channel.send(message)
        while True:
            try:
                answer = self.client.get_iopub_msg(timeout=60)
            except queue.Empty:
                pytest.fail("el kernel no contesta")
            if answer["msg_type"] == "comm_msg" and answer["content"]["data"].get("method") == "custom":
                told: dict[str, Any] = answer["content"]["data"]["content"]
                return told


@contextmanager
def started(motor_real: Motor, folder: Path, view: str) -> Iterator[Notebook]:
    """Un kernel cuyo motor es el de las pruebas; el cable va por ``folder``."""
    wire = Wire()
    with relay(folder, motor_real.choice.host, wire.look) as host:
        env = {**os.environ, "DOCKER_HOST": host, "MULTIETAPA_MOTOR": "", "MULTIETAPA_MOTOR_EN_MARCHA": ""}
        manager, client = start_new_kernel(startup_timeout=60, env=env, cwd=str(PROJECT_ROOT))
        try:
            yield Notebook(manager, client, wire, view)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
