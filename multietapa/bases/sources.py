"""Las imágenes base: dónde se buscan, en orden, y de dónde salió cada una."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import docker

from multietapa import text
from multietapa.bases.catalogue import recipe, workshop_bases
from multietapa.bases.loading import load
from multietapa.bases.making import archive
from multietapa.bases.pull import Registries, Unanswered, check_engine, explain
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.bases.silent import of_the_session
from multietapa.errors import (
    ArchiveError,
    BaseImageError,
    DiskFullError,
    EngineLostError,
    MultietapaError,
    RegistryUnreachableError,
    is_disk_full,
)
from multietapa.identity import EQUIVALENT_LABEL, NOTE_LABEL, RECIPE_LABEL, session_id
from multietapa.image.archive import familiar, read_images
from multietapa.paths import PROJECT_ROOT

PRESENT = "ya estaba en el motor"
PUBLIC = "registro público"  # el de la propia imagen: el único que puede decir que no existe
PUBLIC_MIRRORS = ("mirror.gcr.io/library", "public.ecr.aws/docker/library")
FOLDER_VARIABLE = "MULTIETAPA_IMAGENES"
MIRROR_VARIABLE = "MULTIETAPA_ESPEJO"
LATER = "se trae cuando haga falta"
_LEFT = 'style="text-align:left"'
_NAME = 'style="text-align:left;overflow-wrap:anywhere"'  # los hay largos y sin espacios
_SHORT_ID = 12  # las cifras con las que Docker enseña un id

Attempt = Callable[[docker.DockerClient, str, ReportProgress], str]


@dataclass(frozen=True)
class BaseImage:
    """Una imagen base que está en el motor.

    ``origin`` dice de dónde salió; ``size`` son los bytes que declara el motor para ella; ``note``, lo que
    conviene saber de un equivalente (``""`` si nada).
    """

    reference: str
    image_id: str
    origin: str
    size: int
    equivalent: bool
    note: str = ""

    def __str__(self) -> str:
        return f"{self.reference}: {self.described} ({text.size(self.size)} según el motor)"

    @property
    def described(self) -> str:
        """De dónde salió y, si es un equivalente del que conviene saber algo, eso."""
        return f"{self.origin}, {self.note}" if self.note else self.origin


def ensure_base(
    client: docker.DockerClient, reference: str, *, progress: ReportProgress = silent
) -> BaseImage:
    """Deja ``reference`` en el motor y dice de dónde salió.

    Lanza :class:`BaseImageError` con la razón de cada intento si no se consigue; si es que su registro no
    contesta (y entonces no se sabe si existe), :class:`RegistryUnreachableError`.
    """
    reasons, unknown = [], False
    for origin, attempt in _attempts(reference):
        try:
            problem = attempt(client, reference, progress)
        except EngineLostError:
            raise
        except MultietapaError as error:
            problem = f"{error.what} {error.why}"
        except (docker.errors.DockerException, OSError) as error:
            check_engine(client)
            problem = explain(error)
        if is_disk_full(problem):
            raise DiskFullError(
                f"No queda espacio para la imagen base {reference}.",
                why=problem,
                next_step="Libera disco; limpiar(cache=True) vacía la caché del motor del taller.",
            )
        if not problem:
            return described(client, reference, origin)
        unknown = unknown or (origin == PUBLIC and isinstance(problem, Unanswered))
        reasons.append(f"{origin}: {problem}")
    if _present(client, reference):
        return described(client, reference, "de una versión anterior del taller")
    if unknown:
        raise RegistryUnreachableError(
            f"No se pudo descargar la imagen base {reference}: su registro no contesta.",
            why="No está en el motor, y sin su registro no se sabe si existe. Se buscó en todos los sitios:",
            detail="\n".join(reasons),
            next_step="Comprueba la conexión (y el proxy) y repite. Sin red: guárdala donde la haya con "
            "«docker save» y usa --imagenes CARPETA.",
        )
    raise BaseImageError(
        f"No se consigue la imagen base {reference}.",
        why="Se buscó en todos los sitios y ninguno la tiene:",
        detail="\n".join(reasons),
        next_step="Comprueba el nombre y la conexión, o guárdala con «docker save» y usa --imagenes CARPETA.",
    )


def find_nearby(client: docker.DockerClient, reference: str, *, progress: ReportProgress = silent) -> bool:
    """Deja ``reference`` en el motor si ya está o si está en un archivo guardado; dice si lo consiguió."""
    return any(not attempt(client, reference, progress) for attempt in (_in_engine, _from_folder))


def _attempts(reference: str) -> list[tuple[str, Attempt]]:
    """El orden de búsqueda: lo más cercano primero. Los espejos públicos solo dan las imágenes oficiales."""
    mirrors = [(PUBLIC, "")]
    if os.environ.get(MIRROR_VARIABLE):
        mirrors.insert(0, ("espejo del aula", os.environ[MIRROR_VARIABLE].rstrip("/")))
    if "/" not in reference:
        mirrors += [(f"espejo público {host}", host) for host in PUBLIC_MIRRORS]
    return [
        (PRESENT, _in_engine),
        ("archivo guardado", _from_folder),
        *((name, partial(_pull, host)) for name, host in mirrors),
        ("equivalente local", _equivalent),
    ]


def _in_engine(client: docker.DockerClient, reference: str, _progress: ReportProgress) -> str:
    found = _present(client, reference)
    if found is None:
        return "no está"
    labels: dict[str, str] = found.labels or {}
    if labels.get(EQUIVALENT_LABEL) != "1":
        return ""
    wanted = recipe(reference) if os.name == "posix" else None  # en Windows no se podría rehacer
    current = wanted is None or labels.get(RECIPE_LABEL) == wanted.key
    return "" if current else "es un equivalente de una receta anterior"


def _present(client: docker.DockerClient, reference: str) -> Any:
    """La imagen de esa referencia en el motor, o ``None``.

    El motor también entiende el principio de un id: por «0» da cualquiera que empiece así.
    """
    try:
        found = client.images.get(reference)
    except docker.errors.ImageNotFound:
        return None
    by_id = len(reference) < _SHORT_ID and found.id.removeprefix("sha256:").startswith(reference)
    return found if not by_id or familiar(reference) in map(familiar, found.tags) else None


def _from_folder(client: docker.DockerClient, reference: str, progress: ReportProgress) -> str:
    folder = Path(os.environ.get(FOLDER_VARIABLE) or PROJECT_ROOT / "imagenes")
    files = sorted(folder.glob("*.tar")) if folder.is_dir() else []
    if not files:
        return f"no hay archivos *.tar en {folder}"
    name = reference.replace(":", "-").replace("/", "-")
    broken = []
    for path in sorted(files, key=lambda p: not p.name.startswith(name)):
        inside = saved_tags(path)
        if inside and familiar(reference) not in inside:
            continue  # cargarlo cuesta, sobre todo en el motor embebido
        try:
            progress(f"cargando {path.name}", 0, path.stat().st_size)
            load(client, path)
        except (docker.errors.DockerException, OSError) as problem:
            broken.append(f"{path.name} no se pudo cargar: {explain(problem)}")
            continue
        if not _in_engine(client, reference, progress):
            return ""
    return "; ".join([f"ningún archivo de {folder} la contiene", *broken])


def saved_bases() -> tuple[str, ...]:
    """Las imágenes base del taller que dicen llevar los archivos de ``--imagenes CARPETA``, si se dio."""
    folder = os.environ.get(FOLDER_VARIABLE)
    inside = [saved_tags(path) for path in sorted(Path(folder).glob("*.tar"))] if folder else []
    return tuple(base for base in workshop_bases() if any(familiar(base) in tags for tags in inside))


def saved_tags(path: Path) -> frozenset[str]:
    """Los nombres cortos que dice llevar un archivo de imagen, sin cargarlo; vacío si no se sabe."""
    try:
        with path.open("rb") as file:
            return frozenset(familiar(tag) for image in read_images(file) for tag in image.tags)
    except (OSError, ArchiveError):
        return frozenset()


def _pull(mirror: str, client: docker.DockerClient, reference: str, progress: ReportProgress) -> str:
    return _registries(session_id()).pull(client, reference, mirror=mirror, progress=progress)


@cache
def _registries(_session: str) -> Registries:
    """Los de una sesión: lo que uno no contestó se recuerda de una imagen base a otra."""
    return Registries(unanswered=of_the_session())


def _equivalent(client: docker.DockerClient, reference: str, progress: ReportProgress) -> str:
    wanted = recipe(reference)
    if wanted is None:
        return "no hay receta para esta imagen"
    old = _present(client, reference)
    with archive(wanted, progress=progress) as path:
        progress(f"cargando {reference}", 0, path.stat().st_size)
        load(client, path)
    if old is not None and old.id != client.images.get(reference).id:
        with suppress(docker.errors.APIError):  # si otra imagen parte de ella, se queda
            client.images.remove(old.id)
    return ""


def described(client: docker.DockerClient, reference: str, origin: str = PRESENT) -> BaseImage:
    """Una imagen que está en el motor, y de dónde salió."""
    image = client.images.get(reference)
    labels: dict[str, Any] = image.labels or {}
    is_equivalent = labels.get(EQUIVALENT_LABEL) == "1"
    if is_equivalent and origin != "equivalente local":
        origin = f"equivalente local, {origin}"
    note = str(labels.get(NOTE_LABEL, "")) if is_equivalent else ""
    return BaseImage(reference, image.id, origin, int(image.attrs["Size"]), is_equivalent, note)


@dataclass(frozen=True)
class Bases:
    """Las imágenes base del taller: las que hay y las que se traerán cuando hagan falta."""

    found: tuple[BaseImage, ...]
    missing: tuple[str, ...]
    engine: str

    def __repr__(self) -> str:
        lines = [str(base) for base in self.found] + [f"{name}: {LATER}" for name in self.missing]
        return "\n".join([*lines, self.engine])

    def _repr_html_(self) -> str:
        rows = [
            f"<tr><td {_NAME}><code>{html.escape(b.reference)}</code></td>"
            f"<td {_LEFT}>{html.escape(b.described)}</td><td>{text.size(b.size)}</td></tr>"
            for b in self.found
        ]
        rows += [
            f"<tr><td {_NAME}><code>{html.escape(n)}</code></td><td {_LEFT}>{LATER}</td><td></td></tr>"
            for n in self.missing
        ]
        titles = f"<th {_LEFT}>Imagen base</th><th {_LEFT}>De dónde salió</th><th>Tamaño según el motor</th>"
        head = f"<tr>{titles}</tr>"
        return f"<table>{head}{''.join(rows)}</table><p>{html.escape(self.engine)}</p>"


def available_bases(client: docker.DockerClient, *, engine: str = "") -> Bases:
    """Qué imágenes base del taller están en el motor; ``engine`` es la línea que lo nombra."""
    found, missing = [], []
    for reference in workshop_bases():
        try:
            found.append(described(client, reference, "en el motor"))
        except docker.errors.ImageNotFound:
            missing.append(reference)
    return Bases(tuple(found), tuple(missing), engine)
