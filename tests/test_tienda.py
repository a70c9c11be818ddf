"""La tienda, de verdad: las dos recetas de la semilla, sus imágenes, sus propias pruebas y ``verificar``."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator

import docker
import pytest

from multietapa.apps import APPS, app
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.identity import labels
from multietapa.measure.measure import Measurement, measure

SHOP = app("tienda-node").folder
VERIFY = (sys.executable, APPS / "verificar")
NAIVE, STAGED = "prueba-tienda:ingenua", "prueba-tienda:multietapa"
NAIVE_RECIPE = """\
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
"""
STAGED_RECIPE = """\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY package*.json ./
RUN npm install --only=production
CMD ["npm", "start"]
"""


@pytest.fixture(scope="module")
def images(motor_real: Motor) -> Iterator[dict[str, Measurement]]:
    """Las dos imágenes, construidas en el motor real y medidas; se borran al final."""
    client = motor_real.client
    construir(SHOP, dockerfile="Dockerfile.ingenuo", etiqueta=NAIVE, vista=False, cliente=client)
    construir(SHOP, etiqueta=STAGED, vista=False, cliente=client)
    yield {tag: measure(client, tag, info=motor_real.info) for tag in (NAIVE, STAGED)}
    for tag in (NAIVE, STAGED):
        client.images.remove(tag, force=True)


@pytest.mark.parametrize(
    ("name", "recipe"), [("Dockerfile.ingenuo", NAIVE_RECIPE), ("Dockerfile", STAGED_RECIPE)]
)
def test_recipes_are_those_of_the_seed(name: str, recipe: str) -> None:
    """Los dos Dockerfiles llevan exactamente las instrucciones de la semilla, en su orden."""
    lines = (SHOP / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")] == recipe.splitlines()


def test_the_naive_image_is_at_least_five_times_the_other(images: dict[str, Measurement]) -> None:
    """La ingenua ocupa al menos 5 veces lo que la multietapa, en Desempaquetado y medido aquí."""
    assert images[NAIVE].unpacked_bytes >= 5 * images[STAGED].unpacked_bytes
    assert images[NAIVE].transfer_bytes > images[STAGED].transfer_bytes > 0


@pytest.mark.parametrize("tag", [NAIVE, STAGED])
@pytest.mark.usefixtures("images")
def test_verificar_is_satisfied_with_both(motor_real: Motor, tag: str) -> None:
    """``verificar`` arranca cada imagen, le hace preguntas de verdad y sale con 0, sin dejar contenedores."""
    before = {container.id for container in motor_real.client.containers.list(all=True)}
    done = subprocess.run([*VERIFY, "tienda-node", tag], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Todo bien." in done.stdout
    assert {container.id for container in motor_real.client.containers.list(all=True)} <= before


def test_verificar_rejects_what_is_not_the_shop(engine: docker.DockerClient, base_image: str) -> None:
    """Con una imagen que arranca y no es la tienda, ``verificar`` sale con 1 y dice qué esperaba."""
    tag = "prueba-tienda:falsa"
    serve = "mkdir -p /w && echo hola > /w/salud && exec httpd -f -p 3000 -h /w"
    recipe = f'FROM {base_image}\nCMD ["sh", "-c", "{serve}"]\n'
    engine.images.build(fileobj=io.BytesIO(recipe.encode()), tag=tag, labels=labels(), rm=True)
    try:
        done = subprocess.run([*VERIFY, "tienda-node", tag], capture_output=True, text=True)
        assert done.returncode == 1
        assert "/salud" in done.stderr
    finally:
        engine.images.remove(tag, force=True)


@pytest.mark.usefixtures("engine")
def test_verificar_without_its_image_says_what_to_do() -> None:
    """Una imagen que no está sale con 1 y propone construirla; con la orden a medias, sale con 2."""
    done = subprocess.run([*VERIFY, "tienda-node", "nadie:1"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "Constrúyela primero" in done.stderr
    for words in ((), ("tienda-node",)):
        done = subprocess.run([*VERIFY, *words], capture_output=True, text=True)
        assert done.returncode == 2
        assert "Uso: verificar APP IMAGEN" in done.stderr
    done = subprocess.run([*VERIFY, "tienda", "nadie:1"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "tienda-node" in done.stderr


@pytest.mark.usefixtures("images")
def test_the_shop_passes_its_own_tests(motor_real: Motor) -> None:
    """Las pruebas de la tienda pasan con el Node de la imagen que la compila."""
    written = motor_real.ejecutar(NAIVE, "npm test")
    assert "passing" in written
    assert "failing" not in written
