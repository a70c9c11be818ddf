"""Dónde está un secreto en una imagen: el que se le dio, letra a letra, y los que tienen forma de serlo.

Se mira la imagen entera, como la recibe quien la descarga: todas sus capas, también lo que otra borra, su
historia y su configuración.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import docker

from multietapa.bases.reporting import ReportProgress, silent
from multietapa.image.archive import ArchivedImage, choose, read_images
from multietapa.image.history import instruction, keyword
from multietapa.image.image import MeasuredImage, read_layers, stacked
from multietapa.image.secrets.looking import LayerInspector
from multietapa.image.secrets.masking import mask, without_values
from multietapa.image.secrets.report import CONFIG, FILE, HISTORY, SEEN, Fate, Secret, leaked
from multietapa.image.secrets.steps import environment
from multietapa.measure.cache import MeasureCache
from multietapa.measure.export import saved

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

    Lanza lo mismo que ``measure.export.saved``.
    """

    def progress(title: str, done: int, total: int) -> None:
        tell(f"buscando el token: {title[0].lower()}{title[1:]}", done, total)

    cache = MeasureCache()
    with saved(client, image, progress=progress) as file:
        archived = choose(read_images(file))
        seekers = {diff_id: _Seeker(diff_id, value) for diff_id in archived.diff_ids}
        before = {diff_id: cache.layer(diff_id) for diff_id in archived.diff_ids}
        known = {diff_id: layer for diff_id, layer in before.items() if layer}
        for layer in read_layers(
            file, archived, known, transfer=False, inspectors=seekers, progress=progress
        ):
            known[layer.diff_id] = layer
            if not before[layer.diff_id]:
                cache.keep_layer(layer)  # quien la mida después no tiene que pedir la imagen otra vez
    steps = tuple(blob.created_by for blob in archived.layers)
    measured = MeasuredImage(
        **stacked(known, archived.diff_ids, steps),
        image_id=archived.ids[0],
        tags=archived.tags,
        architecture=archived.architecture,
    )
    looks = {diff_id: seeker.done() for diff_id, seeker in seekers.items()}
    report = leaked(measured, looks, history=archived.history, config=archived.config)
    own = [*_in_files(measured, seekers, value), *_in_text(archived, value)]
    places = {(secret.place, secret.where, secret.layer) for secret in own}
    told = {secret.instruction for secret in own if secret.place == HISTORY}
    others = (
        secret
        for secret in report.secrets
        if (secret.place, secret.where, secret.layer) not in places and secret.instruction not in told
    )
    return Leaks((*own, *others))


@dataclass
class _Seeker(LayerInspector):
    """Mira una capa como siempre y, además, anota los archivos que llevan ``value`` tal cual."""

    diff_id: str
    value: str = field(repr=False)
    paths: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.diff_id)

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Busca en un archivo que pasa, también en los que los demás no abren."""
        wanted = self.value.encode()
        found = False

        def through() -> Iterator[bytes]:
            nonlocal found
            tail = b""
            for piece in pieces:
                found = found or wanted in tail + piece
                tail = piece[1 - len(wanted) :]
                yield piece

        passing = through()
        super().look(path, size, passing)
        for _ in passing:  # lo que no quiso leer quien busca por la forma
            pass
        if found:
            self.paths.append(path)


def _in_files(image: MeasuredImage, seekers: dict[str, _Seeker], value: str) -> Iterator[Secret]:
    fate = Fate(image.layers)
    say = _without(value)
    for layer in image.layers:
        for path in seekers[layer.diff_id].paths:
            state, gone = fate.after(path, layer.index)
            gone_by = say(image.layers[gone].created_by) if gone is not None else ""
            instruction_ = say(layer.created_by)
            shown = mask(value)
            yield Secret(GIVEN, FILE, f"/{path}", layer.index, instruction_, shown, state, gone, gone_by)


def _in_text(archived: ArchivedImage, value: str) -> Iterator[Secret]:
    """Los pasos de la historia que lo dicen y, de la configuración, la variable o el campo que lo lleva."""
    say, shown = _without(value), mask(value)
    for step in archived.history:
        if value in step:
            yield Secret(GIVEN, HISTORY, keyword(step), None, say(step), shown)
    variables = [name for name, held in environment(archived.config).items() if value in held]
    for name in variables:
        yield Secret(GIVEN, CONFIG, name, None, "", shown, SEEN)
    rest = {name: held for name, held in archived.config.items() if name != "Env"}
    for name, held in rest.items():
        if value in json.dumps(held):
            yield Secret(GIVEN, CONFIG, name, None, "", shown, SEEN)


def _without(value: str) -> Callable[[str], str]:
    return lambda created_by: instruction(without_values(created_by, [value]))
