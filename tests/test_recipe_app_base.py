"""Las recetas «Añadir una app» y «Añadir una base» de CONTRIBUTING, seguidas en una copia del proyecto."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import docker
import pytest

from multietapa.bases.debian import System
from multietapa.cells.motor import Motor
from multietapa.identity import labels
from multietapa.paths import PROJECT_ROOT, cache_dir
from tests.conftest import copy_project

APP_JSON = """\
{
  "title": "Buzón",
  "language": "sh",
  "port": 8080,
  "health": "/salud",
  "versions": [{ "name": "única", "dockerfile": "Dockerfile", "tag": "prueba-buzon:1" }],
  "bases": ["multietapa-pruebas/base:1"]
}
"""
DOCKERFILE = """\
FROM multietapa-pruebas/base:1
WORKDIR /web
COPY . .
CMD ["httpd", "-f", "-p", "8080", "-h", "/web"]
"""
QUESTIONS = """\
def ask(web):
    web.expect(web.text("/salud").strip() == "bien", "/salud debería decir bien", "otra cosa")
    yield "/salud dice bien"
    web.text("/app.json", status=404)
    yield "Su ficha no viaja en la imagen"
"""
FAMILY = '''\
"""Una base que saluda."""

from multietapa.bases.debian import System
from multietapa.bases.equivalent import REVISION, Equivalent, Layer, digest, layer_file

BASES = ("multietapa-pruebas/saludo:1",)
VERSION = "1.0"


def recipe(reference):
    if reference not in BASES:
        return None
    system = System(full=False)
    greeting = Layer(layer_file("saludo", REVISION, VERSION), f"equivalente local: saludo {VERSION}", fill)
    key = digest(*system.recipe, VERSION)
    return Equivalent(reference, key, (system.layer, greeting), command=("saluda",))


def fill(root, work, progress):
    progress("escribiendo el saludo", 0, 0)
    program = root / "usr/local/bin/saluda"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\\necho hola desde la base\\n")
    program.chmod(0o755)
'''
ASK_FOR_IT = """\
import docker
from multietapa.bases.catalogue import workshop_bases
from multietapa.bases.sources import ensure_base

reference = "multietapa-pruebas/saludo:1"
assert reference in workshop_bases(), workshop_bases()
client = docker.from_env()
print(ensure_base(client, reference).origin)
print(ensure_base(client, reference).origin)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Una copia del proyecto en la que se puede tocar."""
    return copy_project(tmp_path / "proyecto")


def steps(title: str) -> str:
    """Los pasos de esa receta en CONTRIBUTING."""
    text = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def in_project(
    project: Path, engine: Motor, *words: str, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Una orden de Python en la copia, con su código y el motor de las pruebas."""
    env = {**os.environ, "PYTHONPATH": str(project), "DOCKER_HOST": engine.choice.host, **variables}
    return subprocess.run([sys.executable, *words], cwd=project, capture_output=True, text=True, env=env)


@pytest.mark.usefixtures("base_image")
def test_adding_an_app(project: Path, motor_real: Motor) -> None:
    """Con su carpeta (ficha, preguntas y Dockerfile) una app se encuentra, se construye y se verifica."""
    recipe, client = steps("Añadir una app"), motor_real.client
    folder = project / "apps/buzon"
    folder.mkdir()
    files = {
        "app.json": APP_JSON,
        "preguntas.py": QUESTIONS,
        ".dockerignore": "app.json\npreguntas.py\n",
        "Dockerfile": DOCKERFILE,
        "salud": "bien\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert all(name in recipe for name in list(files)[:4])
    listing = "from multietapa.apps import apps; print([app.name for app in apps()])"
    done = in_project(project, motor_real, "-c", listing)
    assert done.stdout.strip() == "['buzon', 'faro-c', 'tienda-node']", done.stderr
    tag = "prueba-buzon:1"
    client.images.build(path=str(folder), tag=tag, labels=labels(), rm=True)
    try:
        done = in_project(project, motor_real, "apps/verificar", "buzon", tag)
        assert done.returncode == 0, done.stdout + done.stderr
        for said in ("✓ /salud dice bien", "✓ Su ficha no viaja en la imagen", "Todo bien."):
            assert said in done.stdout
        (folder / "preguntas.py").write_text(QUESTIONS.replace('"bien",', '"mal",'))
        done = in_project(project, motor_real, "apps/verificar", "buzon", tag)
        assert done.returncode == 1
        assert "/salud debería decir bien" in done.stderr
        assert not client.containers.list(all=True, filters={"name": "verificar-buzon"})
    finally:
        client.images.remove(tag, force=True)


def test_adding_a_base(project: Path, motor_real: Motor, tmp_path: Path) -> None:
    """Con un solo archivo, una base nueva es del taller, se hace aquí y arranca."""
    recipe, client = steps("Añadir una base"), motor_real.client
    place = re.search(r"`(multietapa/bases/families/)<familia>\.py`", recipe)
    assert place is not None
    assert all(name in recipe for name in ("BASES", "recipe(", "Equivalent", "key"))
    (project / place[1] / "saludo.py").write_text(FAMILY, encoding="utf-8")
    cache = tmp_path / "caché"
    (cache / "bases").mkdir(parents=True)
    system = System(full=False).layer.file  # el sistema que comparte con las demás, si ya está hecho
    if (cache_dir() / "bases" / system).exists():
        (cache / "bases" / system).symlink_to(cache_dir() / "bases" / system)
    reference = "multietapa-pruebas/saludo:1"
    try:
        done = in_project(project, motor_real, "-c", ASK_FOR_IT, MULTIETAPA_CACHE=str(cache))
        origins = ["equivalente local", "equivalente local, ya estaba en el motor"]
        assert done.stdout.splitlines() == origins, done.stdout + done.stderr
        assert client.containers.run(reference, remove=True, labels=labels()) == b"hola desde la base\n"
        assert client.images.get(reference).labels["org.multietapa.base.capas"] == "2"
    finally:
        try:
            client.images.remove(reference, force=True)
        except docker.errors.ImageNotFound:
            pass
