"""Las vulnerabilidades conocidas, según el escáner que haya en esta máquina: trivy, grype o docker scout.

El taller no lleva ninguno ni sus datos. Lo que uno no puede contestar (no tiene base de datos, no hay red,
tarda demasiado) es «no se puede comprobar», con lo que él dice; nunca un cero.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from multietapa.image.image import ProgressCallback
from multietapa.measure.export import saved_to
from multietapa.measure.surface.answers import Answer, Finding, read_grype, read_scout, read_trivy
from multietapa.measure.surface.face import Count, Entry
from multietapa.paths import cache_dir
from multietapa.text import duration

NONE = "no hay ningún escáner (trivy, grype o docker scout) en esta máquina"
NOT_ASKED = Count(why="no se ha pedido; si tienes trivy, grype o docker scout: superficie(..., escaner=True)")
SCANNING = "Buscando vulnerabilidades con {}"
LIMIT_SECONDS = 300.0
_VERSION_SECONDS = 30.0
_UNFIXED = "sin versión que la corrija"
_SEVERITIES = {
    "critical": "crítica",
    "high": "alta",
    "medium": "media",
    "low": "baja",
    "negligible": "insignificante",
}
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_BLAMED = re.compile(r"\b(?:FATAL|ERROR|error)\b:?\s*|^\s*[✗x]\s+", re.IGNORECASE)
_DATED = re.compile(r"^\d{4}-\d\d-\d\dT\S+\s+|^\[\d+\]\s+")
_LONGEST = 300
_WRONG = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Scanner:
    """Un escáner: cómo se llama, las órdenes que se le dan y quién entiende su respuesta.

    ``scan`` lleva ``{image}``, el archivo de la imagen, y ``{answer}``, donde deja su JSON; ``about``
    pregunta por su versión. ``read`` recibe los dos JSON (el segundo, ``{}`` si no lo dio).
    """

    name: str
    about: tuple[str, ...]
    scan: tuple[str, ...]
    read: Callable[[Any, Any], Answer]


def vulnerabilities(
    client: docker.DockerClient, image: str, *, progress: ProgressCallback | None = None
) -> Count:
    """Lo que dice de ``image`` el primer escáner que conteste, o por qué no contesta ninguno.

    Lanza ``EngineLostError`` si el motor se corta y ``ArchiveError`` si no puede entregar la imagen.
    """
    found = tuple(scanner for scanner in SCANNERS if _installed(scanner))
    if not found:
        return Count(why=NONE)
    cache_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_dir(), prefix="escaner-") as work:
        place = Path(work) / "imagen.tar"
        saved_to(client, image, place, progress=progress)
        return scanned(place, found, progress=progress)


def scanned(
    place: Path,
    scanners: Sequence[Scanner],
    *,
    limit: float = LIMIT_SECONDS,
    progress: ProgressCallback | None = None,
) -> Count:
    """Lo mismo de una imagen ya guardada en ``place``. ``limit`` son los segundos que se da a cada uno."""
    reasons = []
    for scanner in scanners:
        if progress:
            progress(SCANNING.format(scanner.name), 0, 0)
        answer, why = _asked(scanner, place, limit)
        if answer is None:
            reasons.append(f"{scanner.name}: {why}")
        elif not answer.looked:
            reasons.append(f"{scanner.name} no encontró en la imagen nada que sepa mirar")
        else:
            return _count(scanner, answer)
    return Count(why="; ".join(reasons))


#: En el orden en que se prueban.
SCANNERS = (
    Scanner(
        "trivy",
        ("trivy", "--version", "--format", "json"),
        (
            *("trivy", "image", "--input", "{image}", "--scanners", "vuln"),
            *("--format", "json", "--output", "{answer}"),
        ),
        read_trivy,
    ),
    Scanner(
        "grype", (), ("grype", "docker-archive:{image}", "--output", "json", "--file", "{answer}"), read_grype
    ),
    Scanner(
        "docker scout",
        (),
        (
            *("docker", "scout", "cves", "archive://{image}"),
            *("--format", "sarif", "--output", "{answer}"),
        ),
        read_scout,
    ),
)


def _installed(scanner: Scanner) -> bool:
    if shutil.which(scanner.scan[0]) is None:
        return False
    if scanner.scan[0] != "docker":
        return True
    return _run(("docker", "scout", "version"), _VERSION_SECONDS)[0] == 0  # puede estar la orden y no scout


def _asked(scanner: Scanner, place: Path, limit: float) -> tuple[Answer | None, str]:
    """La respuesta de un escáner, o por qué no la da."""
    with tempfile.TemporaryDirectory(dir=place.parent) as work:
        target = Path(work) / "respuesta.json"
        command = [part.format(image=place, answer=target) for part in scanner.scan]
        try:
            code, said = _run(command, limit)
        except subprocess.TimeoutExpired:
            return None, f"no terminó en {duration(limit)}"
        except OSError as problem:
            return None, f"no se puede ejecutar ({problem.strerror})"
        if code:
            return None, _reason(said, code)
        try:
            report = json.loads(target.read_bytes())
            about = json.loads(_told(scanner.about)) if scanner.about else {}
            return scanner.read(report, about), ""
        except (OSError, RecursionError, *_WRONG):
            return None, "su respuesta no se entiende"


def _run(command: Sequence[str], limit: float) -> tuple[int, str]:
    """El código con que termina una orden y lo que escribió por la salida de errores.

    Si no termina a tiempo, o alguien interrumpe, acaba ella y todo lo que puso en marcha.
    """
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE, start_new_session=True
    ) as running:
        try:
            said = running.communicate(timeout=limit)[1]
        except BaseException:
            _kill(running)
            raise
    return running.returncode, said.decode("utf-8", "replace")


def _kill(running: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        if sys.platform == "win32":
            running.kill()
        else:
            os.killpg(running.pid, signal.SIGKILL)


def _told(command: Sequence[str]) -> bytes:
    """Lo que un escáner dice de sí mismo; ``{}`` si no lo dice."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return b"{}"
    return done.stdout if done.returncode == 0 and done.stdout.startswith(b"{") else b"{}"


def _reason(said: str, code: int) -> str:
    """La línea con la que un escáner explica su fallo: la última que lo llama error, o la última."""
    lines = [line.strip() for line in _COLOUR.sub("", said).splitlines() if line.strip()]
    blamed = [line for line in lines if _BLAMED.search(line)] or lines
    if not blamed:
        return f"terminó con el código {code} y no dijo por qué"
    plain = " ".join(_BLAMED.sub("", _DATED.sub("", blamed[-1]), count=1).split())
    short = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
    return f"no pudo mirarla. Dice: «{short}»"


def _count(scanner: Scanner, answer: Answer) -> Count:
    dated = f"datos del {answer.date}" if answer.date else "no dice de qué día son sus datos"
    source = f"{scanner.name} {answer.version}".strip()
    return Count(tuple(_entries(answer.findings)), source=f"{source}, {dated}")


def _entries(findings: Sequence[Finding]) -> Iterator[Entry]:
    """Cada vulnerabilidad de cada paquete, una vez, aunque el paquete esté en varios sitios."""
    for one in dict.fromkeys(findings):
        severity = _SEVERITIES.get(one.severity.lower(), "desconocida")
        cure = f"corregida en {one.fixed}" if one.fixed else _UNFIXED
        yield Entry(
            f"{one.id}:{one.package}@{one.version}",
            f"{one.id} en {one.package} {one.version}".strip(),
            f"gravedad {severity}; {cure}",
            group=f"{one.id}:{one.package}",
        )
