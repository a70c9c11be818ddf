"""Una imagen del motor, mirada por dentro en una sola pasada: capas, paquetes, secretos y lo que deja a mano.

Solo se leen las capas que no se conocen. Cada una queda guardada como la deja ``measure`` y, aparte, lo que
vio en ella quien busca secretos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import docker

from multietapa.image.archive import choose, read_images
from multietapa.image.exposure.exposure import Exposure, exposure
from multietapa.image.history import layer_steps
from multietapa.image.image import MeasuredImage, ProgressCallback, read_layers, stacked, visible
from multietapa.image.layer import Inspector, Layer
from multietapa.image.lifecycle import Runtime, runtimes
from multietapa.image.overlay import overlay
from multietapa.image.packages.inventory import inventory
from multietapa.image.packages.model import Inventory
from multietapa.image.passing import passing_layers
from multietapa.image.secrets.looking import LayerInspector
from multietapa.image.secrets.report import SecretReport, leaked
from multietapa.image.secrets.steps import environment
from multietapa.measure.export import passed, saved
from multietapa.measure.measure import QuickSizes
from multietapa.measure.surface.store import SurfaceStore

Watch = Callable[[Inspector], Inspector]
"""De quien mira una capa, a quien la mira también y le deja ver lo mismo."""


@dataclass(frozen=True)
class Seen:
    """Lo que se ve en una imagen sin arrancarla."""

    image: MeasuredImage
    packages: Inventory
    exposure: Exposure
    secrets: SecretReport
    runtimes: tuple[Runtime, ...]


def see(
    client: docker.DockerClient,
    quick: QuickSizes,
    *,
    store: SurfaceStore,
    progress: ProgressCallback | None = None,
    plain: bool = False,
    watched: Mapping[str, Watch] = MappingProxyType({}),
) -> Seen:
    """Mira la imagen que describe ``quick``.

    ``plain`` dice que el motor guarda las capas sin comprimir: se leen al pasar, y la imagen no se escribe en
    ningún archivo si no hace falta para otra cosa. ``watched`` dice, por su ``diff_id``, qué capas quiere ver
    pasar alguien más: esas se leen aunque se conozcan.

    Lanza ``EngineLostError`` si el motor se corta y ``ArchiveError`` si lo que guarda no se puede leer.
    """
    ids = quick.diff_ids
    known = {diff_id: layer for diff_id in set(ids) if (layer := store.cache.layer(diff_id))}
    looks = {diff_id: look for diff_id in set(ids) if (look := store.look(diff_id))}
    missing = [one for one in dict.fromkeys(ids) if one not in known or one not in looks or one in watched]
    steps = layer_steps(quick.steps, len(ids))
    history = tuple(step.created_by for step in quick.steps)
    if ids and (missing or steps is None):
        lookers = {diff_id: LayerInspector(diff_id) for diff_id in missing}
        inspectors = {
            one: watched[one](looker) if one in watched else looker for one, looker in lookers.items()
        }

        def keep(layer: Layer) -> None:
            """Guarda una capa leída, sin perder lo que ya se supiera que ocupa comprimida."""
            before = known.get(layer.diff_id)
            known[layer.diff_id] = replace(layer, transfer_bytes=before.transfer_bytes) if before else layer
            inspectors.pop(layer.diff_id)
            looks[layer.diff_id] = lookers[layer.diff_id].done()
            store.cache.keep_layer(known[layer.diff_id])
            store.keep_look(looks[layer.diff_id])

        def through(chunks: Iterator[bytes]) -> None:
            """Lee las capas que se puedan mientras llegan."""
            for layer in passing_layers(chunks, inspectors).values():
                keep(layer)

        if plain and steps is not None:
            passed(client, quick.image_id, through, progress=progress)
        if inspectors or steps is None:
            with saved(client, quick.image_id, progress=progress, through=through) as file:
                archived = choose(read_images(file), quick.image_id, diff_ids=ids)
                rest = read_layers(
                    file, archived, known, transfer=False, progress=progress, inspectors=inspectors
                )
                for layer in rest:
                    keep(layer)
                steps, history = tuple(blob.created_by for blob in archived.layers), archived.history
    image = MeasuredImage(
        **stacked(known, ids, steps or ()),
        image_id=quick.image_id,
        tags=quick.tags,
        architecture=quick.architecture,
    )
    merged = overlay(image.layers)
    places = visible(image, merged)
    found = inventory(image, places)
    return Seen(
        image,
        found,
        exposure(
            image,
            user=str(quick.config.get("User") or ""),
            capabilities={diff_id: look.capabilities for diff_id, look in looks.items()},
            merged=merged,
        ),
        leaked(image, looks, history=history, config=quick.config),
        runtimes(places, found, environment(quick.config)),
    )
