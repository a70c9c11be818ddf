"""Abre sin motor una imagen guardada: un archivo de ``docker save``, uno OCI o una carpeta OCI."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from multietapa.dockerfile.platforms import PlatformError, read_platform
from multietapa.errors import ArchiveError, UnknownNameError
from multietapa.image.archive import ArchivedImage, choose, read_images
from multietapa.image.content import Content, read_content
from multietapa.image.folder import ImageFolder
from multietapa.image.image import MeasuredImage, ProgressCallback, of_archive, read_layers
from multietapa.image.layer import FileEntry
from multietapa.image.tarwalk import Limits
from multietapa.measure.cache import MeasureCache

_COMPRESSED = {b"\x1f\x8b": "gunzip", b"\x28\xb5\x2f\xfd": "unzstd", b"\xfd7zXZ": "unxz", b"BZh": "bunzip2"}


@dataclass(frozen=True)
class Opened:
    """Una imagen abierta de ``source``, un archivo o una carpeta. No queda nada abierto."""

    image: MeasuredImage
    source: Path
    archived: ArchivedImage

    def content(self, layer: int, entry: FileEntry) -> Content:
        """El contenido de una entrada de la capa ``layer`` (desde 0), si se puede enseñar.

        Lanza ``ArchiveError`` si el archivo ya no está o no es el que era.
        """
        with _source(self.source) as file:
            return read_content(file, self.archived.layers[layer], entry)


def open_archive(
    source: Path | str,
    name: str = "",
    *,
    architecture: str = "",
    transfer: bool = False,
    progress: ProgressCallback | None = None,
    limits: Limits | None = None,
    cache: MeasureCache | None = None,
) -> Opened:
    """Abre una imagen guardada y lee sus capas; las ya leídas alguna vez no se leen otra.

    ``name`` elige entre varias (etiqueta o id); sin él, la primera. Si trae una para cada arquitectura, vale
    la de ``architecture`` (``amd64``...) y, si no se dice, la de esta máquina. Con ``transfer`` mide además
    lo que ocupan comprimidas. ``progress`` recibe (fase, bytes hechos, bytes totales).

    Lanza ``ArchiveError`` si no se puede leer, está roto o es hostil, y ``UnknownNameError`` si no trae esa
    imagen o esa arquitectura.
    """
    path = Path(source).expanduser()
    cache = cache or MeasureCache()
    with _source(path) as file:
        archived = choose(_suitable(read_images(file, limits=limits), architecture), name)
        known = {one: layer for one in set(archived.diff_ids) if (layer := cache.layer(one))}
        for layer in read_layers(file, archived, known, transfer=transfer, progress=progress, limits=limits):
            known[layer.diff_id] = layer
            cache.keep_layer(layer)
    return Opened(of_archive(archived, known), path, archived)


def _suitable(images: tuple[ArchivedImage, ...], asked: str) -> tuple[ArchivedImage, ...]:
    """Las imágenes de la arquitectura pedida; si no se pide, antes las de esta máquina."""
    if not asked:
        mine = architecture_of(platform.machine())
        return tuple(sorted(images, key=lambda image: image.architecture != mine))
    found = tuple(image for image in images if image.architecture == architecture_of(asked))
    if not found:
        known = dict.fromkeys(image.architecture for image in images if image.architecture)
        raise UnknownNameError(asked, known, kind="en el archivo la arquitectura")
    return found


def architecture_of(written: str) -> str:
    """Un procesador con el nombre que lleva en las imágenes (``x86_64`` es ``amd64``)."""
    try:
        return read_platform(written).architecture
    except PlatformError:
        return written.lower()


@contextmanager
def _source(path: Path) -> Iterator[BinaryIO]:
    try:
        if path.is_dir():
            with ImageFolder(path) as folder:
                if not folder.places:
                    raise ArchiveError(
                        f"La carpeta «{path}» no es una imagen.",
                        why="No tiene ni index.json ni la carpeta blobs del formato OCI.",
                        next_step="Da la carpeta que los contiene, o un archivo de docker save.",
                    )
                yield cast("BinaryIO", folder)
            return
        with path.open("rb") as file:
            _refuse_compressed(path, file)
            yield file
    except OSError as problem:
        raise ArchiveError(
            f"No se puede leer «{path}».",
            why=problem.strerror or str(problem),
            next_step="Comprueba la ruta y sus permisos. Un archivo así lo hace docker save -o imagen.tar.",
        ) from problem


def _refuse_compressed(path: Path, file: BinaryIO) -> None:
    start = file.read(6)
    file.seek(0)
    for magic, program in _COMPRESSED.items():
        if start.startswith(magic):
            raise ArchiveError(
                f"«{path}» está comprimido entero.",
                why="Así no se puede ir a cada capa sin descomprimir las demás.",
                next_step=f"Descomprímelo antes ({program}) y abre el .tar que queda.",
            )
