"""``contextos``, ``plataforma`` y ``cache_desde``, contra un motor de verdad: con las reglas de BuildKit."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa import construir
from multietapa.build.events import BuildWarning, Event
from multietapa.build.image import build_image
from multietapa.build.plan import plan_build
from multietapa.build.session.extras import wanted_extras
from multietapa.cells.construccion import Construccion
from multietapa.dockerfile.platforms import read_platform
from multietapa.errors import BaseImageError, BuildError, ContextError
from multietapa.identity import BASE_LABEL, SESSION_VARIABLE, labels
from tests.crafted import archive, layer
from tests.crafted import entry as file
from tests.registry import registry

ARM = "linux/arm64"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Una carpeta de contexto con un archivo."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/hola.txt").write_text("hola")
    return tmp_path / "app"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Otra carpeta, con sus propias reglas."""
    place = tmp_path / "lib"
    place.mkdir()
    (place / "x").write_text("equis")
    (place / "no").write_text("no")
    (place / ".dockerignore").write_text("no\n")
    return place


@pytest.fixture
def build(engine: docker.DockerClient, app: Path) -> Iterator[Callable[..., Construccion]]:
    """Construye un texto de Dockerfile y al final borra la imagen."""
    tag = f"multietapa-pruebas/nombrado:{secrets.token_hex(4)}"

    def run(text: str, **options: Any) -> Construccion:
        return construir(app, dockerfile=text, etiqueta=tag, vista=False, cliente=engine, **options)

    yield run
    for image in engine.images.list(tag):
        engine.images.remove(image.id, force=True)


@pytest.fixture
def foreign(engine: docker.DockerClient) -> Iterator[str]:
    """Una imagen de arm64 con un ``/bin/sh`` que solo entiende ese procesador."""
    name = "multietapa-pruebas/extranjera:1"
    head = struct.pack("<HHIQQQIHHHHHH", 2, 183, 1, 0x400078, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    body = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120, 120, 4096)
    shell = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + head + body
    marks = labels({SESSION_VARIABLE: "nombrado-de-pruebas"})
    made = archive([layer(file("bin/sh", shell, mode=0o755))], name, labels=marks)
    engine.images.load(made.replace(b'"architecture": "amd64"', b'"architecture": "arm64"'))
    yield name
    engine.images.remove(name, force=True)


def content(client: docker.DockerClient, image: str, path: str) -> bytes:
    """El contenido de un archivo de una imagen."""
    container = client.containers.create(image, ["x"], labels={"org.multietapa": "1"})
    try:
        chunks, _ = container.get_archive(path)
        return b"".join(chunks)[512:].rstrip(b"\0")
    finally:
        container.remove()


def warnings(client: docker.DockerClient, app: Path, text: str, **options: Any) -> list[str]:
    """Los avisos de una construcción."""
    events: list[Event] = []
    image = build_image(
        client, app, dockerfile=text, tag="multietapa-pruebas/avisos:1", on_event=events.append, **options
    )
    client.images.remove(image.id, force=True)
    return [event.text for event in events if isinstance(event, BuildWarning)]


# --- contextos


def test_a_folder_by_its_name(
    engine: docker.DockerClient, build: Callable[..., Construccion], library: Path
) -> None:
    """``COPY --from`` y ``FROM`` toman la carpeta, con su ``.dockerignore``; ``:latest`` sobra o falta."""
    done = build("FROM scratch\nCOPY --from=lib . /l/\n", contextos={"lib": library})
    assert content(engine, done.imagen, "/l/x") == b"equis"
    with pytest.raises(docker.errors.NotFound):
        content(engine, done.imagen, "/l/no")
    done = build("FROM lib\nCOPY hola.txt /\n", contextos={"docker.io/library/lib:latest": str(library)})
    assert content(engine, done.imagen, "/x") == b"equis"
    text = "FROM scratch\nCOPY --from=context x /a\nCOPY --from=dockerfile x /b\nCOPY hola.txt /\n"
    done = build(text, contextos={"context": library, "dockerfile": library})
    assert content(engine, done.imagen, "/b") == b"equis"


