"""Mide una imagen con dos números con nombre: Desempaquetado y Transferencia.

- **Desempaquetado**: bytes de los archivos de todas las capas, con los enlaces duros una vez. Sale de
  las capas mismas, así que es igual en todos los motores y almacenes. Coincide con el ``Size`` que da
  overlay2 para una imagen cargada o descargada; en las capas que BuildKit construye allí mismo,
  overlay2 no cuenta los destinos de los enlaces simbólicos (``Layer.symlink_bytes``) y hasta que la
  imagen viaja da esos pocos bytes de menos.
- **Transferencia**: bytes de las capas comprimidas que movería un registro, sin el manifiesto ni la
  configuración; ``multietapa.transfer`` la define. Una capa repetida viaja una vez.

Lo caro es pedir la imagen al motor: se pide una vez y cada capa medida queda en disco.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, BinaryIO

import docker
from docker.errors import ImageNotFound

from multietapa.archive import ArchivedImage, choose, read_images, saved, unknown_image
from multietapa.base_layers import counted_layers, find_base
from multietapa.identity import BASE_LABEL, EQUIVALENT_LABEL
from multietapa.layer_reading import NOT_MEASURED, FileEntry, Layer, read_layer
from multietapa.measure_cache import MeasureCache
from multietapa.motor.model import EngineInfo, describe
from multietapa.overlay import MARKERS, Hidden, overlay
from multietapa.tarwalk import Limits, broken
from multietapa.transfer import workers

MEASURING = "Midiendo las capas"
ProgressCallback = Callable[[str, int, int], None]

_WITHOUT_LAYER = (
    "CMD", "ENTRYPOINT", "ENV", "LABEL", "EXPOSE", "USER", "ARG", "VOLUME", "STOPSIGNAL", "SHELL",
    "HEALTHCHECK", "MAINTAINER", "ONBUILD",
)  # fmt: skip


@dataclass(frozen=True)
class Measurement:
    """Una imagen medida. Los tamaños son bytes; las capas van de abajo arriba.

    ``base`` es el nombre de su imagen base (``""`` si no se sabe), ``equivalent`` si esa base es un
    equivalente local, y ``base_layer_count`` cuántas de las primeras capas son suyas (0: no se sabe).
    ``transfer_bytes`` vale ``NOT_MEASURED`` si se pidió medir sin comprimir.
    """

    image_id: str
    tags: tuple[str, ...]
    architecture: str
    engine: EngineInfo
    layers: tuple[Layer, ...]
    unpacked_bytes: int
    transfer_bytes: int
    base: str = ""
    equivalent: bool = False
    base_layer_count: int = 0


@dataclass(frozen=True)
class QuickStep:
    """Un paso de la historia: ``reported_bytes`` es lo que dice el motor, con sus redondeos."""

    created_by: str
    reported_bytes: int


@dataclass(frozen=True)
class QuickSizes:
    """Tamaños provisionales, al instante: lo que el motor dice, que depende de su almacén.

    ``reported_bytes`` es el ``Size`` de ``inspect``; ``steps`` va de abajo arriba.
    """

    image_id: str
    tags: tuple[str, ...]
    reported_bytes: int
    steps: tuple[QuickStep, ...]
    layer_count: int
    label: str = "provisional, según el motor"


def quick_sizes(client: docker.DockerClient, image: str) -> QuickSizes:
    """Lo que se puede enseñar antes de medir. Lanza ``UnknownNameError`` si la imagen no existe."""
    attributes = _inspect(client, image)
    history = reversed(client.api.history(attributes["Id"]))
    return QuickSizes(
        image_id=str(attributes["Id"]),
        tags=tuple(attributes.get("RepoTags") or ()),
        reported_bytes=int(attributes.get("Size") or 0),
        steps=tuple(QuickStep(item.get("CreatedBy") or "", item.get("Size") or 0) for item in history),
        layer_count=len(_diff_ids(attributes)),
    )


def measure(
    client: docker.DockerClient,
    image: str,
    *,
    info: EngineInfo | None = None,
    base: str | None = None,
    transfer: bool = True,
    progress: ProgressCallback | None = None,
    cache: MeasureCache | None = None,
) -> Measurement:
    """Mide ``image`` (etiqueta o id) y devuelve sus capas con todos sus archivos.

    ``info`` dice con qué motor (si falta, se le pregunta); ``base`` nombra la imagen base cuando la
    imagen no lleva las etiquetas del kit. Con ``transfer=False`` no comprime nada: basta para mirar
    archivos y es mucho más rápido. ``progress`` recibe (fase, bytes hechos, bytes totales).

    Lanza ``UnknownNameError`` si la imagen no existe, ``EngineLostError`` si el motor se corta y
    ``ArchiveError`` si lo que guarda no se puede leer.
    """
    attributes = _inspect(client, image)
    image_id, diff_ids = str(attributes["Id"]), _diff_ids(attributes)
    cache = cache or MeasureCache()
    known = {diff_id: layer for diff_id in set(diff_ids) if (layer := cache.layer(diff_id))}
    missing = _missing(diff_ids, known, transfer)
    steps = cache.steps(image_id, len(diff_ids)) or _steps_from_history(client, image_id, len(diff_ids))
    if missing or steps is None:
        with saved(client, image_id, progress=progress) as file:
            archived = choose(read_images(file), image, diff_ids=diff_ids) if diff_ids else None
            steps = tuple(blob.created_by for blob in archived.layers) if archived else ()
            if archived:
                _read_missing(file, archived, known, transfer, progress, cache)
        cache.keep_steps(image_id, steps)
    labels = (attributes.get("Config") or {}).get("Labels") or {}
    found = find_base(client, labels, diff_ids, asked=base)
    return _measurement(
        known,
        diff_ids,
        steps,
        image_id=image_id,
        tags=tuple(attributes.get("RepoTags") or ()),
        architecture=str(attributes.get("Architecture") or ""),
        engine=info or describe(client),
        base=found.name,
        equivalent=labels.get(EQUIVALENT_LABEL) == "1",
        base_layer_count=found.layers,
    )


def measure_archive(
    archive: Path | BinaryIO,
    name: str = "",
    *,
    transfer: bool = True,
    base_layer_count: int = 0,
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
) -> Measurement:
    """Mide una imagen de un archivo, sin motor y sin caché. ``name`` elige entre varias (etiqueta o id).

    Lanza ``ArchiveError`` si el archivo está roto y ``UnknownNameError`` si no trae esa imagen.
    """
    with archive.open("rb") if isinstance(archive, Path) else nullcontext(archive) as file:
        archived = choose(read_images(file, limits=limits), name)
        known: dict[str, Layer] = {}
        _read_missing(file, archived, known, transfer, progress, None, limits)
    return _measurement(
        known,
        archived.diff_ids,
        tuple(blob.created_by for blob in archived.layers),
        image_id=archived.ids[0],
        tags=archived.tags,
        architecture=archived.architecture,
        engine=EngineInfo("grabacion", "archivo de imagen", "", "", "archivo", archived.architecture),
        base=archived.labels.get(BASE_LABEL, ""),
        equivalent=archived.labels.get(EQUIVALENT_LABEL) == "1",
        base_layer_count=base_layer_count or counted_layers(archived.labels, len(archived.layers)),
    )


def merged_files(measurement: Measurement) -> dict[str, FileEntry]:
    """Lo que ve un contenedor: ruta (sin ``/`` inicial) -> entrada, en orden de ruta."""
    return overlay(measurement.layers).files


def hidden_bytes(measurement: Measurement) -> Hidden:
    """Los bytes que viajan en la imagen y que ningún contenedor ve, y qué capa los esconde."""
    return overlay(measurement.layers).hidden


def all_files(measurement: Measurement) -> Iterator[tuple[Layer, FileEntry]]:
    """Todas las entradas de todas las capas, también las escondidas, pero sin las marcas de borrado."""
    for layer in measurement.layers:
        for entry in layer.files:
            if entry.kind not in MARKERS:
                yield layer, entry


def find(measurement: Measurement, pattern: str) -> tuple[tuple[Layer, FileEntry], ...]:
    """Las entradas de cualquier capa cuya ruta casa con ``pattern`` (``app/**``, ``*/bin/gcc``...)."""
    wanted = pattern.lstrip("/")
    return tuple(pair for pair in all_files(measurement) if fnmatchcase(pair[1].path, wanted))


def _read_missing(
    file: BinaryIO,
    archived: ArchivedImage,
    known: dict[str, Layer],
    transfer: bool,
    progress: ProgressCallback | None,
    cache: MeasureCache | None,
    limits: Limits | None = None,
) -> None:
    limits = limits or Limits()
    missing = _missing(archived.diff_ids, known, transfer)
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
                pool=pool if transfer else None,
                limits=left,
                tick=tick,
            )
            left = replace(left, entries=left.entries - len(layer.files))
            if left.entries < 0:
                broken(f"Sus capas suman más de {limits.entries} entradas.")
            known[blob.diff_id] = layer
            if cache:
                cache.keep_layer(layer)


def _missing(diff_ids: Iterable[str], known: dict[str, Layer], transfer: bool) -> set[str]:
    return {
        diff_id
        for diff_id in diff_ids
        if diff_id not in known or (transfer and known[diff_id].transfer_bytes == NOT_MEASURED)
    }


def _measurement(
    known: dict[str, Layer],
    diff_ids: tuple[str, ...],
    steps: tuple[str, ...],
    *,
    image_id: str,
    tags: tuple[str, ...],
    architecture: str,
    engine: EngineInfo,
    base: str,
    equivalent: bool,
    base_layer_count: int,
) -> Measurement:
    layers = tuple(
        replace(known[diff_id], index=index, created_by=step)
        for index, (diff_id, step) in enumerate(zip(diff_ids, steps, strict=True))
    )
    packed = [known[diff_id].transfer_bytes for diff_id in set(diff_ids)]
    return Measurement(
        image_id=image_id,
        tags=tags,
        architecture=architecture,
        engine=engine,
        layers=layers,
        unpacked_bytes=sum(layer.unpacked_bytes for layer in layers),
        transfer_bytes=NOT_MEASURED if NOT_MEASURED in packed else sum(packed),
        base=base,
        equivalent=equivalent,
        base_layer_count=base_layer_count,
    )


def _inspect(client: docker.DockerClient, image: str) -> dict[str, Any]:
    try:
        attributes: dict[str, Any] = client.api.inspect_image(image)
    except ImageNotFound as problem:
        raise unknown_image(client, image) from problem
    return attributes


def _diff_ids(attributes: dict[str, Any]) -> tuple[str, ...]:
    return tuple((attributes.get("RootFS") or {}).get("Layers") or ())


def _steps_from_history(client: docker.DockerClient, image: str, count: int) -> tuple[str, ...] | None:
    """Los pasos con capa, si la historia los deja claros sin pedir la imagen entera; si no, ``None``."""
    steps = []
    for item in reversed(client.api.history(image)):
        text = str(item.get("CreatedBy") or "")
        instruction = text.partition("#(nop)")[2] or text
        if item.get("Size") or not instruction.lstrip().startswith(_WITHOUT_LAYER):
            steps.append(text)
    return tuple(steps) if len(steps) == count else None
