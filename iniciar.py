#!/usr/bin/env python3
"""Pone en marcha el taller Multietapa, o sus pruebas, desde un clon recién hecho.

    python3 iniciar.py              prepara todo y abre JupyterLab en el cuaderno 00
    python3 iniciar.py pruebas      lo mismo, y pasa todas las pruebas (--rapidas: las que no piden motor;
                                    --motores: con los motores de otras versiones de Debian)

Solo usa la biblioteca estándar: crea ``.venv``, instala en él los requisitos y este clon (editable: lo que
cambie aquí vale ya) y cede el paso al paquete ``multietapa``, que busca o arranca el motor. Nunca pide
permisos de administrador.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
MINIMUM_PYTHON = (3, 10)
MINIMUM_FREE_MB = 1500
MINIMUM_MEMORY_MB = 1800
VENV_ADVICE = (
    f"Qué hacer: comprueba que puedes escribir en {ROOT} y que queda disco; si ya hay una carpeta .venv, "
    "bórrala. Después repite la orden."
)
INTERRUPTED = "\nInterrumpido. No se ha perdido nada: repite la orden cuando quieras."
#: Como ``-m multietapa``, pero Ctrl-C mientras se cargan los módulos acaba en silencio (nada que recoger) y
#: un paquete que falta se explica.
BOOT = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
try:
    from multietapa.__main__ import main
    code = main()
except ImportError as problem:
    code = (
        f"\\n✗ Al entorno de Python le falta «{problem.name or problem}».\\n    {problem}\\n"
        "Qué hacer: borra la carpeta .venv y repite la orden."
    )
sys.exit(code)
"""


def main() -> int:
    """Prepara el entorno y ejecuta la orden pedida; devuelve su código de salida."""
    for stream in (sys.stdout, sys.stderr):  # en una terminal ASCII, «?» en lugar de un error
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    arguments, rest = parser().parse_known_args()
    if rest and arguments.orden != "pruebas":
        parser().error(f"no conozco «{' '.join(rest)}».")
    for name in ("rapidas", "motores"):
        if getattr(arguments, name) and arguments.orden != "pruebas":
            parser().error(f"--{name} solo vale con «pruebas».")
    if arguments.rapidas and arguments.motores:
        parser().error("--rapidas y --motores son dos pruebas distintas: elige una.")
    started = time.monotonic()
    try:
        check_machine()
        python = prepare_environment(
            "requirements-dev.txt" if arguments.orden == "pruebas" else "requirements.txt"
        )
    except Stop as stop:
        print(f"\n✗ {stop}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        raise  # no es del entorno: nadie lee lo que se escribe aquí
    except OSError as problem:
        print(f"\n✗ No se pudo preparar .venv.\n    {problem}\n{VENV_ADVICE}", file=sys.stderr)
        return 1
    say(f"Entorno de Python listo ({seconds(started)}).")
    command = [str(python), "-c", BOOT, arguments.orden]
    if arguments.orden == "taller":
        command += ["--puerto", str(arguments.puerto)] if arguments.puerto else []
        command += ["--sin-navegador"] if arguments.sin_navegador else []
    command += ["--rapidas"] if arguments.rapidas else []
    command += ["--motores"] if arguments.motores else []
    command += ["--motor", arguments.motor] if arguments.motor else []
    command += ["--imagenes", arguments.imagenes] if arguments.imagenes else []
    return run_and_wait(command + rest)


def parser() -> argparse.ArgumentParser:
    """Las opciones de la orden, con su ayuda y sus errores en español."""
    spec = importlib.util.spec_from_file_location("arguments", ROOT / "multietapa/cli/arguments.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = module.Parser(
        prog="python3 iniciar.py",
        description="Taller Multietapa: construye imágenes Docker por etapas, en vivo.",
        usage="python3 iniciar.py [pruebas] [opciones]",
    )
    result.add_argument(
        "orden",
        nargs="?",
        default="taller",
        choices=("taller", "pruebas"),
        help="taller (por defecto) abre JupyterLab; pruebas pasa todas las pruebas",
    )
    result.add_argument(
        "--motores", action="store_true", help="otras pruebas: el taller con otros Docker y con Podman"
    )
    result.add_argument(
        "--sin-navegador", action="store_true", help="no abre el navegador; solo escribe la dirección"
    )
    result.add_argument(
        "--puerto", metavar="N", type=module.port, help="puerto de JupyterLab (8888 si está libre)"
    )
    result.add_argument(
        "--rapidas",
        action="store_true",
        help="de las pruebas, solo las que no piden motor ni navegador",
    )
    result.add_argument(
        "--motor", metavar="NOMBRE", help="fuerza un motor: existente, privado, embebido o grabacion"
    )
    result.add_argument("--imagenes", metavar="CARPETA", help="carpeta con imágenes base guardadas (*.tar)")
    result.offer_help()
    made: argparse.ArgumentParser = result
    return made


class Stop(Exception):
    """No se puede seguir; el texto dice qué pasó y qué hacer."""


def check_machine() -> None:
    """Comprueba de una vez todo lo que falta. Lanza :class:`Stop` con la lista completa."""
    problems = []
    if sys.version_info < MINIMUM_PYTHON:
        version = ".".join(map(str, sys.version_info[:3]))
        problems.append(f"Python {version} es antiguo. Instala Python 3.10 o posterior.")
    try:
        import ensurepip  # noqa: F401  (en Debian y Ubuntu viene aparte)
        import venv  # noqa: F401
    except ImportError:
        problems.append(
            "A este Python le falta el módulo venv. En Debian o Ubuntu: apt install python3-venv; "
            "en otros sistemas, instala el Python de python.org."
        )
    free_mb = shutil.disk_usage(ROOT).free // 1_000_000
    if free_mb < MINIMUM_FREE_MB and not VENV.exists():
        problems.append(f"Quedan {free_mb} MB de disco y hacen falta {MINIMUM_FREE_MB}. Libera espacio.")
    memory_mb = total_memory_mb()
    if memory_mb and memory_mb < MINIMUM_MEMORY_MB:
        problems.append(
            f"Esta máquina tiene {memory_mb} MB de memoria y el taller necesita {MINIMUM_MEMORY_MB}. "
            "Usa una máquina con más memoria, o dale más a esta si es virtual."
        )
    if problems:
        raise Stop("No se puede empezar todavía:\n" + "\n".join(f"  - {p}" for p in problems))
    if not shutil.which("git"):
        say("Aviso: no encuentro Git. El taller funciona, pero no podrás actualizarlo con git pull.")


def total_memory_mb() -> int:
    """La memoria total en MB, o 0 si el sistema no la dice por esta vía."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    except (AttributeError, ValueError, OSError):
        return 0


def prepare_environment(requirements: str) -> Path:
    """Crea ``.venv`` e instala ``requirements`` y este clon si cambió algo; devuelve su Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / f"multietapa-{requirements}.hecho"
    key = environment_key(requirements)
    if VENV.exists() and not VENV.is_dir():
        raise Stop(f"{VENV} no es una carpeta.\nQué hacer: bórralo o cámbiale el nombre, y repite la orden.")
    if stamp.exists() and stamp.read_text(errors="replace") == key and works(python):
        return python
    if not is_healthy(python):
        say("Creando el entorno de Python en .venv ...")
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(VENV)], "No se pudo crear .venv.", VENV_ADVICE)
    say(f"Instalando {requirements} (la primera vez tarda un par de minutos) ...")
    install(python, requirements)
    for name in {requirements, "requirements.txt"}:  # el de desarrollo incluye al del taller
        (VENV / f"multietapa-{name}.hecho").write_text(environment_key(name))
    return python


