"""Las dos órdenes del README: que arrancan, que explican lo que falta y que no dejan nada."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from multietapa.cells.motor import Motor
from multietapa.cli.workshop import choose_port
from multietapa.engine.discovery import KIND_VARIABLE
from multietapa.engine.private import daemon as private
from multietapa.errors import EngineError
from multietapa.paths import PROJECT_ROOT
from tests.conftest import processes_mentioning, unavailable


@pytest.fixture
def iniciar() -> types.ModuleType:
    """``iniciar.py`` como módulo."""
    spec = importlib.util.spec_from_file_location("iniciar", PROJECT_ROOT / "iniciar.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_the_standard_library() -> None:
    """``iniciar.py`` corre en un Python sin nada instalado (modo aislado, sin site-packages)."""
    command = [sys.executable, "-I", "-S", str(PROJECT_ROOT / "iniciar.py"), "--ayuda"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "--sin-navegador" in done.stdout
    assert "--puerto" in done.stdout


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
    assert "python3-venv" in message
    assert "512 MB de memoria" in message
    assert "Libera espacio" in message


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


@pytest.mark.parametrize("changed", ["pyproject.toml", "requirements.txt", "requirements-dev.txt"])
def test_a_changed_list_is_installed_again(
    iniciar: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: str
) -> None:
    """Si cambia lo que se instala, o cómo, la marca de «hecho» deja de valer; si no cambia nada, vale."""
    for name in ("pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(PROJECT_ROOT / name, tmp_path)
    monkeypatch.setattr(iniciar, "ROOT", tmp_path)
    before = iniciar.environment_key("requirements-dev.txt")
    assert iniciar.environment_key("requirements-dev.txt") == before
    with (tmp_path / changed).open("a") as opened:
        opened.write("# otra línea\n")
    assert iniciar.environment_key("requirements-dev.txt") != before


def test_an_environment_without_the_package_does_not_work(iniciar: types.ModuleType, tmp_path: Path) -> None:
    """Un Python que no encuentra el paquete no vale, aunque la marca diga que está hecho."""
    assert iniciar.works(Path(sys.executable))
    bare = tmp_path / "entorno"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    assert not iniciar.works(bare / "bin/python")


def test_taken_port_is_a_clear_error() -> None:
    """Un puerto pedido y ocupado se explica; sin pedirlo se elige otro."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(EngineError, match="ya está ocupado"):
            choose_port(busy.getsockname()[1])


