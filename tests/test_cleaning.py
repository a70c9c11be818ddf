"""``limpiar`` desde otra terminal: habla con el taller que esté abierto, y no pone en marcha ningún motor."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from multietapa.engine import slots
from multietapa.engine.host import run_folder
from multietapa.identity import SESSION_VARIABLE, labels
from multietapa.paths import PROJECT_ROOT
from tests.conftest import SecondEngine, load_base_image


@pytest.fixture
def outside(tmp_path: Path) -> dict[str, str]:
    """El entorno de una terminal cualquiera, en una máquina sin Docker; los huecos están vacíos."""
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    own = {"MULTIETAPA_RUN": str(run), "MULTIETAPA_CACHE": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    hidden = ("DOCKER_HOST", "MULTIETAPA_MOTOR", "MULTIETAPA_MOTOR_EN_MARCHA", "DOCKER_CONTEXT")
    return {**{k: v for k, v in os.environ.items() if k not in hidden}, **own}


def limpiar(env: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """La orden, desde otra terminal."""
    command = [sys.executable, "-m", "multietapa", "limpiar", *options]
    return subprocess.run(command, cwd=PROJECT_ROOT, env=env, capture_output=True, text=True)


@contextmanager
def workshops(env: dict[str, str], *hosts: str) -> Iterator[None]:
    """Talleres abiertos cuyos motores contestan ahí: uno en cada hueco, reservado."""
    with ExitStack() as stack:
        for number, host in enumerate(hosts):
            folder = Path(env["MULTIETAPA_RUN"]) / f"motor-{number}"
            folder.mkdir(mode=0o700)
            lock = stack.enter_context((folder / "candado").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / run_folder.STATE).write_text(json.dumps({"host": host, "kind": "privado"}))
        yield


def test_no_engine_is_started_to_clean(outside: dict[str, str]) -> None:
    """Sin nada en marcha lo dice, acaba bien y no arranca ni descarga nada."""
    done = limpiar(outside, "--motor", "privado")
    assert done.returncode == 0
    assert done.stdout.startswith("No hay ningún motor en marcha")
    assert list(Path(outside["MULTIETAPA_RUN"]).iterdir()) == []


def test_one_that_died_does_not_count(outside: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """El estado que dejó un motor que murió de golpe no es un motor en marcha."""
    monkeypatch.setenv("MULTIETAPA_RUN", outside["MULTIETAPA_RUN"])
    with workshops(outside, "unix:///a.sock", "unix:///b.sock"):
        assert slots.running() == [(0, "privado", "unix:///a.sock"), (1, "privado", "unix:///b.sock")]
    assert slots.running() == []


def test_it_cleans_the_workshop_that_is_open(
    outside: dict[str, str], second_engine_factory: SecondEngine
) -> None:
    """Se borra lo del taller abierto; con dos, se pregunta en cuál, y se elige con --hueco."""
    with second_engine_factory() as (client, daemon):
        base = load_base_image(client)

        def make() -> None:
            marks = labels({SESSION_VARIABLE: "otra-terminal"})
            client.containers.create(base, ["true"], labels=marks)

        def left() -> int:
            return len(client.api.containers(all=True))

        make()
        with workshops(outside, daemon.host, daemon.host):
            asked = limpiar(outside)
            assert asked.returncode == 1
            assert "Hay 2 motores en marcha." in asked.stderr
            assert "--hueco 1: privado" in asked.stderr
            missing = limpiar(outside, "--hueco", "7")
            assert missing.returncode == 1
            assert "Los hay en: 0 y 1." in missing.stderr
            assert limpiar(outside, "--motor", "embebido").stdout.startswith("No hay ningún motor")
            assert left() == 1
            done = limpiar(outside, "--hueco", "1")
        assert (done.returncode, done.stderr, left()) == (0, "", 0)
        assert "Borrado: 1 contenedor y 1 imagen." in done.stdout
        base = load_base_image(client)
        make()
        inside = limpiar({**outside, "DOCKER_HOST": daemon.host})  # una terminal del taller
        assert "Borrado: 1 contenedor y 1 imagen." in inside.stdout
        assert left() == 0
