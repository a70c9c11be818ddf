"""La sesión contra la orden docker: la misma imagen, la misma caché y, si falla, por lo mismo.

Cada caso es una carpeta, un ``.dockerignore`` y un Dockerfile al azar, que construyen los dos, alternando
quién va antes: el segundo tiene que encontrar en la caché todos los pasos del primero. ``MULTIETAPA_SEMILLA``
repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import docker

from multietapa.build.events import BuildFailed, BuildFinished, Event, StepDeclared, StepFinished, StepKind
from multietapa.build.session.folder_key import FolderKeys
from multietapa.build.session.stream import stream
from multietapa.build.stream import BuildOptions
from multietapa.dockerfile.context import open_context
from multietapa.identity import labels
from tests.conftest import SecondEngine, needs_unix
from tools.docker_cli import DockerCommand, docker_command

pytestmark = needs_unix
CASES = int(os.environ.get("MULTIETAPA_CASOS") or 30)
NAMES = ("a", "b", "c.txt", "d.log", "ñu", "x y")
PATTERNS = (
    "a",
    "*.log",
    "**/c.txt",
    "!a/c.txt",
    "b/*",
    "!**/ñu",
    "*/b",
    "x?y",
    "Dockerfile",
    ".dockerignore",
)
COPIES = (
    *["COPY . /d/"] * 4,
    "COPY a /d/",
    "COPY *.log c.txt* /d/",
    "COPY a/b /d/",
    "COPY ñu /d/ñu",
    "COPY enlace /d/",
    'COPY ["x y", "/d/"]',
    "COPY --chmod=600 b* /d/",
    "COPY --link c.txt /d/",
    "ADD a/c.txt /d/",
)
#: De dos cosas que faltan a la vez el motor cuenta una cualquiera: aquí solo puede faltar una.
STAGES = "FROM scratch AS uno\n{}\nFROM scratch\nCOPY --from=uno /d /e\nCOPY . /f/\n"


@dataclass(frozen=True)
class Answer:
    """Lo que dijo un constructor: la imagen o por qué no, y los pasos, si salieron de la caché."""

    image: str
    reason: str
    cached: dict[str, bool]


def ours(client: docker.DockerClient, root: Path, tag: str, keys: FolderKeys) -> Answer:
    """Construye con la sesión."""
    context = open_context(root)
    options = BuildOptions("Dockerfile", tag, labels=labels())
    with closing(stream(client, context, options, text=context.text, keys=keys)) as events:
        found: list[Event] = list(events)
    last = found[-1]
    steps = {e.id: e.name for e in found if isinstance(e, StepDeclared) and e.kind is StepKind.INSTRUCTION}
    cached = {
        steps[event.id]: event.cached
        for event in found
        if isinstance(event, StepFinished) and event.id in steps and not event.error
    }
    if isinstance(last, BuildFailed):
        return Answer("", plain(last.reason), cached)
    assert isinstance(last, BuildFinished)
    return Answer(last.image_id, "", cached)


def theirs(client: docker.DockerClient, order: DockerCommand, root: Path, tag: str) -> Answer:
    """Construye con la orden docker."""
    marks = [f"--label={key}={value}" for key, value in labels().items()]
    file = root.parent / f"{root.name}.id"
    done = order.run(
        *(
            "build",
            "--progress=plain",
            "--provenance=false",
            "-t",
            tag,
            f"--iidfile={file}",
            *marks,
            str(root),
        )
    )
    steps = dict(re.findall(r"^#(\d+) \[(?!internal)[^\]]*\d+/\d+\] (.*)$", done.stderr, re.MULTILINE))
    cached = {name: f"\n#{number} CACHED" in done.stderr for number, name in steps.items()}
    if done.returncode:
        said = done.stderr[done.stderr.rindex("ERROR: ") :].strip()
        return Answer(
            "", plain(re.sub(r"^ERROR: (failed to build: )?(failed to solve: )?", "", said)), cached
        )
    return Answer(str(client.images.get(tag).id), "", cached)


def plain(reason: str) -> str:
    """La razón de un fallo, sin los nombres que el motor da a lo recibido y a cada capa a medias."""
    said = re.sub(r"ref \S+::\S+:", "ref X:", reason.removeprefix("failed to solve: "))
    return re.sub(r"/\S+/(overlay2|snapshots)/\w+/(diff|fs)/", "/", said).strip()


def grow(root: Path, draw: random.Random, depth: int = 0) -> None:
    """Llena ``root`` al azar de archivos, carpetas, enlaces y permisos."""
    for name in draw.sample(NAMES, draw.randint(1, len(NAMES))):
        path, kind = root / name, draw.random()
        if kind < 0.35 and depth < 2:
            path.mkdir(mode=draw.choice([0o755, 0o700]))
            grow(path, draw, depth + 1)
        elif kind < 0.45:
            path.symlink_to(draw.choice(["a", "../b", "/c.txt", "nada"]))
        else:
            path.write_bytes(draw.randbytes(draw.randint(0, 200)))
            path.chmod(draw.choice([0o644, 0o755, 0o4755, 0o600]))
    if depth == 0:
        (root / "enlace").symlink_to(draw.choice(NAMES))
        files = [path for path in root.iterdir() if path.is_file() and not path.is_symlink()]
        if files:
            (root / "z").hardlink_to(draw.choice(files))


def plant(root: Path, draw: random.Random) -> str:
    """Crea la carpeta de un caso; da lo que hace falta saber si falla."""
    root.mkdir()
    grow(root, draw)
    rules = draw.sample(PATTERNS, draw.randint(0, 4))
    if rules:
        (root / ".dockerignore").write_text("\n".join(rules), encoding="utf-8")
    text = f"FROM scratch\n{draw.choice(COPIES)}\n"
    if draw.random() < 0.5:
        text = STAGES.format(draw.choice(COPIES))
    (root / "Dockerfile").write_text(text, encoding="utf-8")
    return f"{rules} {text!r}"


def compare(client: docker.DockerClient, order: DockerCommand, work: Path, cases: int) -> None:
    """Construye los casos con los dos y comprueba que dicen lo mismo."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    draw, built, failed = random.Random(seed), 0, 0
    keys, tag = FolderKeys(work / "claves"), "multietapa-pruebas/oraculo"
    for case in range(cases):
        root = work / str(case)
        what = f"MULTIETAPA_SEMILLA={seed}, caso {case}: {plant(root, draw)}"
        if case % 2:
            first, second = ours(client, root, f"{tag}:a", keys), theirs(client, order, root, f"{tag}:b")
        else:
            first, second = theirs(client, order, root, f"{tag}:a"), ours(client, root, f"{tag}:b", keys)
        assert first.image == second.image, f"{what}\n{first}\n{second}"
        mine, other = (first, second) if case % 2 else (second, first)
        again = partial(theirs, client, order, root, tag)
        assert same_reason(mine.reason, other.reason, again), f"{what}\n{first}\n{second}"
        # Un «COPY --link» que ya está en la caché quizá ni se nombra: el motor no llega a mirarlo.
        assert all(second.cached.values()) or first.reason, f"{what}\n{first}\n{second}"
        built, failed = built + bool(first.image), failed + bool(first.reason)
        shutil.rmtree(root)
        if case % 50 == 49:
            print(f"{case + 1} casos: {built} construidos, {failed} fallan con los dos", flush=True)
            clean(client, tag)
    clean(client, tag)
    assert built
    print(f"{cases} casos: {built} construidos, {failed} fallan con los dos")


