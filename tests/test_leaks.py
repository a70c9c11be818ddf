"""Por dónde se escapa un secreto al construir: lo que cuenta el cuaderno 07, con los dos constructores."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from multietapa.apps import app
from multietapa.build.session.extras import needs_session
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.exercises import catalogue
from multietapa.exercises.checks import leaks as checks
from multietapa.exercises.ejercicio import Ejercicio
from multietapa.exercises.given import Given
from multietapa.exercises.leaks import GIVEN, Leaks, leaks
from multietapa.exercises.outcome import Outcome
from multietapa.identity import labels
from multietapa.image.secrets.report import CONFIG, DELETED, FILE, HISTORY, SEEN
from multietapa.measure.measure import measure
from tests.cell_kernel import Wire
from tests.relay import relay

TOKEN = "npm_" + "DeMentira" * 4
Build = Callable[..., Construccion]
BUILDERS = ("buildkit", "clasico")
EDGE = (1 << 20) - 9  # el token queda entre dos trozos de los que lee el taller


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con el token en un ``.npmrc``."""
    (tmp_path / ".npmrc").write_text(f"//registro.tienda.invalid/:_authToken={TOKEN}\n")
    return tmp_path


@pytest.fixture
def build(motor_real: Motor, base_image: str, folder: Path, tag: str) -> Build:
    """Construye ese texto, sobre la base de las pruebas, con el token de todas las maneras."""

    def go(text: str, builder: str = "buildkit", target: str | None = None, **given: object) -> Construccion:
        return construir(
            folder, dockerfile=text.replace("BASE", base_image), etiqueta=tag, objetivo=target,
            constructor=builder, argumentos={"TOKEN": TOKEN, **given}, vista=False, cliente=motor_real.client,
            secretos={"npm": TOKEN} if builder == "buildkit" else {},
        )  # fmt: skip

    return go


def found(client: docker.DockerClient, tag: str) -> Leaks:
    """Lo que se encuentra, y que nada de lo que se enseña lleva el token."""
    result = leaks(client, tag, TOKEN)
    assert TOKEN not in repr(result)
    return result


@pytest.mark.parametrize("builder", BUILDERS)
def test_where_the_token_can_still_be_read(
    engine: docker.DockerClient, build: Build, tag: str, builder: str
) -> None:
    """La pregunta 07.b: en la historia, junto a cada ``RUN`` de detrás, y en la capa de ``COPY``; en el
    contenedor, ni el archivo ni la variable."""
    build(
        "FROM BASE\nRUN true\nARG TOKEN\nCOPY .npmrc /\nRUN rm /.npmrc\nRUN touch /a\nCOPY .npmrc /b\n",
        builder,
    )
    result = found(engine, tag)
    steps = [item["CreatedBy"] for item in reversed(engine.images.get(tag).history())]
    runs = [step for step in steps if "/bin/sh -c " in step and "#(nop)" not in step][-3:]
    assert [TOKEN in step for step in runs] == [False, True, True]
    assert any(step.startswith(f"ARG TOKEN={TOKEN}") for step in steps) == (builder == "buildkit")
    first, second = result.at(FILE)
    assert (first.where, first.state, first.kind) == ("/.npmrc", DELETED, GIVEN)
    assert (second.where, second.state) == ("/b", SEEN)
    assert result.at(HISTORY)
    assert not result.at(CONFIG)
    inside = engine.containers.run(
        tag, ["sh", "-c", "echo $TOKEN; cat /.npmrc 2>&1; true"], remove=True, labels=labels()
    )
    assert TOKEN.encode() not in inside


def test_an_early_stage_stays_in_the_cache(engine: docker.DockerClient, build: Build, tag: str) -> None:
    """De una etapa que no viaja, la imagen no lleva el token; pedida por su nombre, sale de la caché."""
    text = (
        "FROM BASE AS build\nARG TOKEN\nCOPY .npmrc /\nRUN touch /a\n"
        'FROM BASE\nCOPY --from=build /a /\nENTRYPOINT ["sh"]\n'
    )
    build(text)
    assert found(engine, tag).secrets == ()
    stage = build(text, target="build")
    assert stage.de_cache == len([paso for paso in stage.pasos if paso.estado == "caché"]) > 0
    assert not [
        paso for paso in stage.pasos if paso.texto.startswith(("COPY", "RUN")) and paso.estado != "caché"
    ]
    result = found(engine, tag)
    assert {secret.where for secret in result.at(FILE)} == {"/.npmrc"}
    assert result.at(HISTORY)


