"""La imagen medida, sin el motor que la tenga, y las maneras de recorrer sus archivos."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from multietapa.identity import BASE_LABEL, EQUIVALENT_LABEL, counted_layers
from multietapa.image.archive import ArchivedImage, choose, read_images
from multietapa.image.history import instruction
from multietapa.image.layer import NOT_MEASURED, FileEntry, Inspector, Layer, read_layer
from multietapa.image.overlay import MARKERS, Overlay, overlay
from multietapa.image.tarwalk import Limits
from multietapa.image.transfer import workers

MEASURING = "Midiendo las capas"
ProgressCallback = Callable[[str, int, int], None]
_CONTENT = frozenset(("file", "symlink", "hardlink"))
_MAX_INSTRUCTION = 60  # caracteres


@dataclass(frozen=True, kw_only=True)
class MeasuredImage:
    """Una imagen medida. Los tamaños son bytes; las capas van de abajo arriba.

    ``base`` es el nombre de su imagen base (``""`` si no se sabe), ``equivalent`` si esa base es un
    equivalente local, y ``base_layer_count`` cuántas de las primeras capas son suyas (0: no se sabe).
    ``transfer_bytes`` vale ``NOT_MEASURED`` si se pidió medir sin comprimir. ``lines`` es la línea del
    Dockerfile que hizo cada capa (``None`` si no se sabe), o ``()``.
    """

    image_id: str
    tags: tuple[str, ...]
    architecture: str
    layers: tuple[Layer, ...]
    unpacked_bytes: int
    transfer_bytes: int
    base: str = ""
    equivalent: bool = False
    base_layer_count: int = 0
    lines: tuple[int | None, ...] = ()


class Found(NamedTuple):
    """Una entrada y la capa en la que está."""

    layer: Layer
    entry: FileEntry

    @property
    def path(self) -> str:
        """Su ruta, con ``/`` delante."""
        return "/" + self.entry.path.strip("/")

    @property
    def size(self) -> int:
        """Los bytes que añade a su capa."""
        return self.entry.own_bytes

    @property
    def number(self) -> int:
        """El número de su capa, desde 1, contando las de la base."""
        return self.layer.index + 1


def entries(image: MeasuredImage) -> Iterator[Found]:
    """Todas las entradas de todas las capas, también las escondidas, pero sin las marcas de borrado."""
    for layer in image.layers:
        for entry in layer.files:
            if entry.kind not in MARKERS:
                yield Found(layer, entry)


def files(image: MeasuredImage, *, skip_base: bool = False) -> Iterator[Found]:
    """Los archivos y enlaces de todas las capas, también los que una capa posterior tapa o borra."""
    first = image.base_layer_count if skip_base else 0
    for layer in image.layers[first:]:
        for entry in layer.files:
            if entry.kind in _CONTENT:
                yield Found(layer, entry)


def visible(image: MeasuredImage, merged: Overlay | None = None) -> tuple[Found, ...]:
    """Los archivos y enlaces que ve un contenedor: el resultado de poner unas capas sobre otras.

    ``merged`` es ese resultado, si ya se tiene.
    """
    merged = merged or overlay(image.layers)
    return tuple(
        Found(image.layers[merged.owners[path]], entry)
        for path, entry in merged.files.items()
        if entry.kind in _CONTENT
    )


def carried(image: MeasuredImage) -> Iterator[Found]:
    """Lo que ve un contenedor y, además, lo que las capas propias llevan escondido."""
    yield from visible(image)
    yield from files(image, skip_base=True)


def find(image: MeasuredImage, pattern: str) -> tuple[Found, ...]:
    """Las entradas de cualquier capa cuya ruta casa con ``pattern`` (``app/**``, ``*/bin/gcc``...)."""
    wanted = pattern.lstrip("/")
    return tuple(found for found in entries(image) if fnmatchcase(found.entry.path, wanted))


def layer_name(image: MeasuredImage, number: int) -> str:
    """Cómo se nombra una capa: su número (desde 1, contando las de la base) y la instrucción que la hizo.

    Si se sabe, también con su línea del Dockerfile, que es como la nombra la vista de la construcción.
    """
    line = instruction(image.layers[number - 1].created_by)
    short = line if len(line) <= _MAX_INSTRUCTION else f"{line[: _MAX_INSTRUCTION - 1]}…"
    at = image.lines[number - 1] if image.lines else None
    where = f"línea {at}: " if at else ""
    return f"capa {number} ({where}«{short}»)" if short else f"capa {number}"


def measure_archive(
    archive: Path | BinaryIO,
    name: str = "",
    *,
    transfer: bool = True,
    base_layer_count: int = 0,
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
) -> MeasuredImage:
    """Mide una imagen de un archivo, sin motor y sin caché. ``name`` elige entre varias (etiqueta o id).

    Lanza ``ArchiveError`` si el archivo está roto y ``UnknownNameError`` si no trae esa imagen.
    """
    with archive.open("rb") if isinstance(archive, Path) else nullcontext(archive) as file:
        archived = choose(read_images(file, limits=limits), name)
        known: dict[str, Layer] = {}
        for layer in read_layers(file, archived, known, transfer=transfer, progress=progress, limits=limits):
            known[layer.diff_id] = layer
    return of_archive(archived, known, base_layer_count=base_layer_count)


def of_archive(
    archived: ArchivedImage, known: dict[str, Layer], *, base_layer_count: int = 0
) -> MeasuredImage:
    """La imagen de un archivo cuyas capas, por su ``diff_id``, ya están leídas en ``known``."""
    return MeasuredImage(
        **stacked(known, archived.diff_ids, tuple(blob.created_by for blob in archived.layers)),
        image_id=archived.ids[0],
        tags=archived.tags,
        architecture=archived.architecture,
        base=archived.labels.get(BASE_LABEL, ""),
        equivalent=archived.labels.get(EQUIVALENT_LABEL) == "1",
        base_layer_count=base_layer_count or counted_layers(archived.labels, len(archived.layers)),
    )


def unread(diff_ids: Iterable[str], known: dict[str, Layer], *, transfer: bool) -> set[str]:
    """Qué capas faltan en ``known``, o están sin comprimir y se pide (``transfer``)."""
    return {
        diff_id
        for diff_id in diff_ids
        if diff_id not in known or (transfer and known[diff_id].transfer_bytes == NOT_MEASURED)
    }


def read_layers(
    file: BinaryIO,
    archived: ArchivedImage,
    known: dict[str, Layer],
    *,
    transfer: bool = True,
    progress: ProgressCallback | None = None,
    limits: Limits | None = None,
    inspectors: Mapping[str, Inspector | None] | None = None,
) -> Iterator[Layer]:
    """Lee del archivo las capas de la imagen que faltan en ``known``, y da cada una en cuanto está.

    ``inspectors`` dice, por su ``diff_id``, quién mira cada capa mientras se lee: esas se leen aunque estén
    en ``known``, y no pierden lo que ya se sabía que ocupan comprimidas.

    Lanza ``ArchiveError`` si una capa está rota o la imagen entera pasa de ``limits``.
    """
    limits = limits or Limits()
    inspectors = inspectors or {}
    uncounted = unread(archived.diff_ids, known, transfer=transfer)
    missing = uncounted | (inspectors.keys() & set(archived.diff_ids))
    blobs = {blob.diff_id: blob for blob in archived.layers if blob.diff_id in missing}
    total, done = sum(blob.size for blob in blobs.values()), 0

    def tick(consumed: int) -> None:
        nonlocal done
        done += consumed
        if progress:
            progress(MEASURING, done, total)

    tick(0)
    left = limits
    with ThreadPoolExecutor(workers(), "multietapa-gzip") as pool:
        for blob in blobs.values():
            layer = read_layer(
                file,
                blob.offset,
                blob.size,
                diff_id=blob.diff_id,
                pool=pool if transfer and blob.diff_id in uncounted else None,
                limits=left,
                tick=tick,
                inspector=inspectors.get(blob.diff_id),
            )
            if blob.diff_id not in uncounted:
                layer = replace(layer, transfer_bytes=known[blob.diff_id].transfer_bytes)
            left = replace(left, used=left.used + len(layer.files))
            yield layer


def stacked(known: dict[str, Layer], diff_ids: tuple[str, ...], steps: tuple[str, ...]) -> dict[str, Any]:
    """Las capas en su orden, cada una con el paso que la hizo, y lo que suman: los campos de la imagen."""
    layers = tuple(
        replace(known[diff_id], index=index, created_by=step)
        for index, (diff_id, step) in enumerate(zip(diff_ids, steps, strict=True))
    )
    packed = [known[diff_id].transfer_bytes for diff_id in set(diff_ids)]
    return {
        "layers": layers,
        "unpacked_bytes": sum(layer.unpacked_bytes for layer in layers),
        "transfer_bytes": NOT_MEASURED if NOT_MEASURED in packed else sum(packed),
    }
