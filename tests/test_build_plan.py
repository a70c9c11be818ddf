"""Lo que se decide antes de construir: una sola lectura del Dockerfile, de la que sale todo."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from itertools import islice
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.build.events import BuildWarning
from multietapa.build.pipeline import run
from multietapa.build.plan import Plan, plan_build
from multietapa.cells.motor import Motor
from multietapa.dockerfile.targets import name_target
from multietapa.errors import (
    BuildError,
    ContextError,
    DockerfileError,
    MultietapaError,
    RegistryUnreachableError,
    UnknownNameError,
)
from multietapa.paths import PROJECT_ROOT


def planned(folder: Path, text: str, **options: Any) -> Plan:
    """El plan de un Dockerfile que se da como texto, para un motor amd64 si no se dice otra cosa."""
    return plan_build(folder, **{"tag": "a:1", "architecture": "amd64", "dockerfile": text, **options})


@pytest.mark.parametrize("architecture", ["amd64", "arm64", "s390x"])
@pytest.mark.parametrize("builder", ["buildkit", "clasico"])
def test_the_base_is_that_of_the_engine(tmp_path: Path, architecture: str, builder: str) -> None:
    """La base que se apunta en la imagen y la que se trae son la misma: la de la arquitectura del motor."""
    text = "ARG TARGETARCH\nFROM x:${TARGETARCH} AS uno\nRUN a\nFROM uno\nRUN b\n"
    plan = planned(tmp_path, text, architecture=architecture, builder=builder)
    assert plan.base == f"x:{architecture}"
    assert list(plan.images) == [plan.base]


CHAIN = """\
ARG V=14
FROM node:$V AS base
RUN a
FROM base AS medio
RUN b
FROM scratch AS nada
FROM medio
RUN c
"""


@pytest.mark.parametrize(
    ("target", "arguments", "stages", "base", "engine_target"),
    [
        (None, None, ("base", "medio", "stage-3"), "node:14", None),
        ("medio", {"V": "24"}, ("base", "medio"), "node:24", "medio"),
        ("stage-0", None, ("base",), "node:14", "base"),
        ("stage-3", None, ("base", "medio", "stage-3"), "node:14", "stage-3"),
        ("nada", None, ("nada",), "", "nada"),
    ],
)
def test_what_the_image_is_made_of(
    tmp_path: Path,
    target: str | None,
    arguments: dict[str, str] | None,
    stages: tuple[str, ...],
    base: str,
    engine_target: str | None,
) -> None:
    """Las etapas que acaban en la imagen y su imagen base, también a través de etapas y de ARG."""
    plan = planned(tmp_path, CHAIN, target=target, buildargs=arguments)
    assert (plan.chain, plan.base) == (stages, base)
    assert name_target(plan.source, plan.source.text, target)[1] == engine_target


def test_the_classic_builder_needs_every_base(tmp_path: Path) -> None:
    """BuildKit no trae la base de una etapa que no hace falta; el clásico las construye todas."""
    text = "FROM a AS sobra\nFROM b\n"
    assert list(planned(tmp_path, text).images) == ["b"]
    assert list(planned(tmp_path, text, builder="clasico").images) == ["a", "b"]


@pytest.mark.parametrize(
    ("options", "kind", "says"),
    [
        ({"tag": "MAL"}, BuildError, "«mal»"),
        ({"target": "compila"}, BuildError, "¿Querías decir «compilar»?"),
        ({"dockerfile": "no-existe"}, ContextError, "No existe el Dockerfile"),
        ({"dockerfile": "RUNN x\n"}, DockerfileError, "línea 1"),
        ({"dockerfile": "FROM Node:14\n"}, DockerfileError, "«node:14»"),
        ({"dockerfile": "FROM a\nRUN <<X\nX\n", "builder": "clasico"}, BuildError, "línea 2"),
        ({"builder": "otro"}, UnknownNameError, "buildkit, clasico"),
    ],
)
def test_what_can_be_said_without_an_engine(
    tmp_path: Path, options: dict[str, str], kind: type[Exception], says: str
) -> None:
    """Lo que está mal escrito se dice al hacer el plan, sin preguntar a ningún motor."""
    with pytest.raises(kind) as caught:
        planned(tmp_path, "FROM a AS compilar\n", **options)
    assert says in str(caught.value)


COUNT = """\
import sys
import threading

opened = []


def seen(event, args):
    if event == "open" and threading.current_thread().name != "multietapa-memoria":
        opened.append(str(args[0]))


sys.addaudithook(seen)

import docker
from multietapa.cells.construir import construir

