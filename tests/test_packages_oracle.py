"""Los paquetes que el taller ve en las imágenes del curso, frente a los que ve un escáner ajeno."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from multietapa.apps import app
from multietapa.bases.sources import ensure_base
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.image.image import measure_archive
from multietapa.image.packages.inventory import inventory
from multietapa.image.packages.model import Inventory
from multietapa.image.packages.node import is_package
from tests import trivy

NAIVE, STAGED = "prueba-paquetes:ingenua", "prueba-paquetes:multietapa"
IMAGES = ("node:24", "node:24-alpine", NAIVE, STAGED)
Names = set[tuple[str, str]]


@dataclass(frozen=True)
class Both:
    """Lo que ven los dos en una imagen, y en qué archivos está cada nombre y versión de npm."""

    ours: Inventory
    theirs: dict[str, Names]
    described: dict[tuple[str, str], set[str]]


@pytest.fixture(scope="module")
def shops(motor_real: Motor) -> Iterator[docker.DockerClient]:
    """El motor, con las bases y las dos tiendas; las tiendas se borran al final."""
    client, shop = motor_real.client, app("tienda-node").folder
    construir(shop, dockerfile="Dockerfile.ingenuo", etiqueta=NAIVE, vista=False, cliente=client)
    construir(shop, etiqueta=STAGED, vista=False, cliente=client)
    for reference in ("node:24", "node:24-alpine"):
        ensure_base(client, reference)
    yield client
    for tag in (NAIVE, STAGED):
        client.images.remove(tag, force=True)


def seen(client: docker.DockerClient, tag: str, work: Path) -> Both:
    """Mira una imagen con los dos, en el mismo archivo."""
    place = work / "imagen.tar"
    with place.open("wb") as target:
        for piece in client.images.get(tag).save(named=tag):
            target.write(piece)
    image = measure_archive(place, tag, transfer=False)
    return Both(inventory(image), trivy.packages(place), described(place))


def described(place: Path) -> dict[tuple[str, str], set[str]]:
    """Los ``package.json`` de todas las capas: dónde está cada nombre (en minúsculas) y versión."""
    found: dict[tuple[str, str], set[str]] = {}
    with tarfile.open(place) as image:
        manifest = image.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            with tarfile.open(fileobj=image.extractfile(name)) as layer:
                for entry in layer:
                    content = layer.extractfile(entry) if entry.name.endswith("/package.json") else None
                    if content is not None:
                        try:
                            read = json.load(content)
                        except ValueError:
                            continue  # hay pruebas de otros que llevan uno roto a propósito
                        key = (str(read.get("name", "")).lower(), str(read.get("version", "")))
                        found.setdefault(key, set()).add(entry.name)
    return found


@pytest.mark.parametrize("tag", IMAGES)
def test_both_see_the_same_packages(shops: docker.DockerClient, tag: str, tmp_path: Path) -> None:
    """Los de Debian, idénticos; los de npm, todos, y lo que él añade no es un paquete instalado.

    Son ``package.json`` que no están en la raíz de un paquete de ``node_modules``: el de la propia aplicación
    y los que los paquetes llevan en sus pruebas.
    """
    both = seen(shops, tag, tmp_path)
    assert {(one.name, one.version) for one in both.ours.of("dpkg")} == both.theirs["deb"]
    assert both.ours.known("dpkg")
    assert both.ours.problems == ()
    npm: Names = {(one.name.lower(), one.version) for one in both.ours.of("npm")}
    assert npm
    assert npm - both.theirs["npm"] == set()
    extra = both.theirs["npm"] - npm
    assert not [one for one in extra if any(map(is_package, both.described[one]))]
    assert both.ours.of("go") == both.ours.of("pip") == ()
    assert {"deb", "npm"} == set(both.theirs)
