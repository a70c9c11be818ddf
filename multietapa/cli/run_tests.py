"""``pruebas``: el mismo entorno que el taller y, encima, todas las pruebas.

``--rapidas`` pasa las que no piden motor ni navegador; ``--motores``, las de los motores de otras versiones
de Debian.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import uuid

from multietapa.bases.catalogue import workshop_bases
from multietapa.cells.limpiar import limpiar
from multietapa.cli.preparation import prepare
from multietapa.console import complain, phase, say
from multietapa.errors import MultietapaError
from multietapa.identity import SESSION_VARIABLE
from multietapa.paths import PROJECT_ROOT

EVERYTHING = ("tests", "notebooks", "--nbval-lax", "--nbval-sanitize-with=tests/cuadernos.cfg")
#: Las marcas de lo que pide un motor o un Chromium las pone ``tests/conftest.py``. Los cuadernos piden un
#: motor, así que nbval, que tarda segundos en cargarse, no hace falta.
FAST = ("-p", "no:nbval", "-m", "not motor and not navegador and not lenta")
#: A la vez en dos procesos, con los grupos y el orden de ``tests/sharing_out.py``.
SHARED_OUT = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
#: Las rápidas no comparten nada caro: quien acaba le quita la mitad de lo que le queda al otro.
QUICKLY = ("-n", "2", "--dist", "worksteal")
#: Las pruebas al azar tiran pocas veces los dados: «pruebas» los tira cientos.
CASES, FEW_CASES = "MULTIETAPA_CASOS", "50"
#: Mira las ramas mientras corren.
MEASURED = ("-p", "tools.branch_watch")
#: Van aparte (pyproject.toml las deja fuera si no se nombran): descargan y ponen en marcha otros motores.
OTHER_ENGINES = "tests/engines"
AGAIN_SECONDS = 2.0
INTERRUPTED = 2
ENDINGS = {0: "Todo pasa.", 2: "Pruebas interrumpidas.", 5: "No se ejecutó ninguna prueba."}
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def run(arguments: list[str]) -> int:
    """Prepara, ejecuta pytest (con nbval) y recoge. Devuelve el código de pytest."""
    try:
        _ensure_browser()
        # Todas: las pruebas las usan, y hacer una no debe contar en el plazo de la que la pide primero.
        engine, environment = prepare(workshop_bases())
    except MultietapaError as problem:
        complain(problem)
        return 1
    except KeyboardInterrupt:
        say("\nPruebas interrumpidas.")
        return 130
    shared_out = SHARED_OUT if engine.choice.kind == "privado" else ()  # cada proceso, con un motor privado
    code = _python(["-m", "pytest", *(arguments or (*EVERYTHING, *shared_out))], environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # un segundo Ctrl-C no deja la recogida a medias
    if engine.available:
        say(str(limpiar(sesion=environment[SESSION_VARIABLE])))
    return _end(code)


def run_fast(arguments: list[str]) -> int:
    """Las pruebas que no piden motor ni navegador, y las ramas que recorren de las salas puras.

    Con ``arguments``, lo que se pida a pytest de ellas, y entonces las ramas no se miran. Devuelve el código.
    """
    environment = {CASES: FEW_CASES, **os.environ, SESSION_VARIABLE: uuid.uuid4().hex[:12]}
    measured = not arguments and sys.platform == "linux"  # fuera se saltan pruebas: habría menos ramas
    options = arguments or [*QUICKLY, *(MEASURED if measured else ())]
    code = _python(["-m", "pytest", *FAST, *options], environment)
    if code == 0 and measured and _python(["-m", "tools.branches"], environment):
        say("Faltan ramas por recorrer: añade pruebas de lo que has escrito.")
        return 1
    return _end(code)


def run_other_engines(arguments: list[str]) -> int:
    """Las pruebas con otros motores: cada uno se descarga, y lo pone en marcha la primera que lo pide.

    ``arguments`` es lo que se añade a pytest (``-k podman``). Devuelve el código.
    """
    environment = {**os.environ, SESSION_VARIABLE: uuid.uuid4().hex[:12]}
    return _end(_python(["-m", "pytest", OTHER_ENGINES, *arguments], environment))


def _python(words: list[str], environment: dict[str, str]) -> int:
    """Ejecuta Python en la raíz del proyecto hasta que termine; devuelve su código."""
    return _wait(subprocess.Popen([sys.executable, *words], cwd=PROJECT_ROOT, env=environment))


def _end(code: int) -> int:
    say(ENDINGS.get(code, "Hay pruebas que no pasan: mira el resumen de pytest, aquí arriba."))
    return code


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Espera a pytest. Ctrl-C también le llega a él; si una prueba se lo traga, SIGTERM no (``conftest``)."""
    pressed = False

    def stop(*_: object) -> None:
        nonlocal pressed
        pressed = True
        process.terminate()

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    while True:
        try:
            code = process.wait(AGAIN_SECONDS if pressed else None)
            return INTERRUPTED if pressed else code
        except KeyboardInterrupt:
            pressed = True
        except subprocess.TimeoutExpired:
            process.terminate()


def _ensure_browser() -> None:
    """Instala Chromium con apt si este proceso es root y no hay ninguno."""
    if any(map(shutil.which, CHROMIUM_NAMES)) or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    if not shutil.which("apt-get"):
        return
    with phase("Instalando Chromium para las pruebas de navegador"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]):
            done = subprocess.run(command, env=quiet, capture_output=True, text=True)
            if done.returncode:
                say(f"  no se pudo: {done.stderr.strip()[-300:]}")
                return