def environment_key(requirements: str) -> str:
    """Cambia cuando cambian los requisitos, cómo se instala el paquete, el Python o el lugar del clon."""
    texts = b"".join(
        (ROOT / name).read_bytes() for name in ("pyproject.toml", "requirements.txt", requirements)
    )
    return hashlib.sha256(texts + sys.version.encode() + str(VENV).encode()).hexdigest()


def is_healthy(python: Path) -> bool:
    """El Python del entorno arranca y tiene pip (un entorno a medias no vale)."""
    return runs(python, "-m", "pip", "--version")


def works(python: Path) -> bool:
    """El Python del entorno arranca y encuentra el paquete, también lejos de esta carpeta (los kernels)."""
    return runs(python, "-I", "-c", "import multietapa")


def runs(python: Path, *arguments: str) -> bool:
    """Ese Python existe, arranca y termina bien."""
    try:
        return subprocess.run([str(python), *arguments], capture_output=True).returncode == 0
    except OSError:
        return False


def install(python: Path, requirements: str) -> None:
    """Instala con pip los requisitos y, después, este clon: sus dependencias ya están.

    Por separado: si no hay red, lo que dice pip de un paquete se entiende mejor que lo que dice de un clon.
    """
    pip(python, "-r", requirements)
    pip(python, "--no-deps", "-e", ".")


def pip(python: Path, *words: str) -> None:
    """Una instalación con pip, desde la carpeta del clon, contando los paquetes a medida que llegan."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += words
    lines: list[str] = []
    count = 0
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Collecting"):
                count += 1
                progress(f"  {count} paquetes encontrados ...")
            elif line.startswith("Installing"):
                progress("  instalando los paquetes descargados ...")
    progress("")
    if process.returncode:
        detail = "".join(f"    {line}" for line in lines[-14:])
        raise Stop(
            "pip no pudo instalar los requisitos. Lo último que dijo:\n"
            f"{detail}\nComprueba la conexión (y el proxy de tu red) y repite la orden."
        )


def run(command: list[str], failure: str, advice: str) -> None:
    """Ejecuta una orden corta. Si falla lanza :class:`Stop` con lo que escribió y qué hacer."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        detail = "".join(f"    {line}\n" for line in (done.stderr or done.stdout).strip().splitlines())
        raise Stop(f"{failure}\n{detail}{advice}")


def run_and_wait(command: list[str]) -> int:
    """Cede el paso: el hijo se apaga en orden con Ctrl-C; aquí solo se espera.

    En una terminal, Ctrl-C llega también al hijo; ``kill -INT`` a este proceso, no. Se reenvía siempre: el
    hijo no hace caso de una señal repetida.
    """
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    goes_too = die_with_parent if sys.platform == "linux" else None
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=goes_too)
    if os.name != "nt":  # en Windows no se puede reenviar, y la consola avisa a todos sus procesos
        signal.signal(signal.SIGINT, lambda number, _: process.send_signal(number))
        if pressed:  # llegó antes que el hijo: se le pasa
            process.send_signal(signal.SIGINT)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    if code == -signal.SIGINT:
        print(INTERRUPTED, file=sys.stderr)
    return 128 - code if code < 0 else code


def die_with_parent() -> None:
    """Corre en el hijo: si este proceso muere de golpe, recibe SIGTERM y recoge lo suyo."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def progress(text: str) -> None:
    """Una línea que se reescribe en una terminal; en un registro, nada."""
    if sys.stdout.isatty():
        print(f"\r{text:<60}", end="" if text else "\r", flush=True)


def say(text: str) -> None:
    """Escribe una línea y la envía ya."""
    print(text, flush=True)


def seconds(started: float) -> str:
    """Los segundos desde ``started``, con coma decimal."""
    return f"{time.monotonic() - started:.1f} s".replace(".", ",")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # quien leía la salida se fue (``| head -1``)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
