"""Dónde está un secreto en una imagen: el que se le dio, letra a letra, y los que tienen forma de serlo.

Se mira la imagen entera, como la recibe quien la descarga: todas sus capas, también lo que otra borra, su
historia y su configuración.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import docker

from multietapa.bases.layers import find_base
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.image.history import instruction, keyword
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import Inspector
from multietapa.image.secrets.masking import mask, without_values
from multietapa.image.secrets.report import CONFIG, FILE, HISTORY, Fate, Secret
from multietapa.image.secrets.steps import environment
from multietapa.image.tarwalk import RawEntry
from multietapa.measure.cache import MeasureCache
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
    base = find_base(client, quick.labels, quick.diff_ids).layers  # es de antes: no lo lleva
    paths: dict[str, list[str]] = {diff_id: [] for diff_id in quick.diff_ids[base:]}
    seekers = {diff_id: partial(_Seeker, value, found) for diff_id, found in paths.items()}
    store = SurfaceStore(MeasureCache())
    seen = see(client, quick, store=store, progress=progress, watched=seekers)
    own = [*_in_files(seen.image, value, base, paths), *_in_text(quick, value)]
    places = {(secret.place, secret.where, secret.layer) for secret in own}
    told = {secret.instruction for secret in own if secret.place == HISTORY}
    others = (
        secret
        for secret in seen.secrets.secrets
        if (secret.place, secret.where, secret.layer) not in places and secret.instruction not in told
    )
    return Leaks((*own, *others))


class _Seeker:
    """Quien mira una capa a la vez que ``other``, y apunta en ``found`` los archivos que llevan ``value``."""

    def __init__(self, value: str, found: list[str], other: Inspector) -> None:
        self._wanted, self._found, self._other = value.encode(), found, other

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Busca en un archivo que pasa, sea de la clase que sea, también en lo que el otro no lee."""
        passing = self._sought(path, pieces)
        self._other.look(path, size, passing)
        for _ in passing:
            pass

    def note(self, entry: RawEntry) -> None:
        """Lo demás de una entrada solo le dice algo al otro."""
        self._other.note(entry)

    def _sought(self, path: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Los mismos trozos; el valor puede estar entre uno y el siguiente."""
        tail, found = b"", False
        for piece in pieces:
            if not found and self._wanted in tail + piece:
                self._found.append(path)
                found = True
            tail = piece[1 - len(self._wanted) :]
            yield piece


def _in_files(
    image: MeasuredImage, value: str, base: int, paths: Mapping[str, Sequence[str]]
) -> Iterator[Secret]:
    """Los archivos que lo llevan, ``paths``, de las capas que no son de la base: las primeras ``base``."""
    fate = Fate(image.layers)
    for layer in image.layers[base:]:
        for path in paths[layer.diff_id]:
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
