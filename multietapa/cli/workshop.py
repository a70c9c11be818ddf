"""``taller``: JupyterLab en español sobre un motor en marcha, y apagado en orden."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from functools import partial
from pathlib import Path

from multietapa.cells.limpiar import limpiar
from multietapa.cli import copies, kernels, terminal
from multietapa.cli.preparation import prepare
from multietapa.console import complain, phase, say
from multietapa.containers.http import ask
from multietapa.engine.host.lifetime import die_with_parent, signals_held
from multietapa.errors import EngineError, MultietapaError
from multietapa.identity import SESSION_VARIABLE
from multietapa.paths import PROJECT_ROOT, cache_dir

DEFAULT_PORT = 8888
FIRST_NOTEBOOK = "00_bienvenida.ipynb"


def run(*, port: int | None, open_browser: bool) -> int:
    """Prepara todo, sirve JupyterLab hasta Ctrl-C y lo recoge. Devuelve el código de salida."""
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(signal, "SIGHUP"):  # se cerró la terminal
        signal.signal(signal.SIGHUP, _interrupt)
    engine = server = None
    environment: dict[str, str] = {}
    try:
        choose_port(port)  # si el pedido está ocupado, mejor saberlo antes de preparar nada
        notebooks = copies.prepare()
        kernels.prepare()
        engine, environment = prepare()
        with phase("Abriendo JupyterLab"):
            server, url = _serve(port, environment, notebooks.folder)
        say(f"\nEl taller está abierto en:\n\n    {url}\n")
        say("\n".join([f"Tu trabajo se guarda en {notebooks.folder}", *notebooks.notices]))
        say("Para terminar, pulsa Ctrl-C aquí.")
        if open_browser:
            webbrowser.open(url)
        code = server.wait()
        say(f"JupyterLab se cerró (código {code}). Su registro: {_log_path()}" if code else "Taller cerrado.")
        return code
    except KeyboardInterrupt:
        say("\nCerrando el taller ...")
        return 0
    except MultietapaError as problem:
        complain(problem)
        return 1
    finally:
        # Un segundo Ctrl-C no deja la recogida a medias: dura unos segundos como mucho.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _stop_server(server)
        if server is not None and server.returncode == 0:
            _log_path().unlink(missing_ok=True)
        if engine is not None and engine.available:
            _tidy(environment)


def choose_port(wanted: int | None) -> int:
    """El puerto pedido, o 8888, o uno libre. Lanza :class:`EngineError` si el pedido está ocupado."""
    if wanted and not _free(wanted):
        raise EngineError(
            f"El puerto {wanted} ya está ocupado.",
            why="otro programa (quizá otro JupyterLab) lo está usando.",
            next_step="Cierra ese programa, o elige otro número con --puerto.",
        )
    if wanted:
        return wanted
    for candidate in range(DEFAULT_PORT, DEFAULT_PORT + 20):
        if _free(candidate):
            return candidate
    raise EngineError(
        "No hay ningún puerto libre para JupyterLab.",
        next_step="Elige uno con --puerto, por ejemplo --puerto 9999.",
    )


def _free(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # en Windows esto dejaría compartir un puerto en uso
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _serve(
    port: int | None, environment: dict[str, str], folder: Path
) -> tuple[subprocess.Popen[bytes], str]:
    """Abre JupyterLab; si otro taller se queda el puerto mientras arranca, prueba con el siguiente."""
    while True:
        chosen = choose_port(port)
        token = secrets.token_urlsafe(24)
        with signals_held() as release:
            server = _start_server(chosen, token, environment, folder)
            try:
                release()
                _wait_for(server, f"http://127.0.0.1:{chosen}/api/status?token={token}")
            except BaseException as problem:
                taken = server.poll() is not None and not _free(chosen)
                _stop_server(server)
                if port or not taken or not isinstance(problem, EngineError):
                    raise
            else:
                return server, f"http://127.0.0.1:{chosen}/lab/tree/{FIRST_NOTEBOOK}?token={token}"


def _start_server(
    port: int, token: str, environment: dict[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={folder}", "--ServerApp.log_level=WARN"]
    command += terminal.options(cache_dir() / "terminal", environment)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    paths = [str(PROJECT_ROOT / "jupyter"), environment.get("JUPYTER_CONFIG_PATH", "")]
    # Si el taller muere de golpe, JupyterLab recibe SIGTERM y cierra sus kernels.
    follow = partial(die_with_parent, signal.SIGTERM) if sys.platform == "linux" else None
    with _log_path().open("wb") as log:
        return subprocess.Popen(
            command,
            start_new_session=True,
            preexec_fn=follow,
            stdout=log,
            stderr=log,
            env={
                **terminal.environment(environment),
                "JUPYTER_TOKEN": token,
                "JUPYTER_CONFIG_PATH": os.pathsep.join(filter(None, paths)),
            },
        )


def _log_path() -> Path:
    """Dónde escribe JupyterLab: sus avisos, en inglés, no deben tapar lo que dice el taller."""
    folder = cache_dir() / "registros"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"jupyterlab-{os.getpid()}.log"


def _wait_for(server: subprocess.Popen[bytes], url: str, *, timeout: float = 60.0) -> None:
    limit = time.monotonic() + timeout
    while time.monotonic() < limit:
        if server.poll() is not None:
            lines = _log_path().read_text(encoding="utf-8", errors="replace").splitlines()
            raise EngineError(
                "JupyterLab se cerró al arrancar.",
                why="esto es lo último que escribió:",
                detail="\n".join(lines[-12:]),
                next_step=f"El registro entero está en {_log_path()}. Arregla lo que diga y repite la orden.",
            )
        try:
            status, body = ask(url, 2)
            if status == 200 and json.loads(body):
                return
        except (OSError, ValueError):
            pass
        time.sleep(0.1)
    raise EngineError(f"JupyterLab no contestó en {timeout:.0f} s.", next_step="Repite la orden.")


def _stop_server(server: subprocess.Popen[bytes] | None) -> None:
    if server is None or server.poll() is not None:
        return
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _tidy(environment: dict[str, str]) -> None:
    """Borra lo de esta sesión; el motor, si es nuestro, se apaga al salir del proceso."""
    try:
        say(str(limpiar(sesion=environment[SESSION_VARIABLE])))
    except (MultietapaError, OSError) as problem:
        complain(problem)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
