"""El rastro de BuildKit traducido a eventos, con respuestas reales grabadas; sin motor.

Las grabaciones de ``tests/data`` son de un Docker Engine 28.5.2.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from multietapa.build.buildkit import Trace, read
from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    BuildWarning,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.failure import explain
from multietapa.build.locating import Located, locate
from multietapa.build.log_lines import LineSplitter
from multietapa.build.stream import Cancelled, Refused
from multietapa.build.trace_schema import decode_status
from multietapa.dockerfile.lint import lint_text
from multietapa.dockerfile.stages import parse
from multietapa.errors import EngineLostError
from tests.test_classic import lines

DATA = Path(__file__).with_name("data")
INSTRUCTION = StepKind.INSTRUCTION
COPY, FROM = "COPY --from=build /x /x", "FROM docker.io/library/a"
HUB, RECEIVE, HEREDOC = "docker.io/library/a:1", "[interno] recibir el contexto", "el texto de un heredoc"


def events(name: str, dockerfile: str = "buildkit") -> list[Event]:
    """Los eventos de una respuesta grabada, con un reloj que avanza 0,01 s cada vez que se mira."""
    ticks = itertools.count()
    source = parse((DATA / f"{dockerfile}.Dockerfile").read_text())
    return list(read(lines(name), source, clock=lambda: next(ticks) / 100))


def of(found: list[Event], kind: type) -> list[Any]:
    """Los eventos de una clase."""
    return [event for event in found if isinstance(event, kind)]


def test_steps_have_stage_and_line() -> None:
    """Cada paso sale una vez, con su etapa y su línea aunque haya continuaciones y un heredoc."""
    steps = [(e.stage, e.line, e.name) for e in of(events("buildkit"), StepDeclared) if e.line]
    assert steps == [
        ("build", 1, "FROM docker.io/library/bb:1"),
        ("build", 2, "WORKDIR /app"),
        ("build", 3, "COPY . ."),
        ("build", 4, "RUN echo uno &&     echo dos >&2; printf 'a\\rb\\n'"),
        ("final", 8, "COPY --from=build /app /app"),
        ("final", 9, "RUN <<FIN (ls /app)"),
    ]


def test_graph_is_complete_before_it_is_used() -> None:
    """Los pasos de los que depende cada uno ya se habían declarado: el dibujo se puede hacer en vivo."""
    seen: set[str] = set()
    for event in events("buildkit"):
        if isinstance(event, StepDeclared):
            assert set(event.inputs) <= seen
            seen.add(event.id)
        elif isinstance(event, (StepStarted, StepFinished, LogLine, StepProgress)):
            assert event.id in seen


def test_every_step_starts_and_ends_once() -> None:
    """Una consulta corta a la caché después de terminar no cuenta como otro paso."""
    found = events("buildkit")
    started, finished = [e.id for e in of(found, StepStarted)], [e.id for e in of(found, StepFinished)]
    assert sorted(started) == sorted(finished)
    assert len(set(started)) == len(started)
    assert all(e.seconds >= 0 and e.at >= 0 for e in of(found, StepFinished))


def test_logs_are_whole_lines() -> None:
    """Los trozos llegan como líneas, también las que acaban en retorno de carro, y con su salida."""
    found = events("buildkit")
    run = next(e.id for e in of(found, StepDeclared) if e.name.startswith("RUN echo"))
    texts = sorted((e.stream, e.text) for e in of(found, LogLine) if e.id == run)
    assert texts == [("stderr", "dos"), ("stdout", "a"), ("stdout", "b"), ("stdout", "uno")]


def test_image_id_and_warnings() -> None:
    """Al final hay un id de imagen, y cada aviso una sola vez, en español y con su línea."""
    found = events("buildkit")
    assert isinstance(found[-1], BuildFinished)
    assert found[-1].image_id.startswith("sha256:")
    warnings = of(found, BuildWarning)
    assert [(w.line, w.text) for w in warnings] == [
        (7, "El nombre de etapa «Final» debería ir en minúsculas. (StageNameCasing)"),
        (12, lint_text("JSONArgsRecommended: ")),
    ]
    assert warnings[0].url.startswith("https://docs.docker.com/")


def test_internal_steps_are_in_spanish() -> None:
    """Lo que el motor hace por su cuenta se nombra en español, y cada paso dice de qué clase es."""
    names = {e.name: e.kind for e in of(events("buildkit"), StepDeclared) if not e.line}
    assert names["[interno] recibir el contexto"] is StepKind.INTERNAL
    assert names["exportar la imagen"] is StepKind.EXPORT
    labels = {e.label.split(" sha256")[0] for e in of(events("buildkit"), StepProgress)}
    assert {"exportar las capas", "escribir la imagen"} <= labels


def test_cached_steps_say_so() -> None:
    """Una construcción repetida marca sus pasos como sacados de la caché."""
    found = events("buildkit_cache")
    lines_of = {e.id: e.line for e in of(found, StepDeclared)}
    cached = {lines_of[e.id] for e in of(found, StepFinished) if e.cached}
    assert {2, 3, 4, 8, 9} <= cached


def test_failure_names_the_step_and_its_log() -> None:
    """Un fallo señala el paso, la línea y su registro, aunque la respuesta HTTP fuera 200."""
    failed = events("buildkit_fallo", "fallo")[-1]
    assert isinstance(failed, BuildFailed)
    assert (failed.line, failed.log) == (3, ("antes",))
    assert "código 3 (línea 3" in str(explain(failed, None, None))


def test_a_stream_that_just_ends_is_a_lost_engine() -> None:
    """Si la respuesta acaba sin imagen y sin error, el motor se perdió."""
    whole = list(lines("buildkit"))
    with pytest.raises(EngineLostError):
        list(read(iter(whole[:10]), None, clock=lambda: 0.0))


@pytest.mark.parametrize("aux", ["no es base64", "A", base64.b64encode(b"\xff\xff\xff").decode(), None, 7])
def test_a_broken_trace_is_a_lost_engine(aux: object) -> None:
    """Un rastro que no se descodifica no rompe con un error extraño."""
    with pytest.raises(EngineLostError):
        list(read(iter([{"id": "moby.buildkit.trace", "aux": aux}]), None, clock=lambda: 0.0))


def test_cancelled_and_rejected_become_failures() -> None:
    """Cancelar y que el motor rechace la petición acaban en ``BuildFailed``."""

    def raising(error: Exception) -> Iterator[dict[str, Any]]:
        raise error
        yield {}

    assert list(read(raising(Cancelled()), None, clock=lambda: 1.0)) == [
        BuildFailed("cancelada", 1.0, cancelled=True)
    ]
    assert list(read(raising(Refused("no")), None, clock=lambda: 1.0)) == [BuildFailed("no", 1.0)]


def test_a_reopened_step_adds_its_time() -> None:
    """Un paso que vuelve a trabajar después de terminar suma su tiempo en su último final."""
    cls = type(decode_status(b""))

    def message(started: int, completed: int) -> dict[str, Any]:
        status = cls()
        vertex = status.vertexes.add(digest="x", name="[1/1] FROM a")
        vertex.started.seconds = started
        if completed:
            vertex.completed.seconds = completed
        return {"id": "moby.buildkit.trace", "aux": base64.b64encode(status.SerializeToString()).decode()}

    sent = [message(1, 0), message(1, 3), message(3, 3), message(5, 0), message(5, 9)]
    found = list(read(iter([*sent, {"aux": {"ID": "sha256:1"}}]), None, clock=lambda: 0.0))
    assert [e.seconds for e in of(found, StepFinished)] == [2.0, 6.0]


def test_a_step_that_ends_and_opens_again_at_once_is_running() -> None:
    """BuildKit mira primero si lo tiene y, en el mismo mensaje, empieza de verdad: el paso está en marcha."""
    status = type(decode_status(b""))()
    for started, completed in ((1, 2), (3, 0)):
        vertex = status.vertexes.add(digest="x", name="[internal] load build context")
        vertex.started.seconds = started
        if completed:
            vertex.completed.seconds = completed
    trace = Trace(None, lambda: 0.0)
    kinds = [type(event) for event in trace.feed(status.SerializeToString())]
    assert kinds == [StepDeclared, StepStarted, StepFinished, StepStarted]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("[build 3/4] RUN b", Located(INSTRUCTION, "RUN b", "build", 4)),
        ("[build  3/4] RUN b", Located(INSTRUCTION, "RUN b", "build", 4)),
        ("[linux/amd64 build 3/4] RUN b", Located(INSTRUCTION, "RUN b", "build", 4)),
        ("[linux/amd64->arm64 build 3/4] RUN b", Located(INSTRUCTION, "RUN b", "build", 4)),
        (f"[linux/arm/v7 stage-1 1/1] {COPY}", Located(INSTRUCTION, COPY, "stage-1", 7)),
        (f"[build 1/4] {FROM}@sha256:{'0' * 64}", Located(StepKind.FROM, FROM, "build", 1)),
        (f"[otra 1/4] {FROM}", Located(StepKind.FROM, FROM, "otra")),
        ("[build 2/5] RUN del-onbuild", Located(INSTRUCTION, "RUN del-onbuild", "build", 1)),
        ("[build 2/5] RUN b", Located(INSTRUCTION, "RUN b", "build", 1)),
        ("[build 3/4] RUN\tB", Located(INSTRUCTION, "RUN b", "build", 4)),
        ("[build 2/7] ONBUILD RUN b", Located(INSTRUCTION, "ONBUILD RUN b", "build", 1)),
        ("[build 5/7] RUN c", Located(INSTRUCTION, "RUN c", "build", 5)),
        ("[build 5/5] RUN c", Located(INSTRUCTION, "RUN c", "build", 5)),
        ("[otra 1/1] RUN x", Located(INSTRUCTION, "RUN x", "otra")),
        ("[internal] load metadata for a", Located(StepKind.INTERNAL, "[interno] consultar a")),
        ("copy /context /", Located(StepKind.INTERNAL, "[interno] abrir el contexto")),
        ("exporting to image", Located(StepKind.EXPORT, "exportar la imagen")),
        ("[internal] load build definition from D", Located(StepKind.INTERNAL, "[interno] recibir D")),
        ("[internal] load .dockerignore", Located(StepKind.INTERNAL, "[interno] recibir .dockerignore")),
        ("[internal] preparing inline document", Located(StepKind.INTERNAL, f"[interno] preparar {HEREDOC}")),
        ("importing cache manifest from a", Located(StepKind.INTERNAL, "[interno] consultar la caché de a")),
        (
            f"resolve image config for docker-image://{HUB}",
            Located(StepKind.INTERNAL, f"[interno] consultar {HUB}"),
        ),
        (f"resolve {HUB}@sha256:{'0' * 64}", Located(StepKind.INTERNAL, f"consultar {HUB}")),
        ("[internal] load build context", Located(StepKind.INTERNAL, RECEIVE, folder="context")),
        ("[internal] load remote build context", Located(StepKind.INTERNAL, RECEIVE)),
        (
            "[context x] load from client",
            Located(StepKind.INTERNAL, "[interno] recibir la carpeta «x»", folder="x"),
        ),
        (
            "[context x] load .dockerignore",
            Located(StepKind.INTERNAL, "[interno] recibir .dockerignore de «x»"),
        ),
        ("[context x] load metadata for a:1", Located(StepKind.INTERNAL, "[interno] consultar a:1")),
        ("[context x] a:1", Located(StepKind.INTERNAL, "[interno] traer «x»: a:1")),
        ("[auth] a/b:pull token for r", Located(StepKind.INTERNAL, "[interno] pedir permiso a r para a/b")),
        ("algo nuevo", Located(StepKind.INTERNAL, "algo nuevo")),
    ],
)
def test_locate(name: str, expected: Located) -> None:
    """El nombre de un paso da su clase, su etapa y su línea, también con plataforma y con ONBUILD."""
    source = parse(
        "FROM a AS build\nENV X=1\nCOPY . .\nRUN b\nRUN c\nFROM scratch\nCOPY --from=build /x /x\n"
    )
    assert locate(name, source) == expected


def statuses(*told: tuple[str, str, int, int, bool]) -> list[StepProgress]:
    """Lo que se entiende de lo que BuildKit cuenta de un paso: id, acción, bytes, total y si acabó."""
    trace, found = Trace(None, lambda: 0.0), []
    for id_, name, current, total, ended in told:
        message = type(decode_status(b""))()
        item = message.statuses.add(ID=id_, vertex="v", name=name, current=current, total=total)
        if ended:
            item.completed.seconds = 1
        found += of(list(trace.feed(message.SerializeToString())), StepProgress)
    return found


def test_a_pull_is_told_layer_by_layer() -> None:
    """Cada capa dice cuánto lleva y después que se abre; lo que llega tarde no la hace retroceder."""
    big, small, late = (f"sha256:{letter * 64}" for letter in "abd")
    found = statuses(
        (f"resolve x@{big}", "", 0, 0, False),
        (big, "downloading", 5, 10, False),
        (big, "downloading", 5, 10, False),
        (f"extracting {big}", "extract", 0, 0, False),
        (big, "done", 10, 10, True),
        (f"extracting {big}", "extract", 0, 0, True),
        (small, "done", 3, 3, True),
        (f"extracting {small}", "extract", 0, 0, False),
        (f"extracting {late}", "extract", 0, 0, True),
        (late, "done", 7, 7, True),
    )
    assert found == [
        StepProgress("v", "consultar x", 0, 0),
        StepProgress("v", "a" * 12, 5, 10, "bajando"),
        StepProgress("v", "a" * 12, 10, 10, "abriendo"),
        StepProgress("v", "a" * 12, 10, 10, "lista"),
        StepProgress("v", "b" * 12, 3, 3, "abriendo"),
        StepProgress("v", "d" * 12, 0, 0, "lista"),
        StepProgress("v", "d" * 12, 7, 7, "lista"),
    ]


@pytest.mark.parametrize(("error", "last"), [("", "lista"), ("no quedan bytes", "abriendo")])
def test_a_step_that_ends_well_has_opened_its_layers(error: str, last: str) -> None:
    """La última noticia de una capa puede no llegar: si su paso terminó bien, está abierta; si falló, no."""
    trace = Trace(None, lambda: 0.0)
    message = type(decode_status(b""))()
    vertex = message.vertexes.add(digest="v", name="FROM a", error=error)
    vertex.started.seconds, vertex.completed.seconds = 1, 2
    message.statuses.add(ID=f"extracting sha256:{'a' * 64}", vertex="v", name="extract")
    found = list(trace.feed(message.SerializeToString()))
    assert [told.doing for told in of(found, StepProgress)][-1] == last
    assert isinstance(found[-1], StepFinished)
    assert of(list(trace.feed(message.SerializeToString())), StepProgress) == []


def test_what_is_not_a_layer_is_not_shown_as_one() -> None:
    """El manifiesto y la configuración llegan ya bajados y no se abren: no salen."""
    assert statuses((f"sha256:{'c' * 64}", "done", 952, 952, True)) == []


def test_what_the_engine_receives_is_in_spanish() -> None:
    """Lo que recibe de una carpeta se cuenta con una palabra nuestra."""
    told = statuses(("transferring context:", "transferring", 32, 0, False))
    assert told == [StepProgress("v", "recibiendo", 32, 0)]


def test_an_erased_progress_is_not_a_line() -> None:
    """Un avance borrado con ``\\r`` y vacío no cuenta; una línea en blanco, sí."""
    assert LineSplitter().feed("\r\runo\r\n\ndos\n") == ["uno", "", "dos"]


def test_two_stages_with_the_same_name_are_told_apart() -> None:
    """Si dos etapas se llaman igual, un paso sigue a aquel del que depende, o dice lo mismo que su línea."""
    source = parse("FROM a AS x\nRUN uno\nRUN $X\nFROM a AS x\nRUN dos\nRUN $X\nFROM x AS x\nRUN tres\n")
    opening = locate("[x 1/3] FROM a", source)
    first, second = (locate(f"[x 2/3] RUN {name}", source, [opening]) for name in ("uno", "dos"))
    assert [found.line for found in (opening, first, second)] == [1, 2, 5]
    assert locate("[x 3/3] RUN 1", source, [first]).line == 3
    assert locate("[x 3/3] RUN 1", source, [second]).line == 6
    assert locate("[x 1/1] RUN tres", source, [locate("[x 3/3] RUN 1", source, [second])]).line == 8
    assert locate("[x 7/3] RUN nada", source).line is None


def test_a_trigger_without_a_layer_is_not_a_step() -> None:
    """El ``ONBUILD ENV`` de una etapa de aquí cuenta en el total, y el paso que sigue es el de la hija."""
    source = parse(
        "FROM a AS base\nCOPY 1 1\nONBUILD ENV X=1\nONBUILD COPY 2 2\nFROM base AS hija\nCOPY 3 3\n"
    )
    assert locate("[hija 1/3] ONBUILD COPY 2 2", source).line == 4
    assert locate("[hija 2/3] COPY 3 3", source).line == 6


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"uno\ndo", b"s\n"], ["uno", "dos"]),
        ([b"10%\r20%\r", b"\n"], ["10%", "20%"]),
        ([b"a\r", b"b\r\n"], ["a", "b"]),
        ([b"a\n\nb"], ["a", "", "b"]),
        (["ñ".encode()[:1], "ñ".encode()[1:] + b"\n"], ["ñ"]),
        ([b"\x1b[1m\x1b[32mverde\x1b[0m\n\x1b]0;t\x07x\n"], ["verde", "x"]),
        ([b"\xff\n"], ["\ufffd"]),
    ],
)
def test_line_splitter(chunks: list[bytes], expected: list[str]) -> None:
    """Los trozos se juntan en líneas sin perder acentos partidos ni dejar códigos de color."""
    splitter = LineSplitter()
    found = [line for chunk in chunks for line in splitter.feed(chunk)]
    assert found + splitter.flush() == expected


def test_endless_line_does_not_grow() -> None:
    """Una línea sin fin se parte en lugar de llenar la memoria."""
    splitter = LineSplitter()
    assert sum(len(line) for _ in range(10) for line in splitter.feed("x" * 50_000)) > 400_000


def test_unknown_lint_rule_keeps_its_text() -> None:
    """Un aviso de una regla nueva se muestra con el texto del motor."""
    assert lint_text("NewRule: something (line 3)") == "NewRule: something"
    assert lint_text("UndefinedVar: Usage of undefined variable '$X' (line 2)").startswith("La variable «$X»")
