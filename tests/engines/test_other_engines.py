"""El taller sobre el motor que ya tiene quien lo usa: otras versiones de Docker, y Podman."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from multietapa.apps import app
from multietapa.bases.loading import load
from multietapa.bases.sources import ensure_base
from multietapa.build.events import BuildFailed, BuildWarning, ContextSent, Event, LogLine
from multietapa.build.pipeline import build_events
from multietapa.cells.comparar import comparar
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.limpiar import limpiar
from multietapa.containers.commands import run_command
from multietapa.containers.running import read_file
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE
from multietapa.errors import BuildCancelled, BuildError, ContextError
from multietapa.identity import LABEL, SESSION_LABEL, SESSION_VARIABLE, labels
from multietapa.image.image import measure_archive
from multietapa.measure.cache import MeasureCache
from multietapa.measure.surface.face import Kind
from multietapa.measure.surface.look import look
from multietapa.paths import PROJECT_ROOT
from tests.conftest import body_of, run_web
from tests.crafted import archive_of, entry, layer
from tests.engines.conftest import Running
from tests.sessions import everything_at_once

BUILDERS = ("buildkit", "clasico")
TWO_STAGES = """\
ARG NADA=1
FROM BASE AS build
RUN echo uno; dd if=/dev/zero of=/salida bs=700000 count=1
FROM BASE
COPY --from=build /salida /salida
RUN echo dos-uno; echo dos
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Una carpeta de contexto con un archivo."""
    (tmp_path / "a.txt").write_text("hola\n")
    return tmp_path


@pytest.fixture
def tag(other: Running) -> Iterator[str]:
    """Una etiqueta nueva; su imagen se borra al final."""
    name = f"multietapa-pruebas/otros:{uuid.uuid4().hex[:8]}"
    yield name
    for image in other.client.images.list(name):
        other.client.images.remove(image.id, force=True)


def text_for(other: Running, text: str) -> str:
    """El Dockerfile con la imagen base de las pruebas."""
    return text.replace("BASE", other.base)


def test_the_engine_says_who_it_is(other: Running) -> None:
    """Se reconoce como un motor existente, con su nombre y su versión."""
    info = other.motor.info
    assert info is not None
    name, _, version = other.engine.name.partition("-")
    assert name in info.label.lower()
    assert info.version.startswith(version)
    assert info.kind == "existente"


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_build_says_all_it_did(
    other: Running, context: Path, tag: str, builder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Vuelven los pasos con su etapa y su línea, el registro de cada uno, quién construyó y la caché."""

    def build() -> Construccion:
        return construir(
            context, dockerfile=text, etiqueta=tag, constructor=builder, vista="texto", cliente=other.client
        )

    word = uuid.uuid4().hex
    text = text_for(other, TWO_STAGES).replace("uno", word)
    done = build()
    steps = [(p.etapa, p.texto.split()[0], p.linea) for p in done.pasos if p.etapa]
    assert ("· Buildah ·" in capsys.readouterr().err) == other.engine.is_podman
    assert steps == [("build", "RUN", 3), ("stage-1", "COPY", 5), ("stage-1", "RUN", 6)]
    assert f"── build: RUN echo {word}" in done.registro
    assert done.registro.endswith(f"\ndos-{word}\ndos")
    again = build()
    assert again.de_cache >= 2
    assert [paso.texto for paso in again.pasos] == [paso.texto for paso in done.pasos]


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    ("lines", "kind", "said", "line"),
    [
        ("RUN echo antes\nRUN echo 'exit code: 77'; exit 8", BuildError, "terminó con el código 8", 3),
        ("COPY a.txt /a\nCOPY no-está.txt /b", ContextError, "No existe «no-está.txt»", 3),
        ("RUN /no/existe", BuildError, "terminó con el código 127", 2),
    ],
    ids=["código", "archivo", "orden"],
)
def test_a_failure_is_explained_with_its_line(
    other: Running, context: Path, builder: str, lines: str, kind: type[BuildError], said: str, line: int
) -> None:
    """Un fallo dice qué pasó y la línea del Dockerfile, lo cuente como lo cuente el motor."""
    with pytest.raises(BuildError, match=said) as raised:
        construir(
            context, dockerfile=f"FROM {other.base}\n{lines}\n", etiqueta="multietapa-pruebas/otros:fallo",
            constructor=builder, vista=False, cliente=other.client,
        )  # fmt: skip
    assert isinstance(raised.value, kind)
    assert raised.value.line == line


