"""De qué imagen base parte una imagen medida, y cuántas de sus primeras capas son de ella."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import docker
from docker.errors import ImageNotFound

from multietapa.bases.catalogue import workshop_bases
from multietapa.identity import BASE_LABEL, counted_layers


@dataclass(frozen=True)
class Base:
    """La imagen base: su nombre (``""`` si no se sabe) y cuántas capas pone (0: no se sabe)."""

    name: str = ""
    layers: int = 0


def find_base(
    client: docker.DockerClient,
    labels: Mapping[str, str],
    diff_ids: tuple[str, ...],
    *,
    asked: str | None = None,
) -> Base:
    """La base de una imagen con esas etiquetas y esas capas.

    Vale, por este orden: la que se pide (``asked``), la que dicen las etiquetas del kit (siguiendo la cadena:
    la base de una imagen del kit es la de fuera sobre la que se hizo) y, si no hay etiquetas, la imagen base
    del taller con más capas iguales a las primeras. Una imagen hecha con el SDK no lleva etiquetas.
    """
    if asked:
        return Base(asked, _leading(client, asked, diff_ids))
    name = _outermost(client, labels.get(BASE_LABEL, ""))
    if counted := counted_layers(labels, len(diff_ids)):
        return Base(name, counted)
    if name:
        return Base(name, _leading(client, name, diff_ids))
    known = [Base(candidate, _leading(client, candidate, diff_ids)) for candidate in workshop_bases()]
    best = max(known, key=lambda base: base.layers, default=Base())
    return best if best.layers else Base()


def _outermost(client: docker.DockerClient, name: str) -> str:
    seen: set[str] = set()
    while name and name not in seen:
        seen.add(name)
        try:
            config = client.api.inspect_image(name).get("Config") or {}
        except ImageNotFound:
            break
        name = (config.get("Labels") or {}).get(BASE_LABEL) or name
    return name


def _leading(client: docker.DockerClient, name: str, diff_ids: tuple[str, ...]) -> int:
    try:
        found = client.api.inspect_image(name).get("RootFS") or {}
    except ImageNotFound:
        return 0
    leading = tuple(found.get("Layers") or ())
    return len(leading) if diff_ids[: len(leading)] == leading else 0