def test_a_name_wins_over_a_stage_and_a_base(
    engine: docker.DockerClient, base_image: str, build: Callable[..., Construccion], library: Path
) -> None:
    """Un contexto que se llama como una etapa, o como una base, va en su lugar; esa ni se trae ni se hace."""
    text = "FROM no-existe/nunca:7 AS lib\nRUN false\nFROM scratch\nCOPY --from=lib x /\n"
    assert content(engine, build(text, contextos={"lib": library}).imagen, "/x") == b"equis"
    done = build("FROM no-existe/nunca:7\nRUN echo hola > /h\n", contextos={"no-existe/nunca:7": base_image})
    assert content(engine, done.imagen, "/h") == b"hola\n"
    assert engine.images.get(done.imagen).labels[BASE_LABEL] == base_image
    done = build(
        "FROM scratch\nCOPY --from=otra /etc/passwd /p\n", contextos={"otra": f"docker-image://{base_image}"}
    )
    assert b"root" in content(engine, done.imagen, "/p")


def test_only_what_is_needed_is_brought(app: Path, library: Path) -> None:
    """De un contexto no se trae ninguna imagen; de uno que es una imagen, la suya."""

    def plan(text: str, **contexts: str | Path) -> tuple[list[str], str]:
        extras = wanted_extras(contexts=contexts)
        made = plan_build(app, tag="x:1", architecture="amd64", dockerfile=text, extras=extras)
        return list(made.images), made.base

    assert plan("FROM a\nCOPY --from=b /x /\n", a=library, b=library) == ([], "")
    assert plan("FROM a\nCOPY --from=b /x /\n", a="node:24", b=library) == (["node:24"], "node:24")
    assert plan("FROM c AS a\nFROM scratch\nCOPY --from=a x /\n", a=library) == ([], "")
    assert plan("FROM c AS a\nFROM a\n", a="node:24") == (["node:24"], "node:24")
    assert plan("FROM c AS a\nFROM d\n", a="node:24") == (["d"], "d")


def test_what_is_missing_in_it_is_told(build: Callable[..., Construccion], library: Path) -> None:
    """Un archivo que no está en el contexto con nombre se busca en su carpeta, no en otra."""
    with pytest.raises(ContextError, match="«nada» en el contexto «lib»") as raised:
        build("FROM scratch\nCOPY --from=lib nada /\n", contextos={"lib": library})
    assert raised.value.why == f"No está en «{library}»."
    with pytest.raises(ContextError, match="«no» en el contexto «lib»") as raised:
        build("FROM scratch\nCOPY --from=lib no /\n", contextos={"lib": library})
    assert "lo excluye" in raised.value.why


def test_a_name_nobody_uses_is_told(engine: docker.DockerClient, app: Path, library: Path) -> None:
    """Un contexto que el Dockerfile no nombra se dice, con el nombre que se le parece."""
    text = "FROM scratch\nCOPY --from=libreria x /\n"
    places = {"libreria": library}
    assert warnings(engine, app, text, contexts=places) == []
    assert warnings(engine, app, text, contexts={**places, "otra": library}) == [
        "Nadie usa el contexto «otra»: ningún «FROM» ni «--from» lo nombra."
    ]
    extras = wanted_extras(contexts={"librería".replace("í", "i") + "s": library})
    plan = plan_build(app, tag="x:1", architecture="amd64", dockerfile=text, extras=extras)
    assert plan.unused_contexts == {"librerias": ["libreria"]}


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ({"Lib": "."}, "«Lib» no vale como nombre"),
        ({"l b": "."}, "«l b» no vale como nombre"),
        ({"": "."}, "«» no vale como nombre"),
        ({"lib": "no-existe"}, "no es una carpeta que exista"),
        ({"lib": Path("node:24")}, "no es una carpeta que exista"),
        ({"lib": ""}, "no es una carpeta que exista"),
        ({"lib": "docker-image://MAL"}, "La imagen que se da como contexto «lib» no vale"),
        ({"lib": "https://algo/x:1"}, "no es una carpeta que exista"),
        ({"a": ".", "a:latest": "."}, "está dos veces"),
    ],
)  # fmt: skip
def test_a_bad_context_is_told_before_building(places: dict[str, Any], said: str) -> None:
    """Un nombre que BuildKit no aceptaría, o una carpeta que no existe, se dice, y cómo se escribe."""
    with pytest.raises(BuildError, match=said) as raised:
        wanted_extras(contexts=places)
    assert raised.value.next_step