def test_only_what_changed_travels(other: Running, context: Path, tag: str) -> None:
    """Los Docker abren una sesión y solo piden lo que cambió; Podman no la tiene, y se dice en una línea."""
    for n in range(20):
        (context / f"{n}.txt").write_text("x" * 1000)

    def build() -> list[Event]:
        text = f"FROM {other.base}\nCOPY . /app\n"
        return list(build_events(other.client, context, tag=tag, dockerfile=text))

    time.sleep(0.05)  # dos escrituras en el mismo tic del reloj llevan la misma fecha: en la duda viaja todo
    build()
    time.sleep(0.05)
    (context / "7.txt").write_text("y" * 1001)
    events = build()
    sent = [(e.files, e.bytes, e.of_files) for e in events if isinstance(e, ContextSent) and e.complete]
    said = [e.text for e in events if isinstance(e, BuildWarning) and "sesiones" in e.text]
    assert (sent, len(said)) == (([], 1) if other.engine.is_podman else ([(1, 1001, 21)], 0))
    assert read_file(other.motor, tag, "/app/7.txt") == b"y" * 1001


def test_the_files_land_in_a_folder(other: Running, context: Path, tag: str) -> None:
    """Con ``salida`` llegan los de la imagen, en una orden o en dos, también sin caché; Podman no sabe."""
    text = f"FROM {other.base} AS x\nRUN cat /proc/sys/kernel/random/uuid > /azar\n"
    text += "FROM scratch\nCOPY --from=x /azar /azar\nCOPY a.txt /\n"
    folder = context / "dist"

    def build() -> Construccion:
        return construir(
            context, dockerfile=text, etiqueta=tag, salida=folder, sin_cache=True, vista=False,
            cliente=other.client,
        )  # fmt: skip

    if other.engine.is_podman:
        with pytest.raises(BuildError, match="no puede construir con «salida»"):
            build()
        return
    assert build().escrito[0] == 2
    assert (folder / "azar").read_bytes() == read_file(other.motor, tag, "/azar")


