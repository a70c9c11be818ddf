#!/usr/bin/env python3
"""Pone en marcha el taller Multietapa, o sus pruebas, desde un clon recién hecho.

    python3 iniciar.py              prepara todo y abre JupyterLab en el cuaderno 00
    python3 iniciar.py pruebas      prepara todo y pasa todas las pruebas

Solo usa la biblioteca estándar: crea ``.venv``, instala los requisitos y cede el paso al paquete
``multietapa``, que busca o arranca el motor. Nunca pide permisos de administrador.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
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
INTERRUPTED = "\nInterrumpido. No se ha perdido nada: repite la orden cuando quieras."
#: Como ``-m multietapa``, pero Ctrl-C mientras se cargan los módulos acaba en silencio: nada que recoger.
BOOT = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); "
    "from multietapa.__main__ import main; raise SystemExit(main())"
)


def main() -> int:
    """Prepara el entorno y ejecuta la orden pedida; devuelve su código de salida."""
    arguments, rest = parser().parse_known_args()
    if rest and arguments.orden != "pruebas":
        parser().error(f"no conozco «{' '.join(rest)}».")
    started = time.monotonic()
    try:
        check_machine()
        python = prepare_environment(
            "requirements-dev.txt" if arguments.orden == "pruebas" else "requirements.txt"
        )
    except Stop as stop:
        print(f"\n✗ {stop}", file=sys.stderr)
        return 1
    say(f"Entorno de Python listo ({seconds(started)}).")
    command = [str(python), "-c", BOOT, arguments.orden]
    if arguments.orden == "taller":
        command += ["--puerto", str(arguments.puerto)] if arguments.puerto else []
        command += ["--sin-navegador"] if arguments.sin_navegador else []
    command += ["--motor", arguments.motor] if arguments.motor else []
    command += ["--imagenes", arguments.imagenes] if arguments.imagenes else []
    return run_and_wait(command + rest)


def parser() -> argparse.ArgumentParser:
    """Las opciones de la orden, con su ayuda y sus errores en español."""
    spec = importlib.util.spec_from_file_location("arguments", ROOT / "multietapa/arguments.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result: argparse.ArgumentParser = module.Parser(
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
        "--sin-navegador", action="store_true", help="no abre el navegador; solo escribe la dirección"
    )
    result.add_argument("--puerto", metavar="N", type=int, help="puerto de JupyterLab (8888 si está libre)")
    result.add_argument("--motor", metavar="NOMBRE", help="fuerza un motor: existente, privado o grabacion")
    result.add_argument("--imagenes", metavar="CARPETA", help="carpeta con imágenes base guardadas (*.tar)")
    result.add_argument("-h", "--ayuda", action="help", help="muestra esta ayuda")
    return result


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
    """Crea ``.venv`` e instala ``requirements`` si cambió algo; devuelve su Python."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = VENV / f"multietapa-{requirements}.hecho"
    key = environment_key(requirements)
    if python.exists() and stamp.exists() and stamp.read_text() == key:
        return python
    if not python.exists() or not is_healthy(python):
        say("Creando el entorno de Python en .venv ...")
        shutil.rmtree(VENV, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(VENV)], "No se pudo crear .venv.")
    say(f"Instalando {requirements} (la primera vez tarda un par de minutos) ...")
    install(python, requirements)
    for name in {requirements, "requirements.txt"}:  # el de desarrollo incluye al del taller
        (VENV / f"multietapa-{name}.hecho").write_text(environment_key(name))
    return python


def environment_key(requirements: str) -> str:
    """Cambia cuando cambian los requisitos, el Python o el lugar del clon."""
    texts = b"".join((ROOT / name).read_bytes() for name in ("requirements.txt", requirements))
    return hashlib.sha256(texts + sys.version.encode() + str(VENV).encode()).hexdigest()


def is_healthy(python: Path) -> bool:
    """El Python del entorno arranca y tiene pip (un entorno a medias no vale)."""
    check = subprocess.run([str(python), "-m", "pip", "--version"], capture_output=True)
    return check.returncode == 0


def install(python: Path, requirements: str) -> None:
    """Instala con pip, contando los paquetes a medida que llegan."""
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["-r", str(ROOT / requirements)]
    lines: list[str] = []
    count = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
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
        detail = "".join(f"    {line}" for line in lines[-8:])
        raise Stop(
            "pip no pudo instalar los requisitos. Lo último que dijo:\n"
            f"{detail}\nComprueba la conexión (y el proxy de tu red) y repite la orden."
        )


def run(command: list[str], failure: str) -> None:
    """Ejecuta una orden corta. Lanza :class:`Stop` con lo que escribió si falla."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Stop(f"{failure}\n{(done.stderr or done.stdout).strip()}")


def run_and_wait(command: list[str]) -> int:
    """Cede el paso: el hijo recibe Ctrl-C y se apaga en orden; aquí solo se espera."""
    pressed: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    process = subprocess.Popen(command, cwd=ROOT)
    if pressed:  # llegó antes que el hijo: se le pasa
        process.send_signal(signal.SIGINT)
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    if code == -signal.SIGINT:
        print(INTERRUPTED, file=sys.stderr)
    return 128 - code if code < 0 else code


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