def same_reason(mine: str, other: str, again: Callable[[], Answer]) -> bool:
    """Si la orden docker dice ``mine``: ya, o alguna de veinte veces más que se le pregunta.

    De dos orígenes que faltan a la vez en un COPY (dos enlaces a nada), el motor nombra el que antes falla, y
    no es siempre el mismo: la orden tampoco se repite.
    """
    return mine == other or (bool(mine and other) and any(again().reason == mine for _ in range(20)))


def clean(client: docker.DockerClient, tag: str) -> None:
    """Borra las imágenes de las pruebas."""
    for image in client.images.list(tag):
        client.images.remove(image.id, force=True)


def test_random_folders_are_built_as_docker_build_does(
    engine: docker.DockerClient, docker_cli: DockerCommand, tmp_path: Path
) -> None:
    """Con cualquier carpeta: la misma imagen, todos los pasos del otro en la caché y los mismos fallos."""
    compare(engine, docker_cli, tmp_path, CASES)


def test_also_where_images_are_kept_by_containerd(
    second_engine_factory: SecondEngine, tmp_path: Path
) -> None:
    """Lo mismo en un motor con el otro almacén de imágenes."""
    with second_engine_factory(containerd=True) as (client, daemon):
        compare(client, docker_command(tmp_path / "orden", daemon.host), tmp_path, max(10, CASES // 10))
