"""Dónde está un secreto en una imagen: el que se le dio, letra a letra, y los que tienen forma de serlo.

Se mira la imagen entera, como la recibe quien la descarga: todas sus capas, también lo que otra borra, su
historia y su configuración.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import docker

from multietapa.bases.layers import find_base
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.image.archive import choose, read_images
from multietapa.image.history import instruction, keyword
from multietapa.image.image import MeasuredImage, ProgressCallback, read_layers
from multietapa.image.secrets.masking import mask, without_values
from multietapa.image.secrets.report import CONFIG, FILE, HISTORY, Fate, Secret
from multietapa.image.secrets.steps import environment
from multietapa.image.tarwalk import RawEntry
from multietapa.measure.cache import MeasureCache
from multietapa.measure.export import saved
from multietapa.measure.measure import QuickSizes, quick_sizes
from multietapa.measure.surface.seen import see
from multietapa.measure.surface.store import SurfaceStore

GIVEN = "el token"


@dataclass(frozen=True)
class Leaks:
    """Los secretos de una imagen, sin sus valores, cada uno con su sitio: primero, el que se le dio."""

    secrets: tuple[Secret, ...]

    def at(self, place: str) -> tuple[Secret, ...]:
        """Los de un sitio: ``FILE``, ``HISTORY`` o ``CONFIG``."""
        return tuple(secret for secret in self.secrets if secret.place == place)


def leaks(client: docker.DockerClient, image: str, value: str, *, tell: ReportProgress = silent) -> Leaks:
    """Busca ``value``, y lo que tenga forma de secreto, en ``image``; ``tell`` recibe en qué está.

    Lanza lo mismo que ``measure.surface.seen.see``.
    """

    def progress(title: str, done: int, total: int) -> None:
        tell(f"buscando el token: {title[0].lower()}{title[1:]}", done, total)

    quick = quick_sizes(client, image)
    seen = see(client, quick, store=SurfaceStore(MeasureCache()), progress=progress)
    base = find_base(client, quick.labels, quick.diff_ids).layers  # es de antes: no lo lleva
    own = [*_in_files(client, seen.image, value, base, progress), *_in_text(quick, value)]
    places = {(secret.place, secret.where, secret.layer) for secret in own}
    told = {secret.instruction for secret in own if secret.place == HISTORY}
    others = (
        secret
        for secret in seen.secrets.secrets
        if (secret.place, secret.where, secret.layer) not in places and secret.instruction not in told
    )
    return Leaks((*own, *others))


class _Seeker:
    """Quien mira una capa (``layer.Inspector``) y anota los archivos que llevan ``value`` tal cual."""

    def __init__(self, value: str) -> None:
        self._wanted = value.encode()
        self.paths: list[str] = []

    def look(self, path: str, _size: int, pieces: Iterator[bytes]) -> None:
        """Busca en un archivo que pasa, sea de la clase que sea; también entre un trozo y el siguiente."""
        tail = b""
        for piece in pieces:
            if self._wanted in tail + piece:
                self.paths.append(path)
                return
            tail = piece[1 - len(self._wanted) :]

    def note(self, entry: RawEntry) -> None:
        """Lo demás de una entrada no dice nada."""


def _in_files(
    client: docker.DockerClient, image: MeasuredImage, value: str, base: int, progress: ProgressCallback
) -> Iterator[Secret]:
    """Los archivos que lo llevan, de las capas que no son de la base: las primeras ``base``."""
    known = {layer.diff_id: layer for layer in image.layers}
    diff_ids = tuple(layer.diff_id for layer in image.layers)
    seekers = {diff_id: _Seeker(value) for diff_id in diff_ids[base:]}
    with saved(client, image.image_id, progress=progress) as file:
        archived = choose(read_images(file), image.image_id, diff_ids=diff_ids)
        for _ in read_layers(file, archived, known, transfer=False, inspectors=seekers, progress=progress):
            pass
    fate = Fate(image.layers)
    for layer in image.layers[base:]:
        for path in seekers[layer.diff_id].paths:
            state, gone = fate.after(path, layer.index)
            gone_by = _said(image.layers[gone].created_by, value) if gone is not None else ""
            said = _said(layer.created_by, value)
            yield Secret(GIVEN, FILE, f"/{path}", layer.index, said, mask(value), state, gone, gone_by)


def _in_text(quick: QuickSizes, value: str) -> Iterator[Secret]:
    """Los pasos de la historia que lo dicen y, de la configuración, la variable o el campo que lo lleva."""
    for step in quick.steps:
        if value in step.created_by:
            said = _said(step.created_by, value)
            yield Secret(GIVEN, HISTORY, keyword(step.created_by), None, said, mask(value))
    names = [name for name, held in environment(quick.config).items() if value in held]
    rest = [name for name, held in quick.config.items() if name != "Env" and value in json.dumps(held)]
    for name in (*names, *rest):
        yield Secret(GIVEN, CONFIG, name, None, "", mask(value))


def _said(created_by: str, value: str) -> str:
    return instruction(without_values(created_by, [value]))