def launch(folder: Path, *options: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """La orden del README, en su propio grupo de procesos, con todo lo que escribe por ``stdout``."""
    return subprocess.Popen(
        [sys.executable, "iniciar.py", "--sin-navegador", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(env or {})},
        start_new_session=True,
    )


def read_until(process: subprocess.Popen[str], pattern: str) -> tuple[str, str]:
    """Lee hasta una línea que encaje: lo que encajó (``""`` si no llega) y todo lo leído."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found[0], "".join(lines)
    return "", "".join(lines)


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """Como Ctrl-C en una terminal: la señal llega a todo el grupo."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)


@contextmanager
def workshop(
    folder: Path, motor_real: Motor, *, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """El taller abierto de verdad, con la orden del README; da el proceso y su dirección."""
    process = launch(folder, env={"DOCKER_HOST": motor_real.choice.host, **(env or {})})
    try:
        url, written = read_until(process, r"http://127\.0\.0\.1:\d+/lab\S*")
        assert url, written
        yield process, url
    finally:
        press_ctrl_c(process)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def test_readme_command_opens_jupyterlab_and_ctrl_c_closes_it(motor_real: Motor) -> None:
    """``python3 iniciar.py --sin-navegador`` sirve JupyterLab; Ctrl-C lo cierra con código 0.

    También si hay un proxy (aquí, uno que no contesta) y nadie dijo que lo de esta máquina va aparte.
    """
    proxy = dict.fromkeys(("HTTP_PROXY", "http_proxy"), "http://127.0.0.1:9")
    proxy |= dict.fromkeys(("NO_PROXY", "no_proxy"), "")
    with workshop(PROJECT_ROOT, motor_real, env=proxy) as (process, url):
        status = url.replace("/lab/tree/00_bienvenida.ipynb", "/api/status")
        assert urllib.request.urlopen(status, timeout=10).status == 200
    assert process.returncode == 0
    port = int(url.split(":")[2].split("/")[0])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    pytest.fail("JupyterLab sigue en marcha después de Ctrl-C")


def test_a_clone_with_spaces_and_accents_works(motor_real: Motor, fresh_clone: Path) -> None:
    """Un clon en «Taller de Ñandú» se prepara y abre; la segunda, en menos de 15 s o antes que la primera.

    Se abren las copias de quien aprende, y lo que escriba en una sigue ahí la segunda vez. Su entorno
    encuentra el paquete del clon desde cualquier carpeta, sin variable alguna.
    """
    started = time.monotonic()
    with workshop(fresh_clone, motor_real) as (process, _):
        first = time.monotonic() - started
    assert process.returncode == 0
    python = str(fresh_clone / ".venv/bin/python")
    ask = [python, "-I", "-c", "import multietapa; print(multietapa.__file__)"]
    found = subprocess.run(ask, cwd="/", capture_output=True, text=True, check=True).stdout.strip()
    assert Path(found) == fresh_clone / "multietapa/__init__.py"
    mine = fresh_clone / "mis-cuadernos/00_bienvenida.ipynb"
    mine.write_text(mine.read_text(encoding="utf-8").replace('"source": ', '"source": "mío", "was": ', 1))
    started = time.monotonic()
    with workshop(fresh_clone, motor_real) as (_, url):
        second = time.monotonic() - started
        print(f"la primera, {first:.1f} s; la segunda, {second:.1f}")
        assert second < max(15, first)
        contents = url.replace("/lab/tree/00_bienvenida.ipynb", "/api/contents/00_bienvenida.ipynb")
        with urllib.request.urlopen(contents, timeout=10) as answer:
            assert json.load(answer)["content"]["cells"][0]["source"] == "mío"
    assert "mío" not in (fresh_clone / "notebooks/00_bienvenida.ipynb").read_text(encoding="utf-8")


@pytest.mark.motor
@pytest.mark.parametrize(
    "moment",
    [
        "Entorno de Python listo",
        "Buscando un motor",
        "conectando su red",
        "Preparando las imágenes",
        "Abriendo",
    ],
)
def test_ctrl_c_at_any_moment_leaves_nothing(moment: str, tmp_path: Path) -> None:
    """Ctrl-C en cualquier fase termina enseguida, sin rastro de Python, y no deja procesos ni motor."""
    if reason := private.missing_reason():
        unavailable(f"no se puede arrancar un motor privado: {reason}")
    run = tmp_path / "run"
    env = {"MULTIETAPA_RUN": str(run), "MULTIETAPA_MOTOR": "privado", KIND_VARIABLE: "", "DOCKER_HOST": ""}
    process = launch(PROJECT_ROOT, env=env)
    found, written = read_until(process, moment)
    assert found, written
    press_ctrl_c(process)
    assert process.stdout is not None
    rest = process.stdout.read()
    assert process.wait(40) in (0, 130), rest
    assert "Traceback" not in rest
    assert processes_mentioning(str(run)) == []
    assert not list(run.glob("*/docker.sock"))


@pytest.mark.lenta
def test_without_an_engine_it_opens_and_says_so(tmp_path: Path) -> None:
    """Sin motor posible el taller se abre igual, dice por qué no lo hay y que se verán grabaciones."""
    env = {"MULTIETAPA_MOTOR": "grabacion", "DOCKER_HOST": f"unix://{tmp_path}/nadie.sock", KIND_VARIABLE: ""}
    process = launch(PROJECT_ROOT, env=env)
    try:
        url, written = read_until(process, r"http://127\.0\.0\.1:\d+/lab\S*")
        assert url
        assert "no hay motor posible; se verán grabaciones" in written
        assert "existente no: se pidió «grabacion»" in written
    finally:
        press_ctrl_c(process)
        assert process.wait(60) == 0


@pytest.mark.motor
def test_two_workshops_at_once_do_not_collide(tmp_path: Path) -> None:
    """Dos talleres a la vez tienen cada uno su puerto y su motor, y cerrar uno no toca al otro."""
    if reason := private.missing_reason():
        unavailable(f"no se puede arrancar un motor privado: {reason}")
    env = {
        "MULTIETAPA_MOTOR": "privado",
        KIND_VARIABLE: "",
        "DOCKER_HOST": "",
        "MULTIETAPA_RUN": f"{tmp_path}/r",
    }
    both = [launch(PROJECT_ROOT, env=env) for _ in range(2)]
    try:
        urls = [read_until(process, r"http://127\.0\.0\.1:\d+/lab\S*") for process in both]
        ports = [re.search(r":(\d+)/", url).group(1) for url, written in urls if url or pytest.fail(written)]  # type: ignore[union-attr]
        engines = sorted(path.parent.name for path in (tmp_path / "r").glob("*/docker.sock"))
        assert len(set(ports)) == 2
        assert len(engines) == 2
        press_ctrl_c(both[0])
        assert both[0].wait(40) == 0
        status = urls[1][0].replace("/lab/tree/00_bienvenida.ipynb", "/api/status")
        assert urllib.request.urlopen(status, timeout=10).status == 200
        assert len(list((tmp_path / "r").glob("*/docker.sock"))) == 1
    finally:
        for process in both:
            press_ctrl_c(process)
            process.wait(40)
    assert processes_mentioning(f"{tmp_path}/r") == []


def test_a_port_just_released_is_free() -> None:
    """Un puerto que acaba de soltar otro taller (en TIME-WAIT) se puede pedir ya."""
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            accepted.close()  # cierra primero este lado: es el que se queda en TIME-WAIT
    assert choose_port(port) == port


@pytest.mark.parametrize("how", ["se cierra la terminal", "muere el taller", "muere iniciar.py"])
def test_jupyterlab_goes_with_the_workshop(motor_real: Motor, how: str) -> None:
    """Si se cierra la terminal, o el taller muere de golpe, JupyterLab no se queda en marcha."""
    with workshop(PROJECT_ROOT, motor_real) as (process, url):
        port = int(url.split(":")[2].split("/")[0])
        if how == "se cierra la terminal":
            os.killpg(process.pid, signal.SIGHUP)
        elif how == "muere iniciar.py":
            process.kill()
        else:
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
        process.wait(30)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and processes_mentioning(f"--ServerApp.port={port}"):
            time.sleep(0.1)
        assert processes_mentioning(f"--ServerApp.port={port}") == []


@pytest.mark.parametrize("content", ["no es un programa", "#!/no/existe\n"])
@pytest.mark.parametrize("mode", [0o644, 0o755])
def test_what_does_not_start_is_not_healthy(
    iniciar: types.ModuleType, tmp_path: Path, content: str, mode: int
) -> None:
    """Un Python que no es un programa, o que no se puede ejecutar, no está sano."""
    python = tmp_path / "python"
    python.write_text(content)
    python.chmod(mode)
    assert not iniciar.is_healthy(python)


@pytest.mark.lenta
def test_a_broken_environment_is_made_again(
    iniciar: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Un Python del entorno que no arranca se rehace, aunque la marca diga que estaba hecho."""
    venv = tmp_path / ".venv"
    python = venv / "bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("no es un programa")
    monkeypatch.setattr(iniciar, "VENV", venv)
    monkeypatch.setattr(iniciar, "install", lambda *_: None)
    (venv / "multietapa-requirements.txt.hecho").write_text(iniciar.environment_key("requirements.txt"))
    assert iniciar.prepare_environment("requirements.txt") == python
    assert iniciar.is_healthy(python)


@pytest.mark.parametrize("case", ["un archivo", "sin permiso"])
def test_an_environment_that_cannot_be_created_is_explained(
    iniciar: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    """Si ``.venv`` es un archivo, o no se puede crear, el error lo dice en español con qué hacer."""
    (tmp_path / "archivo").write_text("")
    venv = tmp_path / ("archivo" if case == "un archivo" else "archivo/.venv")
    monkeypatch.setattr(iniciar, "VENV", venv)
    with pytest.raises(iniciar.Stop, match="Qué hacer: ") as raised:
        iniciar.prepare_environment("requirements.txt")
    assert ("no es una carpeta" if case == "un archivo" else "No se pudo crear .venv.") in str(raised.value)


def test_a_missing_package_is_explained(iniciar: types.ModuleType) -> None:
    """Si alguien borró un paquete del entorno, se dice cuál y qué hacer, sin rastro de Python."""
    command = [sys.executable, "-c", f"import sys; sys.modules['docker'] = None\n{iniciar.BOOT}", "motor"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "✗ Al entorno de Python le falta «docker»." in done.stderr
    assert "Qué hacer: borra la carpeta .venv y repite la orden." in done.stderr


def test_an_interruption_sent_only_to_iniciar_closes_the_workshop(motor_real: Motor) -> None:
    """``kill -INT`` a ``iniciar.py``, sin su grupo, también cierra el taller en orden."""
    with workshop(PROJECT_ROOT, motor_real) as (process, _):
        os.kill(process.pid, signal.SIGINT)
        assert process.stdout is not None
        written = process.stdout.read()
        assert process.wait(60) == 0
    assert "Cerrando el taller" in written
    assert "Traceback" not in written