# --- plataforma


@pytest.mark.parametrize(
    "asked",
    "linux/arm64 linux/arm64/v8 arm64 aarch64 LINUX/AArch64 linux/arm armhf armel linux/arm/6 linux/arm/v7 "
    "linux linux/amd64 x86_64 linux/amd64/v2 linux/amd64/v1 i386 linux/riscv64 s390x".split(),
)
def test_a_platform_is_read_like_buildkit(
    engine: docker.DockerClient, build: Callable[..., Construccion], asked: str
) -> None:
    """Se escriba como se escriba, ``TARGET*`` y la imagen dicen lo mismo que aquí."""
    text = "FROM scratch\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDARCH\n"
    text += "ENV P=$TARGETPLATFORM O=$TARGETOS A=$TARGETARCH V=$TARGETVARIANT B=$BUILDARCH\nCOPY hola.txt /\n"
    image = engine.images.get(build(text, plataforma=asked).imagen).attrs
    own = str(engine.version()["Arch"])
    wanted = read_platform(asked, architecture=own)
    said = dict(pair.split("=", 1) for pair in image["Config"]["Env"])
    assert (said["P"], said["O"], said["A"], said["V"], said["B"]) == (
        str(wanted), wanted.os, wanted.architecture, wanted.variant, own,
    )  # fmt: skip
    assert (image["Architecture"], image.get("Variant") or "") == (wanted.architecture, wanted.variant)


def test_other_ways_of_writing_a_platform() -> None:
    """Los nombres de siempre de un procesador, y lo que falta, se completan."""
    said = {
        "aarch64": ARM,
        "arm64/v8": "",
        "linux/arm64/v8": ARM,
        "armel": "linux/arm/v6",
        "arm": "linux/arm/v7",
    }
    said |= {
        "linux/arm/5": "linux/arm/v5",
        "x86-64": "linux/amd64",
        "linux": "linux/s390x",
        "I386": "linux/386",
    }
    for asked, wanted in said.items():
        if wanted:
            assert str(read_platform(asked, architecture="s390x")) == wanted
        else:
            with pytest.raises(ValueError, match="no es un sistema"):
                read_platform(asked)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("linux/arm65", "¿Querías decir «arm64»?"),
        ("linus/arm64", "¿Querías decir «linux»?"),
        ("", "sistema/procesador"),
        ("a/b/c/d", "sistema/procesador"),
        ("linux/", "sistema/procesador"),
        ("linux/arm64,linux/amd64", "una vez para cada una"),
        ("windows/amd64", "linux/amd64"),
        ("macos", "linux/amd64"),
    ],
)
def test_a_bad_platform_is_told_before_building(asked: str, said: str) -> None:
    """Una plataforma mal escrita, o varias, se dice, y cómo se escribe."""
    with pytest.raises(BuildError, match="no vale") as raised:
        wanted_extras(platform=asked)
    assert said in raised.value.next_step


def test_the_from_line_follows_the_platform(app: Path) -> None:
    """``$TARGETARCH`` en un ``FROM`` es la que se pide; lo de ``$BUILDPLATFORM`` es del motor, y se trae."""
    text = "FROM --platform=$BUILDPLATFORM a:1 AS x\nFROM x AS y\nFROM b-$TARGETARCH:1\nCOPY --from=y /x /\n"
    extras = wanted_extras(platform=ARM)
    plan = plan_build(app, tag="x:1", architecture="amd64", dockerfile=text, extras=extras)
    assert {name: plan.is_native(name) for name in plan.images} == {"a:1": True, "b-arm64:1": False}
    assert [str(plan.platform_in(stage)) for stage in plan.source.stages] == [
        "linux/amd64",
        "linux/amd64",
        ARM,
    ]
    both = "FROM --platform=$BUILDPLATFORM a:1 AS x\nRUN x\nFROM a:1\nCOPY --from=x /x /\n"
    plan = plan_build(app, tag="x:1", architecture="amd64", dockerfile=both, extras=extras)
    assert plan.is_native("a:1")
    assert [str(found) for found in plan.platforms_of("a:1")] == ["linux/amd64", ARM]


