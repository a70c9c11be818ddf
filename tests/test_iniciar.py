"""Las dos órdenes del README: que arrancan, que explican lo que falta y que no dejan nada."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from multietapa.errors import EngineError
from multietapa.motor.session import Motor
from multietapa.paths import PROJECT_ROOT
from multietapa.workshop import choose_port


@pytest.fixture
def iniciar() -> types.ModuleType:
    """``iniciar.py`` como módulo."""
    spec = importlib.util.spec_from_file_location("iniciar", PROJECT_ROOT / "iniciar.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_the_standard_library(iniciar: types.ModuleType) -> None:
    """``iniciar.py`` corre en un Python sin nada instalado (modo aislado, sin site-packages)."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(PROJECT_ROOT / "iniciar.py"), "--ayuda"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "--sin-navegador" in done.stdout and "--puerto" in done.stdout


def test_everything_missing_is_listed_at_once(
    iniciar: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Con poca memoria, sin disco y sin venv, el error lista las tres cosas y qué hacer."""
    monkeypatch.setattr(iniciar, "total_memory_mb", lambda: 512)
    monkeypatch.setattr(iniciar, "VENV", tmp_path / "no-existe")
    monkeypatch.setattr(iniciar, "MINIMUM_FREE_MB", 10**9)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(iniciar.Stop) as raised:
        iniciar.check_machine()
    message = str(raised.value)
    assert "python3-venv" in message and "512 MB de memoria" in message and "Libera espacio" in message


def test_failed_installation_shows_what_pip_said(
    iniciar: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Si pip falla, se ve lo último que dijo y no queda la marca de «hecho»."""
    (tmp_path / "requirements.txt").write_text("esto-no-existe-multietapa==99\n")
    monkeypatch.setattr(iniciar, "ROOT", tmp_path)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(iniciar.Stop, match="esto-no-existe-multietapa"):
        iniciar.install(Path(sys.executable), "requirements.txt")


def test_taken_port_is_a_clear_error() -> None:
    """Un puerto pedido y ocupado se explica; sin pedirlo se elige otro."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(EngineError, match="ya está ocupado"):
            choose_port(busy.getsockname()[1])


@contextmanager
def workshop(folder: Path, motor_real: Motor) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """El taller abierto de verdad, con la orden del README; da el proceso y su dirección."""
    process = subprocess.Popen(
        [sys.executable, "iniciar.py", "--sin-navegador"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "DOCKER_HOST": motor_real.choice.host},
        start_new_session=True,
    )
    assert process.stdout is not None
    lines, url = [], ""
    for line in process.stdout:
        lines.append(line)
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\S*", line)
        if found:
            url = found[0]
            break
    try:
        assert url, "".join(lines)
        yield process, url
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # como Ctrl-C: a todo el grupo
        process.wait(60)
        process.stdout.close()


def test_readme_command_opens_jupyterlab_and_ctrl_c_closes_it(motor_real: Motor) -> None:
    """``python3 iniciar.py --sin-navegador`` sirve JupyterLab; Ctrl-C lo cierra con código 0."""
    with workshop(PROJECT_ROOT, motor_real) as (process, url):
        with urllib.request.urlopen(url.replace("/lab/tree/00_bienvenida.ipynb", "/api/status"), timeout=10) as answer:
            assert answer.status == 200
    assert process.returncode == 0
    port = int(url.split(":")[2].split("/")[0])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    pytest.fail("JupyterLab sigue en marcha después de Ctrl-C")