def test_a_folder_by_its_name_and_another_platform(
    other: Running, context: Path, tag: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """``contextos`` y ``plataforma`` valen, o se dice que ese motor no los entiende."""
    if other.engine.is_podman:
        pytest.skip("sin sesión, ya se dice")
    library = tmp_path_factory.mktemp("lib")
    (library / "x").write_text("equis")

    def build(text: str, **options: Any) -> str:
        options |= {"vista": False, "cliente": other.client}
        image = construir(context, dockerfile=text, etiqueta=tag, **options).imagen
        return str(other.client.images.get(image).attrs["Architecture"])

    assert build("FROM scratch\nCOPY a.txt /\n", plataforma="linux/arm64") == "arm64"
    text = "FROM scratch\nCOPY --from=lib x /x\n"
    if other.engine.name == "docker-20.10":
        with pytest.raises(BuildError, match="no entiende «contextos»"):
            build(text, contextos={"lib": library})
        return
    build(text, contextos={"lib": library})
    assert read_file(other.motor, tag, "/x") == b"equis"


def test_all_that_can_be_given_at_once(other: Running, tmp_path: Path) -> None:
    """Secretos, otras carpetas y archivos de vuelta; sin sesión, un error dice con qué no puede."""
    if other.engine.is_podman:
        with pytest.raises(BuildError, match=r"no puede construir con .*«secretos»"):
            everything_at_once(other.client, other.base, tmp_path)
        return
    everything_at_once(other.client, other.base, tmp_path, contexts=other.engine.name != "docker-20.10")


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_cancel_is_heard(other: Running, context: Path, builder: str) -> None:
    """Al cancelar se deja de esperar; si el motor no sabe parar lo que está en marcha, se dice."""
    cancel, events = threading.Event(), list[Event]()

    def build() -> None:
        recipe = f"FROM {other.base}\nRUN echo empieza; sleep 7.{uuid.uuid4().int % 10**9}\n"
        for event in build_events(
            other.client, context, tag="multietapa-pruebas/otros:no", dockerfile=recipe, builder=builder,
            cancel=cancel,
        ):  # fmt: skip
            events.append(event)
            if isinstance(event, LogLine):
                cancel.set()

    with pytest.raises(BuildCancelled) as raised:
        build()
    assert isinstance(events[-1], BuildFailed)
    assert events[-1].cancelled
    assert ("sigue" in raised.value.why) == other.engine.is_podman
    assert not other.client.images.list("multietapa-pruebas/otros:no")


def test_sizes_are_those_of_the_files(
    other: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``comparar`` da, de dos imágenes, los mismos bytes que su archivo: no dependen del motor."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path))
    dice = random.Random(20260)
    low = layer(entry("grande", dice.randbytes(700_000)), entry("enlace", "grande", "hardlink"))
    high = layer(entry("app/a", "a" * 90_000), entry("app/b", dice.randbytes(5_000)), entry(".wh.grande"))
    tags = ("multietapa-pruebas/otros:grande", "multietapa-pruebas/otros:pequena")
    (tmp_path / "dos.tar").write_bytes(archive_of(([low, high], tags[0]), ([low], tags[1]), labels=labels()))
    expected = [measure_archive(tmp_path / "dos.tar", tag) for tag in tags]
    load(other.client, tmp_path / "dos.tar")
    found = comparar(*tags, vista=False, cliente=other.client)
    assert [found.desempaquetado[tag] for tag in tags] == [image.unpacked_bytes for image in expected]
    assert [found.transferencia[tag] for tag in tags] == [image.transfer_bytes for image in expected]
    for tag in tags:
        other.client.images.remove(tag)


def test_the_surface_is_the_same(other: Running, tag: str, tmp_path: Path) -> None:
    """Lo que deja a mano una imagen, y con quién corre, se ven igual en cualquier motor."""
    recipe = f"FROM {other.base}\nRUN touch /abierto && chmod 666 /abierto\nUSER 1000\nCMD sleep 60\n"
    other.client.images.build(fileobj=io.BytesIO(recipe.encode()), tag=tag, labels=labels(), rm=True)
    seen = look(other.motor, tag, cache=MeasureCache(tmp_path))
    assert (seen.user.uid, seen.user.name, seen.user.declared, seen.user.why) == (1000, "ana", "1000", "")
    assert [one.name for one in seen.counts[Kind.ANYONE].entries] == ["/abierto"]
    assert [one.layer for one in seen.counts[Kind.ANYONE].entries] == [1]
    assert "chmod 666" in seen.counts[Kind.ANYONE].entries[0].instruction
    assert "/bin/sh" in {one.name for one in seen.counts[Kind.SHELLS].entries}
    assert look(other.motor, tag, cache=MeasureCache(tmp_path)) == seen


def test_limpiar_removes_its_own_and_nothing_else(other: Running) -> None:
    """Se van los contenedores y las imágenes de la sesión; lo de otra sesión y lo ajeno se queda."""
    client = other.client
    alien, mine, yours = "ajena/otros:1", "multietapa-pruebas/otros:mia", "multietapa-pruebas/otros:tuya"
    one, two = labels({SESSION_VARIABLE: "otros-1"}), labels({SESSION_VARIABLE: "otros-2"})

    def image(tag: str, marks: dict[str, str]) -> None:
        client.images.build(
            fileobj=io.BytesIO(f"FROM {other.base}\nRUN echo {tag}\n".encode()),
            tag=tag,
            labels=marks,
            rm=True,
        )

    image(alien, {LABEL: "no", SESSION_LABEL: "ajena"})
    image(mine, one)
    image(yours, two)
    kept = {
        client.containers.create(alien, ["ls", "/"], labels=marks).id
        for marks in ({"de": "otra persona"}, {LABEL: "no", SESSION_LABEL: "otros-1"}, two)
    }
    for _ in range(2):
        client.containers.run(mine, ["ls", "/"], detach=True, labels=one)
    done = limpiar(cliente=client, sesion="otros-1")
    assert (len(done.containers), len(done.images), done.problems) == (2, 1, ())
    assert {container.id for container in client.containers.list(all=True)} >= kept
    assert not client.images.list(mine)
    for tag in (yours, alien):
        assert client.images.list(tag)
    for id_ in kept:
        client.containers.get(id_).remove()
    for tag in (yours, alien):
        client.images.remove(tag)


def test_what_the_lessons_do_with_containers(other: Running) -> None:
    """Una orden, un archivo de la imagen, un puerto y el ``containers.run`` del SDK dan lo que deben."""
    for number in range(5):
        assert run_command(other.client, other.base, f"echo hola-{number}") == f"hola-{number}\n"
    assert (read_file(other.motor, other.base, "/etc/passwd") or b"").startswith(b"root:")
    web = run_web(other.client)
    try:
        assert body_of(f"{other.motor.direccion(web, 80)}/passwd").startswith(b"root:")
    finally:
        web.remove(force=True)
    said = other.client.containers.run(other.base, ["echo", "hola"], remove=True, labels=labels())
    assert said == b"hola\n"


@pytest.mark.timeout(1800)  # en una máquina ocupada
@pytest.mark.parametrize("notebook", ["00_bienvenida", "02_la_solucion"])
def test_a_notebook_passes(other: Running, notebook: str) -> None:
    """Los cuadernos 00 y 02 pasan enteros, y lo que hicieron se borra después."""
    for base in app("tienda-node").bases:
        ensure_base(other.client, base)
    environment = {
        **os.environ, SESSION_VARIABLE: notebook, "DOCKER_HOST": other.host, VARIABLE: "existente",
        KIND_VARIABLE: "existente",
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval-lax"]
    command += ["--nbval-sanitize-with=tests/cuadernos.cfg", f"notebooks/{notebook}.ipynb"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:]
    cleaned = limpiar(cliente=other.client, sesion=notebook)
    assert cleaned.problems == ()
    assert ("tienda:multietapa" in " ".join(cleaned.images)) == notebook.startswith("02")
    assert not other.client.images.list("tienda")