def test_a_base_of_the_engine_does_not_serve_another_platform(
    build: Callable[..., Construccion], base_image: str
) -> None:
    """Una base que solo está para la plataforma del motor se dice así; no se construye con ella."""
    with pytest.raises(BaseImageError, match="está en el motor, pero es para linux/") as raised:
        build(f"FROM {base_image}\nRUN true\n", plataforma=ARM)
    assert f"Aquí se construye para {ARM}" in raised.value.why


def test_a_cross_build_leaves_an_image_of_the_other_platform(
    engine: docker.DockerClient, build: Callable[..., Construccion], base_image: str
) -> None:
    """Una etapa ``$BUILDPLATFORM`` se ejecuta aquí, sabe para cuál compila, y la imagen es de la otra."""
    text = f"FROM --platform=$BUILDPLATFORM {base_image} AS x\nARG TARGETARCH\nRUN echo $TARGETARCH > /x\n"
    done = build(text + "FROM scratch\nCOPY --from=x /x /x\n", plataforma=ARM)
    assert engine.images.get(done.imagen).attrs["Architecture"] == "arm64"
    assert content(engine, done.imagen, "/x") == b"arm64\n"


@pytest.mark.parametrize("order", ["RUN echo hola", 'RUN ["/bin/sh", "-c", "x"]'])
def test_a_run_of_another_processor_is_explained(
    engine: docker.DockerClient, build: Callable[..., Construccion], foreign: str, order: str
) -> None:
    """Un ``RUN`` con programas de otro procesador dice de cuál son y cuál es el del motor."""
    if engine.version()["Arch"] == "arm64":
        pytest.skip("este motor es de arm64")
    with pytest.raises(BuildError, match="no puede ejecutar los programas de linux/arm64") as raised:
        build(f"FROM {foreign}\n{order}\n", plataforma=ARM)
    assert raised.value.line == 2
    assert "exec format error" in raised.value.detail


# --- cache_desde


def cached(client: docker.DockerClient) -> set[str]:
    """Lo que hay en la caché de construir, por su identificador."""
    return {str(record["ID"]) for record in client.api.df()["BuildCache"]}


def forget(client: docker.DockerClient, ids: set[str]) -> None:
    """Quita eso de la caché, y nada más: lo que depende de otra cosa va antes que ella."""
    while left := ids & cached(client):
        for one in left:
            client.api.prune_builds(filters={"id": one}, all=True)
        assert ids & cached(client) != left, "no se deja quitar"


def test_the_cache_of_an_image_is_used(
    engine: docker.DockerClient, app: Path, base_image: str, build: Callable[..., Construccion]
) -> None:
    """De una imagen con su caché dentro salen los pasos; la que no está se dice, y se construye igual."""
    text = (
        f"FROM {base_image}\nRUN echo {secrets.token_hex(4)} > /uno\nCOPY hola.txt /\nRUN echo dos > /dos\n"
    )
    with registry(engine) as place:
        before = cached(engine)
        first = build(text, argumentos={"BUILDKIT_INLINE_CACHE": 1})
        kept = place.push(first.etiqueta, "cache:1")
        engine.images.remove(first.imagen, force=True)
        forget(engine, cached(engine) - before)
        assert build(text).de_cache == 0
        forget(engine, cached(engine) - before)
        again = build(text, cache_desde=[f"{place.host}/nada:1", kept])
        assert again.de_cache == len(again.pasos) == 3
        said = warnings(engine, app, text, cache_from=[f"{place.host}/nada:1", "nadie.invalid/x:1"])
    assert sorted(said) == [
        f"No se aprovecha la caché de «{place.host}/nada:1»: no está, o su registro no deja leerla. "
        "Se construye sin ella.",
        "No se aprovecha la caché de «nadie.invalid/x:1»: su registro no contesta. Se construye sin ella.",
    ]
    with pytest.raises(BuildError, match="no es una imagen"):
        wanted_extras(cache_from="MAL")