def test_a_mounted_secret_leaves_nothing(engine: docker.DockerClient, build: Build, tag: str) -> None:
    """Montado, el paso lo tiene y después no está en ningún sitio; si el paso lo copia, sí."""
    mounted = "RUN --mount=type=secret,id=npm"
    build(
        f"FROM BASE\n{mounted} wc -c /run/secrets/npm > /a\nRUN test -s /run/secrets/npm || echo nada > /b\n"
    )
    assert found(engine, tag).secrets == ()
    said = engine.containers.run(tag, ["cat", "/a", "/b"], remove=True, labels=labels()).split()
    assert (said[0], said[-1]) == (b"40", b"nada")
    build(f"FROM BASE\n{mounted} cp /run/secrets/npm /a\n")
    assert [secret.where for secret in found(engine, tag).secrets] == ["/a"]


def test_awkward_places(motor_real: Motor, build: Build, folder: Path, tag: str) -> None:
    """Entre dos trozos, en un binario, en una etiqueta y en la orden de arranque: en todos se encuentra."""
    (folder / "grande").write_bytes(b"\0" * EDGE + TOKEN.encode() + b"\0" * 99)
    build('FROM BASE\nCOPY grande /\nARG TOKEN\nLABEL nota="de $TOKEN"\nENV A=$TOKEN\nCMD ["echo", "1"]\n')
    result = found(motor_real.client, tag)
    assert [secret.where for secret in result.at(FILE)] == ["/grande"]
    assert [secret.where for secret in result.at(CONFIG)] == ["A", "Labels"]
    measured = measure(motor_real.client, tag, transfer=False)
    for seen in (checks.no_token_in_files(result, measured, TOKEN), checks.no_token_in_text(result)):
        assert not seen.ok
        assert TOKEN not in repr(seen)
        assert "npm_…" in seen.text


def test_the_image_is_asked_for_once(
    motor_real: Motor, build: Build, folder: Path, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """El token y lo que se le parece se buscan en la misma lectura; a la segunda sale lo mismo."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    with tarfile.open(folder / "dentro.tar", "w") as tar:  # el que busca por su forma no lo abre
        tar.add(folder / ".npmrc", "npmrc")
    build("FROM BASE\nCOPY dentro.tar .npmrc /\n")
    wire = Wire()
    with relay(tmp_path, motor_real.choice.host, wire.look) as host:
        client = docker.DockerClient(base_url=host)
        first = found(client, tag)
        assert wire.count == -1
        assert found(client, tag) == first
        assert wire.count == -2
        client.close()
    assert sorted(secret.where for secret in first.at(FILE)) == ["/.npmrc", "/dentro.tar"]


def test_what_is_given_is_added_to_a_copy() -> None:
    """Los archivos se añaden a una copia de la carpeta, que se borra; sin ninguno, es la carpeta misma."""
    shop = app("tienda-node")
    with Given().folder(shop) as same:
        assert same == shop.folder
    given = Given(files={"nuevo.txt": "hola", ".dockerignore": "dist\n"}, secrets={"npm": TOKEN})
    with given.folder(shop) as copy:
        assert (copy / "nuevo.txt").read_text() == "hola"
        assert (copy / ".dockerignore").read_text() == "dist\n"
        assert (copy / "src/app.ts").read_bytes() == (shop.folder / "src/app.ts").read_bytes()
        assert not (copy / "node_modules").exists()
    assert not copy.exists()
    assert not (shop.folder / "nuevo.txt").exists()
    assert TOKEN not in repr(given)


def test_an_engine_without_sessions_is_nobody_s_fault(motor_real: Motor, base_image: str) -> None:
    """Si el motor no puede recibir secretos, el ejercicio no se puede comprobar, y no es un «todavía no»."""

    def check(_: object) -> tuple[()]:
        raise needs_session(["secretos"])

    exercise = replace(catalogue.exercise("07.2"), check=check)
    result = Ejercicio(exercise, lambda: motor_real).comprobar(base_image)
    assert result.outcome is Outcome.UNKNOWN
    assert "secretos" in result.note
