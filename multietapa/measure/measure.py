"""Mide una imagen con dos números con nombre: Desempaquetado y Transferencia.

- **Desempaquetado**: bytes de los archivos de todas las capas, con los enlaces duros una vez. Sale de
  las capas mismas, así que es igual en todos los motores y almacenes. Coincide con el ``Size`` que da
  overlay2 para una imagen cargada o descargada; en las capas que BuildKit construye allí mismo,
  overlay2 no cuenta los destinos de los enlaces simbólicos (``Layer.symlink_bytes``) y hasta que la
  imagen viaja da esos pocos bytes de menos.
- **Transferencia**: bytes de las capas comprimidas que movería un registro, sin el manifiesto ni la
  configuración. Las que el motor guarda comprimidas, como containerd, ocupan lo que ocupan: es lo que sube.
  Las demás, lo que dice ``transfer``. Una capa repetida viaja una vez.

Lo caro es pedir la imagen al motor: se pide una vez y cada capa medida queda en disco.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import docker
from docker.errors import APIError

from multietapa.bases.layers import find_base
from multietapa.engine.model import EngineInfo, describe
from multietapa.identity import EQUIVALENT_LABEL
from multietapa.image.archive import choose, read_images
from multietapa.image.history import HistoryStep, layer_steps
from multietapa.image.image import MeasuredImage, ProgressCallback, read_layers, stacked, unread
from multietapa.image.layer import Inspector, Layer
from multietapa.image.passing import passing_layers
from multietapa.measure.cache import MeasureCache
from multietapa.measure.export import passed, saved, unknown_image
from multietapa.measure.packing import Packing
from multietapa.paths import cache_dir


@dataclass(frozen=True, kw_only=True)
class Measurement(MeasuredImage):
    """Una imagen medida en un motor: ``engine`` dice en cuál."""

    engine: EngineInfo


@dataclass(frozen=True)
class QuickSizes:
    """Lo que el motor dice de una imagen, al instante. Sus tamaños dependen de su almacén.

    ``reported_bytes`` es el ``Size`` de ``inspect``, provisional; ``steps`` (la historia) y ``diff_ids`` (las
    capas) van de abajo arriba; ``labels`` son las etiquetas de la imagen. ``config`` es cómo arranca
    (``Env``, ``User``...); puede llevar secretos, y no va en su ``repr``.
    """

    image_id: str
    tags: tuple[str, ...]
    reported_bytes: int
    steps: tuple[HistoryStep, ...]
    diff_ids: tuple[str, ...] = ()
    architecture: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    label: str = "provisional, según el motor"


@contextmanager
def _known(client: docker.DockerClient, image: str) -> Iterator[None]:
    try:
        yield
    except APIError as problem:
        if not problem.is_client_error():
            raise
        raise unknown_image(client, image) from problem


def inspected(client: docker.DockerClient, image: str) -> dict[str, Any]:
    """Lo que el motor dice de una imagen. Lanza los errores de :func:`quick_sizes` si no la da."""
    with _known(client, image):
        return dict(client.api.inspect_image(image))


def quick_sizes(client: docker.DockerClient, image: str) -> QuickSizes:
    """Lo que se puede enseñar antes de medir.

    Raises:
        UnknownNameError: la imagen no existe.
        MultietapaError: eso no es el nombre de una imagen, o es para otra plataforma.
    """
    with _known(client, image):
        attributes = client.api.inspect_image(image)
        history = reversed(client.api.history(attributes["Id"]))
    return QuickSizes(
        image_id=str(attributes["Id"]),
        tags=tuple(attributes.get("RepoTags") or ()),
        reported_bytes=int(attributes.get("Size") or 0),
        steps=tuple(HistoryStep(item.get("CreatedBy") or "", item.get("Size") or 0) for item in history),
        diff_ids=tuple((attributes.get("RootFS") or {}).get("Layers") or ()),
        architecture=str(attributes.get("Architecture") or ""),
        labels=(attributes.get("Config") or {}).get("Labels") or {},
        config=attributes.get("Config") or {},
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
    quick: QuickSizes | None = None,
) -> Measurement:
    """Mide ``image`` (etiqueta o id) y devuelve sus capas con todos sus archivos.

    ``info`` dice con qué motor (si falta, se le pregunta); ``base`` nombra la imagen base cuando la
    imagen no lleva las etiquetas del kit. Con ``transfer=False`` no comprime nada, y lee las capas mientras
    el motor las entrega: basta para mirar archivos y es mucho más rápido. ``progress`` recibe (fase, bytes
    hechos, bytes totales). ``quick`` es lo que ya se le preguntó al motor de esa imagen.

    Lanza ``UnknownNameError`` si la imagen no existe, ``EngineLostError`` si el motor se corta y
    ``ArchiveError`` si lo que guarda no se puede leer.
    """
    with measuring(
        client,
        image,
        info=info,
        base=base,
        transfer=transfer,
        progress=progress,
        cache=cache,
        quick=quick,
    ) as started:
        return started.finish(progress)


class Measuring:
    """Una imagen cuyas capas ya se leyeron: tiene Desempaquetado, y Transferencia se está calculando.

    ``measurement`` es lo que se sabe; sin ``transfer_bytes`` (``NOT_MEASURED``) si hay que esperar por él.
    """

    def __init__(self, measurement: Measurement, packing: Packing | None, cache: MeasureCache) -> None:
        self.measurement = measurement
        self._packing, self._cache = packing, cache

    @property
    def ready(self) -> bool:
        """Si :meth:`finish` no tiene que esperar."""
        return self._packing is None or self._packing.ready

    def finish(self, progress: ProgressCallback | None = None) -> Measurement:
        """La medida entera; espera a que las capas estén comprimidas."""
        if self._packing is None:
            return self.measurement
        sizes = self._packing.sizes(progress)
        layers = tuple(
            replace(layer, transfer_bytes=sizes.get(layer.diff_id, layer.transfer_bytes))
            for layer in self.measurement.layers
        )
        known = {layer.diff_id: layer for layer in layers}
        for diff_id in sizes:
            self._cache.keep_layer(known[diff_id])
        total = sum(layer.transfer_bytes for layer in known.values())
        self.measurement = replace(self.measurement, layers=layers, transfer_bytes=total)
        self._packing = None
        return self.measurement


@contextmanager
def measuring(
    client: docker.DockerClient,
    image: str,
    *,
    info: EngineInfo | None = None,
    base: str | None = None,
    transfer: bool = True,
    progress: ProgressCallback | None = None,
    cache: MeasureCache | None = None,
    quick: QuickSizes | None = None,
) -> Iterator[Measuring]:
    """Como :func:`measure`, pero da la imagen en cuanto sus capas están leídas, aún sin comprimir.

    Las capas se leen mientras el motor las entrega. Se comprimen en otros hilos, que siguen mientras dura el
    ``with``: al salir se deja lo que falte.
    """
    quick = quick or quick_sizes(client, image)
    info = info or describe(client)
    image_id, diff_ids = quick.image_id, quick.diff_ids
    cache = (cache or MeasureCache()).of(packed=info.packs_layers)
    known = {diff_id: layer for diff_id in set(diff_ids) if (layer := cache.layer(diff_id))}
    missing = unread(diff_ids, known, transfer=transfer)
    steps = cache.steps(image_id, len(diff_ids)) or layer_steps(quick.steps, len(diff_ids))
    packing = None

    def keep(layers: Iterable[Layer]) -> None:
        """Guarda unas capas leídas."""
        for layer in layers:
            known[layer.diff_id] = layer
            cache.keep_layer(layer)
            missing.discard(layer.diff_id)

    def through(chunks: Iterator[bytes]) -> None:
        """Lee las capas que se puedan mientras llegan."""
        wanted: dict[str, Inspector | None] = dict.fromkeys(missing)
        found = passing_layers(chunks, wanted, packer=packing, names=cache, known=known.keys() - missing)
        keep(found.values())

    with ExitStack() as stack:
        if missing and steps is not None:
            packing = stack.enter_context(Packing(cache_dir())) if transfer else None
            passed(client, image_id, through, progress=progress, ahead=info.packs_layers)
        if missing or steps is None:  # no todas se entienden al pasar, o no se sabe qué paso hizo cada una
            with saved(client, image_id, progress=progress) as file:
                archived = choose(read_images(file), image, diff_ids=diff_ids) if diff_ids else None
                steps = tuple(blob.created_by for blob in archived.layers) if archived else ()
                if archived:
                    wanted = dict.fromkeys(missing)
                    keep(
                        read_layers(
                            file, archived, known, transfer=transfer, progress=progress, inspectors=wanted
                        )
                    )
            cache.keep_steps(image_id, steps)
        found = find_base(client, quick.labels, diff_ids, asked=base)
        measurement = Measurement(
            **stacked(known, diff_ids, steps),
            image_id=image_id,
            tags=quick.tags,
            architecture=quick.architecture,
            engine=info,
            base=found.name,
            equivalent=quick.labels.get(EQUIVALENT_LABEL) == "1",
            base_layer_count=found.layers,
        )
        yield Measuring(measurement, packing, cache)
