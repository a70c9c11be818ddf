"""El motor de una sesión: no se cambia por otro, se dice si se apaga y se sigue con él cuando vuelve."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.cells.comparar import comparar
from multietapa.cells.construir import construir
from multietapa.cells.limpiar import limpiar
from multietapa.cells.motor import Motor
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE
from multietapa.engine.model import Choice, describe
from multietapa.errors import MultietapaError
from multietapa.paths import PROJECT_ROOT
from tests.conftest import SecondEngine, load_base_image
from tests.relay import relay

#: Ejecuta cada línea que lee, como las celdas de un cuaderno, y contesta con una sola.
KERNEL = """
import os, sys
from multietapa import motor, comparar, ejercicio, limpiar
for line in sys.stdin:
    try:
        exec(f"answer = {line}")
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print("=", str(answer).replace("\\n", " | "), flush=True)
"""


@contextmanager
def kernel(host: str) -> Iterator[Callable[[str], str]]:
    """Un proceso como el de un cuaderno que ``iniciar.py`` abrió sobre tu motor; da cómo ejecutar celdas."""
    env = {**os.environ, "DOCKER_HOST": host, KIND_VARIABLE: "existente", VARIABLE: ""}
    process = subprocess.Popen(
        [sys.executable, "-c", KERNEL],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=PROJECT_ROOT,
    )  # fmt: skip

    def run(cell: str) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{cell}\n")
        process.stdin.flush()
        return next((line[2:].strip() for line in process.stdout if line.startswith("= ")), "(murió)")

    try:
        yield run
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


def test_your_engine_stops_and_comes_back(second_engine_factory: SecondEngine) -> None:
    """Si tu motor se apaga se dice, no se pone otro en su lugar, y al volver se sigue sin reiniciar nada."""
    with second_engine_factory() as (client, daemon), kernel(daemon.host) as run:
        base = load_base_image(client)
        assert run("motor().ejecutar('" + base + "', 'echo hola').strip()") == "hola"
        assert run("(m := motor()).choice.kind") == "existente"
        daemon.stop()
        with kernel(daemon.host) as late:
            for cell in ("m.bases()", f"m.ejecutar('{base}', 'true')", "limpiar(cliente=m.client)"):
                assert run(cell).startswith("EngineLostError: El motor de Docker dejó de contestar"), cell
            with ThreadPoolExecutor() as both:
                told = both.submit(run, "motor()")
                checked = both.submit(late, "ejercicio('02.1').comprobar('tienda:multietapa')")
            assert told.result().startswith("EngineLostError: ")
            assert "no se puede comprobar" in checked.result()
            for said in (told.result(), checked.result()):
                assert re.search(r"Tu motor de Docker se apagó\. \|\s+Por qué: En unix://", said)
                assert "no hay ningún motor escuchando ahí" in said
                assert "no hace falta reiniciar el kernel" in said
            assert run("os.environ['DOCKER_HOST']") == daemon.host
            daemon.start()
            assert late("motor().choice.kind") == "existente"
        assert run("motor().choice.host") == daemon.host
        assert run(f"m.ejecutar('{base}', 'echo hola').strip()") == "hola"
        assert run(f"list(comparar('{base}', vista=False).desempaquetado)") == f"['{base}']"


class Scissors:
    """Corta una conexión cuando han pasado ``most`` trozos desde que se arma, y ya no deja pasar ninguno."""

    def __init__(self, most: int) -> None:
        self.most, self.passed, self.armed = most, 0, False

    def __call__(self, _data: bytes) -> None:
        self.passed += self.armed
        if self.passed > self.most:
            raise OSError("cortado")


def explained(call: Callable[[], Any]) -> str:
    """El error del kit con el que acaba ``call``; ``""`` si acabó bien o algo no existía."""
    try:
        call()
    except MultietapaError as error:
        return str(error)
    except docker.errors.NotFound:
        pass
    return ""


def _build(here: Motor, base: str, folder: Path) -> Any:
    text = f"FROM {base}\nRUN echo hola\n"
    return construir(folder, etiqueta="prueba-corte:1", dockerfile=text, cliente=here.client, vista=False)


@pytest.mark.parametrize(
    "call",
    [
        lambda here, _base, _folder: here.bases(),
        lambda here, base, _folder: here.ejecutar(base, "true"),
        lambda here, _base, _folder: here.direccion("no-existe"),
        lambda here, base, _folder: comparar(base, cliente=here.client, vista=False),
        lambda here, _base, _folder: limpiar(cliente=here.client, sesion="ninguna"),
        _build,
    ],
    ids=["bases", "ejecutar", "direccion", "comparar", "limpiar", "construir"],
)
def test_a_cut_is_never_raw(
    call: Callable[[Motor, str, Path], Any], engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    """Se corte donde se corte la conexión, lo que habla con el motor lo dice en español."""
    info = describe(engine)
    for most in (0, 1, 2, 3, 5, 8, 13, 21):
        scissors = Scissors(most)
        (folder := tmp_path / str(most)).mkdir()
        with relay(folder, os.environ["DOCKER_HOST"], scissors) as middle:
            client = docker.DockerClient(middle, timeout=30)
            choice = Choice("existente", middle, "")
            scissors.armed = True
            said = explained(lambda: call(Motor(choice, info, client), base_image, folder))  # noqa: B023
            client.close()
        assert not said or re.search("dejó de contestar mientras|se cortó mientras", said)
        assert said or most > 0
