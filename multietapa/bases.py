"""Las imágenes base: dónde se buscan, en orden, y de dónde salió cada una."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docker

from multietapa import text
from multietapa.errors import BaseImageError
from multietapa.identity import EQUIVALENT_LABEL
from multietapa.paths import PROJECT_ROOT

WORKSHOP_BASES = ("node:14", "node:14-alpine", "node:24", "node:24-alpine")
PUBLIC_MIRRORS = ("mirror.gcr.io/library", "public.ecr.aws/docker/library")
FOLDER_VARIABLE = "MULTIETAPA_IMAGENES"
MIRROR_VARIABLE = "MULTIETAPA_ESPEJO"
PULL_TIMEOUT_SECONDS = 20

Progress = Callable[[str, int, int], None]
Attempt = Callable[[docker.DockerClient, str, Progress], str]
#: Registros que en este proceso ya no contestaron: no se vuelve a esperar por ellos.
_unreachable: dict[str, str] = {}


@dataclass(frozen=True)
class BaseImage:
    """Una imagen base que está en el motor.

    ``origin`` dice de dónde salió; ``size`` son los bytes que declara el motor para ella.
    """

    reference: str
    image_id: str
    origin: str
    size: int
    equivalent: bool

    def __str__(self) -> str:
        return f"{self.reference}: {self.origin} ({text.size(self.size)} según el motor)"


def ensure_base(
    client: docker.DockerClient, reference: str, *, progress: Progress = lambda *_: None
) -> BaseImage:
    """Deja ``reference`` en el motor y dice de dónde salió.

    Lanza :class:`BaseImageError` con la razón de cada intento si no se consigue.
    """
    reasons = []
    for origin, attempt in _attempts():
        try:
            problem = attempt(client, reference, progress)
        except BaseImageError as error:
            problem = f"{error.what} {error.why}"
        if not problem:
            return _describe(client, reference, origin)
        reasons.append(f"{origin}: {problem}")
    raise BaseImageError(
        f"No se consigue la imagen base {reference}.",
        why="se buscó en todos los sitios y ninguno la tiene:",
        detail="\n".join(reasons),
        next_step="Comprueba el nombre y la conexión, o guárdala con «docker save» y usa --imagenes CARPETA.",
    )


def _attempts() -> list[tuple[str, Attempt]]:
    """El orden de búsqueda: lo más cercano primero."""
    mirrors = [("registro público", "")]
    if os.environ.get(MIRROR_VARIABLE):
        mirrors.insert(0, ("espejo del aula", os.environ[MIRROR_VARIABLE].rstrip("/")))
    mirrors += [(f"espejo público {host}", host) for host in PUBLIC_MIRRORS]
    return [
        ("ya estaba en el motor", _in_engine),
        ("archivo guardado", _from_folder),
        *((name, partial(_pull, host)) for name, host in mirrors),
        ("equivalente local", _equivalent),
    ]


def _in_engine(client: docker.DockerClient, reference: str, progress: Progress) -> str:
    try:
        client.images.get(reference)
    except docker.errors.ImageNotFound:
        return "no está"
    return ""


def _from_folder(client: docker.DockerClient, reference: str, progress: Progress) -> str:
    folder = Path(os.environ.get(FOLDER_VARIABLE) or PROJECT_ROOT / "imagenes")
    files = sorted(folder.glob("*.tar")) if folder.is_dir() else []
    if not files:
        return f"no hay archivos *.tar en {folder}"
    name = reference.replace(":", "-").replace("/", "-")
    for path in sorted(files, key=lambda p: not p.name.startswith(name)):
        progress(f"cargando {path.name}", 0, path.stat().st_size)
        try:
            with path.open("rb") as archive:
                client.images.load(archive)
        except docker.errors.DockerException as problem:
            return f"{path.name} no se pudo cargar ({problem})"
        if not _in_engine(client, reference, progress):
            return ""
    return f"ningún archivo de {folder} la contiene"


def _pull(mirror: str, client: docker.DockerClient, reference: str, progress: Progress) -> str:
    remote = f"{mirror}/{reference}" if mirror else reference
    key = remote.split("/", 1)[0] if "/" in remote else ""
    if key in _unreachable:
        return _unreachable[key]
    progress(f"descargando {remote}", 0, 0)
    repository, _, tag = remote.rpartition(":")
    ordinary, client.api.timeout = client.api.timeout, PULL_TIMEOUT_SECONDS
    try:
        for event in client.api.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                return _remember(key, str(event["error"]))
        if mirror:
            client.images.get(remote).tag(*reference.rsplit(":", 1))
    except docker.errors.ImageNotFound:
        return "no la tiene"
    except (docker.errors.DockerException, OSError) as problem:
        return _remember(key, str(problem))
    finally:
        client.api.timeout = ordinary
    return ""


def _remember(key: str, problem: str) -> str:
    short = problem.splitlines()[0][-160:]
    if "manifest" not in short and "not found" not in short:
        _unreachable[key] = f"no contesta ({short})"
    return short


def _equivalent(client: docker.DockerClient, reference: str, progress: Progress) -> str:
    from multietapa import equivalent  # usa fcntl, que no existe en Windows

    wanted = equivalent.recipe(reference)
    if wanted is None:
        return "no hay receta para esta imagen"
    path = equivalent.archive(wanted, progress=progress)
    progress(f"cargando {reference}", 0, path.stat().st_size)
    with path.open("rb") as archive:
        client.images.load(archive)
    return ""


def _describe(client: docker.DockerClient, reference: str, origin: str) -> BaseImage:
    image = client.images.get(reference)
    labels: dict[str, Any] = image.labels or {}
    is_equivalent = labels.get(EQUIVALENT_LABEL) == "1"
    if is_equivalent and origin != "equivalente local":
        origin = f"equivalente local, {origin}"
    return BaseImage(reference, image.id, origin, int(image.attrs["Size"]), is_equivalent)


@dataclass(frozen=True)
class Bases:
    """Las imágenes base del taller: las que hay y las que faltan."""

    found: tuple[BaseImage, ...]
    missing: tuple[str, ...]
    engine: str

    def __repr__(self) -> str:
        lines = [str(base) for base in self.found] + [f"{name}: falta" for name in self.missing]
        return "\n".join([*lines, self.engine])

    def _repr_html_(self) -> str:
        rows = [
            f"<tr><td><code>{html.escape(b.reference)}</code></td><td>{html.escape(b.origin)}</td>"
            f"<td style='text-align:right'>{text.size(b.size)}</td></tr>"
            for b in self.found
        ]
        rows += [f"<tr><td><code>{html.escape(n)}</code></td><td>falta</td><td></td></tr>" for n in self.missing]
        head = "<tr><th>Imagen base</th><th>De dónde salió</th><th>Tamaño según el motor</th></tr>"
        return f"<table>{head}{''.join(rows)}</table><p>{html.escape(self.engine)}</p>"


def bases_disponibles() -> Bases:
    """Qué imágenes base del taller están en el motor y cuáles son equivalentes locales."""
    from multietapa.motor.session import motor

    engine = motor()
    found, missing = [], []
    for reference in WORKSHOP_BASES:
        try:
            found.append(_describe(engine.client, reference, "en el motor"))
        except docker.errors.ImageNotFound:
            missing.append(reference)
    return Bases(tuple(found), tuple(missing), engine.info.label if engine.info else "")
