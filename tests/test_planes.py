"""Los Dockerfiles de ``data/planes``, uno a uno: lo que dibuja el grafo es lo que planea BuildKit.

Cada uno dice en su primer comentario qué cubre y, si hace falta, con qué se construye. Los ``prohibido-*`` no
se pueden construir: lo dicen el motor y el kit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from multietapa.build.events import BuildFailed, StepDeclared
from multietapa.build.failure import misplaced
from multietapa.build.pipeline import run
from multietapa.build.plan import Plan, plan_build
from multietapa.build.session.extras import wanted_extras
from multietapa.build.session.folder_key import FolderKeys
from multietapa.build.session.stream import stream
from multietapa.build.stream import BuildOptions
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.graph import EdgeKind, NodeKind, Skip, graph
from multietapa.dockerfile.platforms import read_platform
from multietapa.errors import MultietapaError
from multietapa.identity import labels
from multietapa.text import join
from tests.planning import expected, planned

FOLDER = Path(__file__).parent / "data/planes"
AT_LEAST = 150
TAG = "multietapa-pruebas/plano"
#: Más nombres de la imagen base de las pruebas: uno solo de una imagen, y otro también de etapas.
ALSO_CALLED = ("multietapa-otra:1", "multietapa-sombra:latest")
FORBIDDEN = "prohibido"
_HEADER = re.compile(r"^# (cubre|objetivo|argumentos|contextos|falla): (.+?)\r?$", re.MULTILINE)


@dataclass(frozen=True)
class Written:
    """Uno de los archivos: su texto y lo que dicen sus comentarios."""

    name: str
    text: str
    covers: str
    target: str | None = None
    buildargs: dict[str, str] = field(default_factory=dict)
    contexts: dict[str, str] = field(default_factory=dict)
    fails: str = ""

    @property
    def group(self) -> str:
        """De qué trata: la primera palabra de su nombre."""
        return self.name.partition("-")[0]


def read(path: Path) -> Written:
    """El archivo, sin tocar sus finales de línea."""
    text = path.read_bytes().decode()
    told = dict(_HEADER.findall(text.removeprefix("\ufeff")))

    def pairs(key: str) -> dict[str, str]:
        found = (pair.partition("=") for pair in told.get(key, "").split())
        return {name: value for name, _, value in found}

    return Written(
        path.stem,
        text,
        told.get("cubre", ""),
        told.get("objetivo"),
        pairs("argumentos"),
        pairs("contextos"),
        told.get("falla", ""),
    )


ALL = tuple(read(path) for path in sorted(FOLDER.glob("*.Dockerfile")))
GROUPS = sorted({one.group for one in ALL})


def prepared(one: Written, place: Path, architecture: str = "amd64") -> Plan:
    """El plan del kit. Lanza lo que el kit sabe decir antes de construir."""
    contexts = {name: where if "://" in where else place / where for name, where in one.contexts.items()}
    plan = plan_build(
        place / "contexto",
        tag=TAG,
        architecture=architecture,
        dockerfile=one.text,
        target=one.target,
        buildargs=one.buildargs,
        extras=wanted_extras(contexts=contexts),
    )
    if problem := misplaced(plan.source, plan.target, classic=False):
        raise problem
    return plan


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """La carpeta con la que se construyen, y otra al lado."""
    found = tmp_path_factory.mktemp("planes")
    for name in ("contexto/a", "contexto/b", "contexto/c", "aparte/z"):
        (found / name).parent.mkdir(exist_ok=True)
        (found / name).write_text(name)
    return found


@pytest.fixture(scope="module")
def ready(engine: docker.DockerClient, base_image: str) -> Iterator[docker.DockerClient]:
    """El motor, con las imágenes que piden; al acabar no queda ninguna."""
    for name in ALSO_CALLED:
        engine.images.get(base_image).tag(name)
    yield engine
    for name in (*ALSO_CALLED, TAG):
        for image in engine.images.list(name):
            engine.images.remove(name if name in image.tags else image.id, force=name == TAG)


def test_every_kind_is_there(place: Path) -> None:
    """Hay muchos, cada uno dice lo suyo, y entre todos está toda clase de nodos, aristas y sobrantes."""
    assert len(ALL) >= AT_LEAST
    silent = [one.name for one in ALL if not one.covers or bool(one.fails) != (one.group == FORBIDDEN)]
    assert not silent, f"no dicen qué cubren, o qué falla: {join(silent)}"
    twice = [one.name for one in ALL if sum(other.covers == one.covers for other in ALL) > 1]
    assert not twice, f"dicen que cubren lo mismo: {join(twice)}"
    drawn = []
    for one in ALL:
        if one.group != FORBIDDEN:
            plan = prepared(one, place)
            drawn.append(graph(plan.source, plan.target))
    assert {edge.kind for found in drawn for edge in found.edges} == set(EdgeKind)
    assert {node.kind for found in drawn for node in found.nodes} == set(NodeKind)
    assert {left.why for found in drawn for left in found.skipped} == set(Skip)


@pytest.mark.parametrize("group", [group for group in GROUPS if group != FORBIDDEN])
def test_planned_as_drawn(ready: docker.DockerClient, place: Path, group: str) -> None:
    """Las etapas que se hacen, las que no, y de dónde toma cada una en qué línea: ninguna diferencia."""
    architecture = read_platform(f"linux/{ready.info()['Architecture']}").architecture
    for one in (one for one in ALL if one.group == group):
        plan = prepared(one, place, architecture)
        with closing(run(ready, plan)) as events:
            steps = [event for event in events if isinstance(event, StepDeclared)]
        drawing = graph(plan.source, plan.target)
        told = planned(steps, plan.source)
        assert told == expected(drawing, plan.source, one.contexts), one.name
        left = {drawing.node(skipped.key).stage for skipped in drawing.skipped}
        assert not left & told.stages, one.name


@pytest.mark.parametrize("one", [one for one in ALL if one.group == FORBIDDEN], ids=lambda one: one.name)
def test_forbidden_for_both(ready: docker.DockerClient, place: Path, tmp_path: Path, one: Written) -> None:
    """Lo que el kit no deja construir, el motor tampoco, y el kit dice por qué."""
    context = open_context(place / "contexto", dockerfile=one.text)
    options = BuildOptions("Dockerfile", TAG, labels=labels())
    keys = FolderKeys(tmp_path / "claves")
    with closing(stream(ready, context, options, text=one.text, keys=keys)) as events:
        assert isinstance(list(events)[-1], BuildFailed)
    with pytest.raises(MultietapaError) as caught:
        list(run(ready, prepared(one, place)))
    assert one.fails in str(caught.value)