folder, tag, builder, host = sys.argv[1:]
client = docker.DockerClient(base_url=host, timeout=600)
construir(folder, etiqueta=tag, constructor=builder, vista=False, cliente=client)
client.images.remove(tag)
print(opened.count(f"{folder}/Dockerfile"), opened.count(f"{folder}/otro.txt"))
"""


@pytest.mark.parametrize("builder", ["buildkit", "clasico"])
def test_a_build_opens_its_dockerfile_once(
    motor_real: Motor, base_image: str, tmp_path: Path, builder: str
) -> None:
    """Una construcción abre el Dockerfile una sola vez: no puede seguir dos distintos.

    Con sesión se abre otra más, como un archivo cualquiera de la carpeta, porque ``COPY . .`` lo pide. No
    cuenta quien mira, aparte, si los archivos de la carpeta han cambiado desde la vez anterior.
    """
    tag = f"multietapa-pruebas/plan:{uuid.uuid4().hex[:8]}"
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image} AS a\nCOPY . /x\nFROM a\nRUN true\n")
    (tmp_path / "otro.txt").write_text("se abre una vez, para enviarlo")
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(tmp_path.resolve()), tag, builder, motor_real.choice.host],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.split(), done.returncode) == (["2" if builder == "buildkit" else "1", "1"], 0), (
        done.stderr
    )


UNUSED = "FROM x AS base\nFROM x AS a\nFROM base AS suelta\nFROM x\nFROM x AS final\nCOPY --from=a /a /a\n"


@pytest.mark.parametrize(
    ("builder", "target", "built"),
    [("buildkit", None, []), ("clasico", None, [1, 3, 4]), ("buildkit", "a", []), ("clasico", "a", [1])],
)
def test_the_stages_that_nobody_uses(
    tmp_path: Path, builder: str, target: str | None, built: list[int]
) -> None:
    """Las etapas que nadie usa se conocen antes de construir, y cuáles se construirán de todos modos."""
    plan = planned(tmp_path, UNUSED, builder=builder, target=target)
    assert [stage.label for stage in plan.unused_stages] == ["base", "suelta", "stage-3"]
    assert [stage.line for stage in plan.unused_stages if plan.builds(stage)] == built
    nobody = docker.DockerClient(base_url=f"unix://{tmp_path}/nadie.sock", version="1.51")
    told = [event for event in islice(run(nobody, plan), 3) if isinstance(event, BuildWarning)]
    assert [warning.line for warning in told] == [1, 3, 4]
    assert told[0].text.startswith("La etapa «base» solo sirve a otra que nadie usa: ")
    assert told[1].text.startswith("Nadie usa la etapa «suelta»: ")
    assert told[2].text.startswith("Nadie usa la etapa 3 (sin nombre): ")
    assert ["clásico" in warning.text for warning in told] == [warning.line in built for warning in told]


def test_a_stage_is_used_by_its_copies_its_mounts_and_its_target(tmp_path: Path) -> None:
    """Copiar de una etapa, montarla, partir de ella o pedirla es usarla."""
    text = "FROM x AS a\nFROM x AS b\nFROM x AS c\nFROM x AS d\nFROM a\nCOPY --from=1 /x /x\n"
    text += "RUN --mount=type=bind,from=c,target=/c true\n"
    plan = planned(tmp_path, text)
    assert [stage.name for stage in plan.unused_stages] == ["d"]
    plan = planned(tmp_path, text, target="d")
    assert plan.unused_stages == ()


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("# syntax=docker/dockerfile:1\nFROM x\n", RegistryUnreachableError, "Quita la línea 1"),
        ("# syntax=otra/sintaxis\nFROM x\n", RegistryUnreachableError, "la imagen que lee el Dockerfile"),
        (
            "FROM y AS build\nFROM y\nCOPY --from=nginx /a /a\n",
            RegistryUnreachableError,
            "«nginx» no es una etapa (línea 3 del Dockerfile)",
        ),
        (
            "FROM y AS build\nFROM y\nCOPY --from=nginx /a /a\n",
            RegistryUnreachableError,
            "No contesta nginx.",
        ),
        ("FROM y AS build\nFROM y\nCOPY --from=buil /a /a\n", BuildError, "¿Querías decir «build»?"),
    ],
)
def test_a_registry_that_does_not_answer_is_not_the_fault_of_who_writes(
    tmp_path: Path, text: str, kind: type[MultietapaError], says: str
) -> None:
    """Sin red se dice que nadie contesta, y qué línea lo pide; una etapa mal escrita sigue siéndolo."""

    def only_y(name: str) -> None:
        if name != "y":
            raise RegistryUnreachableError(f"No contesta {name}.")

    nobody = docker.DockerClient(base_url=f"unix://{tmp_path}/nadie.sock", version="1.41")
    with pytest.raises(MultietapaError, match=re.escape(says)) as caught:
        list(run(nobody, planned(tmp_path, text), ensure_base=only_y))
    assert type(caught.value) is kind
