"""Construcciones de verdad, de principio a fin, con los dos constructores."""

from __future__ import annotations

import _thread
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, TypeVar

import docker
import pytest
import requests

from multietapa.build.engine_facts import free_bytes
from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    BuildWarning,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepStarted,
)
from multietapa.build.pipeline import build_events
from multietapa.errors import (
    BaseImageError,
    BuildCancelled,
    BuildError,
    ContextError,
    DiskFullError,
    DockerfileError,
    DownloadError,
    EngineLostError,
    MultietapaError,
    NetworkError,
    UnknownNameError,
)
from multietapa.identity import LABEL, labels
from tests.conftest import load_base_image, needs_unix

BUILDERS = ("buildkit", "clasico")
Kind = TypeVar("Kind")
TAG = "multietapa-pruebas/construida:1"


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Una carpeta con acentos, espacios y un archivo que .dockerignore deja fuera."""
    (tmp_path / "carpeta ñ").mkdir()
    (tmp_path / "carpeta ñ/á é.txt").write_text("hola")
    (tmp_path / "secreto.txt").write_text("clave")
    (tmp_path / ".dockerignore").write_text("secreto*\n")
    return tmp_path


@pytest.fixture
def build(
    engine: docker.DockerClient, context: Path, base_image: str
) -> Iterator[Callable[..., list[Event]]]:
    """Construye un texto (``BASE`` es la imagen base) y da sus eventos; al final borra la imagen."""
    tags: list[str] = []

    def run(
        text: str, *, into: list[Event] | None = None, client: docker.DockerClient = engine, **options: Any
    ) -> list[Event]:
        events: list[Event] = [] if into is None else into
        tags.append(f"multietapa-pruebas/construida:{uuid.uuid4().hex[:8]}")
        text = text.replace("BASE", base_image)
        # De uno en uno: si falla, quedan los de antes.
        events.extend(build_events(client, context, tag=tags[-1], dockerfile=text, **options))
        return events

    yield run
    for tag in tags:
        for image in engine.images.list(tag):
            engine.images.remove(image.id, force=True)


def failing(
    build: Callable[..., list[Event]], text: str, **options: Any
) -> tuple[MultietapaError, list[Event]]:
    """El error de una construcción que falla, y los eventos que dio antes."""
    events: list[Event] = []
    with pytest.raises(MultietapaError) as caught:
        build(text, into=events, **options)
    return caught.value, events


def of(events: list[Event], kind: type[Kind]) -> list[Kind]:
    """Los eventos de una clase."""
    return [event for event in events if isinstance(event, kind)]


def named(events: list[Event], start: str) -> StepDeclared:
    """El paso cuyo texto empieza así."""
    return next(e for e in of(events, StepDeclared) if e.name.startswith(start))


TWO_STAGES = """\
FROM BASE AS build
WORKDIR /app
COPY . .
RUN echo uno && \\
    echo dos >&2; printf 'a\\rb\\n'

FROM BASE
COPY --from=build /app /app
RUN cat "/app/carpeta ñ/á é.txt"; ls -a /app
CMD ["sh"]
"""


@pytest.mark.parametrize("builder", BUILDERS)
def test_two_stages_give_steps_with_their_line_and_an_image(
    build: Callable[..., list[Event]], engine: docker.DockerClient, builder: str
) -> None:
    """Cada paso llega con su etapa y su línea, el registro en líneas enteras, y al final hay una imagen."""
    events = build(TWO_STAGES, builder=builder, nocache=True)
    run = named(events, "RUN echo uno")
    assert (run.stage, run.line) == ("build", 4)
    copy = named(events, "COPY --from=build")
    assert (copy.stage, copy.line) == ("stage-1", 8)
    assert run.id in copy.inputs
    assert {(e.text, e.stream) for e in of(events, LogLine) if e.id == run.id} == {
        ("uno", "stdout"),
        ("dos", "stderr"),
        ("a", "stdout"),
        ("b", "stdout"),
    }
    seen = [e.text for e in of(events, LogLine) if e.id == named(events, "RUN cat").id]
    assert seen[0].startswith("hola")
    assert "secreto.txt" not in seen
    finished = events[-1]
    assert isinstance(finished, BuildFinished)
    attributes = engine.api.inspect_image(finished.image_id)
    assert attributes["Id"] == finished.image_id
    assert labels().items() <= attributes["Config"]["Labels"].items()
    assert 0 < finished.seconds < 120
    started = {e.id for e in of(events, StepStarted)}
    assert {e.id for e in of(events, StepFinished)} == started
    assert all(0 <= e.at <= finished.seconds + 0.5 for e in of(events, StepFinished))


@pytest.mark.parametrize("builder", BUILDERS)
def test_second_build_comes_from_the_cache(build: Callable[..., list[Event]], builder: str) -> None:
    """Repetir la misma construcción saca los pasos de la caché."""
    unique = TWO_STAGES.replace("uno", uuid.uuid4().hex)
    first, second = build(unique, builder=builder), build(unique, builder=builder)

    def cached(events: list[Event]) -> bool:
        step = named(events, "RUN echo").id
        return next(e.cached for e in of(events, StepFinished) if e.id == step)

    assert (cached(first), cached(second)) == (False, True)


def test_buildkit_skips_what_the_classic_does_not(build: Callable[..., list[Event]]) -> None:
    """BuildKit no toca una etapa que no hace falta; el clásico la construye entera."""
    text = "FROM BASE AS sobra\nRUN echo nunca\nFROM BASE\nRUN echo siempre\n"
    assert not [e for e in of(build(text), StepDeclared) if "nunca" in e.name]
    assert [e for e in of(build(text, builder="clasico"), StepDeclared) if "nunca" in e.name]


@pytest.mark.parametrize("builder", BUILDERS)
def test_target_and_arguments(build: Callable[..., list[Event]], builder: str) -> None:
    """``target`` acepta un nombre o ``stage-N``, y los argumentos llegan; ningún otro viaja."""
    text = "FROM BASE AS uno\nARG X=nada\nRUN echo vale-$X-$HTTP_PROXY-\nFROM BASE\nRUN false\n"
    for target in ("UNO", "stage-0"):
        events = build(text, builder=builder, target=target, buildargs={"X": "algo"}, nocache=True)
        assert "vale-algo--" in [e.text for e in of(events, LogLine)]


def test_client_proxies_do_not_enter_the_build(
    build: Callable[..., list[Event]],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Un proxy configurado en el cliente no se cuela como argumento, y no cambia la caché."""
    config = tmp_path_factory.mktemp("config") / "config.json"
    config.write_text('{"proxies": {"default": {"httpProxy": "http://proxy.invalid:1"}}}')
    monkeypatch.setenv("DOCKER_CONFIG", str(config.parent))
    text = "FROM BASE\nRUN echo [$http_proxy$HTTP_PROXY]\n"
    with closing(docker.from_env(timeout=600)) as client:
        for builder in BUILDERS:
            events = build(text, client=client, builder=builder, nocache=True)
            assert "[]" in [e.text for e in of(events, LogLine)]


def test_official_syntax_needs_no_registry(build: Callable[..., list[Event]]) -> None:
    """``# syntax=docker/dockerfile:1`` se construye con lo que el motor ya trae, sin mover las líneas."""
    events = build("# syntax=docker/dockerfile:1\n# escape=`\nFROM BASE\nRUN echo `\n  hola\n")
    assert named(events, "RUN").line == 4


def test_warnings_are_in_spanish_with_their_line(build: Callable[..., list[Event]]) -> None:
    """Un aviso de BuildKit llega una vez, en español y con su línea."""
    found = of(build("FROM BASE AS x\nMAINTAINER ana\nCMD true\n"), BuildWarning)
    assert {(w.line, w.text.split("(")[-1]) for w in found} == {
        (2, "MaintainerDeprecated)"),
        (3, "JSONArgsRecommended)"),
    }
    assert "en desuso" in found[0].text


def test_bases_are_asked_for_before_building(build: Callable[..., list[Event]], base_image: str) -> None:
    """``ensure_base`` recibe cada imagen de fuera antes de construir; si tarda, se ve como un paso."""
    asked: list[str] = []

    def slow(name: str) -> None:
        asked.append(name)
        time.sleep(0.5)

    events = build("FROM BASE AS a\nFROM a\nRUN true\n", ensure_base=slow)
    assert asked == [base_image]
    name = f"traer la imagen base {base_image}"
    assert events[0] == StepDeclared(f"base:{base_image}", name, StepKind.BASE)


def test_a_base_that_cannot_be_had_ends_the_build(build: Callable[..., list[Event]]) -> None:
    """Si una base no se consigue, el error de quien la buscaba llega después de ``BuildFailed``."""

    def never(name: str) -> None:
        raise BaseImageError(f"No hay {name}.")

    error, events = failing(build, "FROM BASE\nRUN true\n", ensure_base=never)
    assert isinstance(error, BaseImageError)
    assert isinstance(events[-1], BuildFailed)


@pytest.mark.parametrize("builder", BUILDERS)
def test_failed_run_says_line_code_and_log(build: Callable[..., list[Event]], builder: str) -> None:
    """Un RUN que falla da la línea, el código de salida y las últimas 20 líneas de su registro."""
    text = "FROM BASE\n\nRUN n=0; while [ $n -lt 22 ]; do \\\n  n=$((n+1)); echo l$n; done; exit 3\n"
    error, events = failing(build, text, builder=builder)
    assert isinstance(error, BuildError)
    assert (error.line, error.log) == (3, tuple(f"l{n}" for n in range(3, 23)))
    assert "código 3 (línea 3" in str(error)
    last = events[-1]
    assert isinstance(last, BuildFailed)
    run = named(events, "RUN")
    assert last == BuildFailed(last.reason, last.seconds, run.id, 3, error.log, step=run.name)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    ("text", "kind", "line", "says"),
    [
        ("FROM BASE\nRUNN x\n", DockerfileError, 2, "2 | RUNN x"),
        ("FROM BASE\nCOPY --mal=1 a b\n", DockerfileError, 2, "2 | COPY --mal=1 a b"),
        ("FROM MAYUSCULAS\nRUN x\n", DockerfileError, 1, "va en minúsculas"),
        ("FROM BASE\nRUN true\nCOPY nada.txt /\n", ContextError, 3, "No existe «nada.txt»"),
        ("FROM BASE\nCOPY secreto.txt /\n", ContextError, 2, "con la regla «secreto*»"),
        ('FROM BASE\nCOPY ["carpeta n/á é.txt", "/"]\n', ContextError, 2, "«carpeta ñ/á é.txt»"),
        ("FROM BASE AS a\nFROM BASE\nCOPY --from=a /nada /\n", BuildError, 3, "no existe en «a»"),
        ("FROM BASE\nRUN noexiste\n", BuildError, 2, "Esa orden no existe dentro de la imagen"),
    ],
)
def test_failures_are_explained(
    build: Callable[..., list[Event]], builder: str, text: str, kind: type, line: int, says: str
) -> None:
    """Cada fallo llega con su clase, su línea y una explicación en español, después de ``BuildFailed``."""
    error, events = failing(build, text, builder=builder)
    assert type(error) is kind
    assert getattr(error, "line", None) in (line, None if "MAYUS" in text else line)
    assert says in str(error)
    assert isinstance(events[-1], BuildFailed)


@pytest.mark.parametrize("builder", BUILDERS)
def test_unknown_target_lists_the_stages(build: Callable[..., list[Event]], builder: str) -> None:
    """Un objetivo que no existe lista las etapas y propone la parecida."""
    error, _ = failing(build, "FROM BASE AS compilar\nFROM BASE\n", target="compila", builder=builder)
    assert "compilar y 1" in str(error)
    assert "¿Querías decir «compilar»?" in str(error)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("target", ["0", "stage-0"])
def test_a_stage_without_name_is_a_target(
    build: Callable[..., list[Event]], engine: docker.DockerClient, builder: str, target: str
) -> None:
    """El número de una etapa sin nombre vale como objetivo, aunque el motor solo entienda nombres."""
    text = "FROM BASE\nLABEL cual=primera\nFROM BASE\nLABEL cual=segunda\nRUN false\n"
    finished = build(text, target=target, builder=builder)[-1]
    assert isinstance(finished, BuildFinished)
    assert engine.images.get(finished.image_id).labels["cual"] == "primera"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM node::14\n", 1),
        ("FROM BASE AS x\nFROM BASE\nARG D=x\nCOPY --from=$D /etc/passwd /p\n", 4),
        ("FROM BASE AS a\nARG V=14-alpine\nFROM node:$V\n", 3),
        ("ARG V\nFROM node:${V:?falta}\n", 2),
        ("FROM BASE\nCOPY --from=x::y /a /a\n", 2),
    ],
)
def test_invalid_names_are_errors_of_the_dockerfile(
    build: Callable[..., list[Event]], text: str, line: int
) -> None:
    """Un nombre que el motor no aceptaría se dice antes de pedir nada, con su línea."""
    asked: list[str] = []
    error, _ = failing(build, text, ensure_base=asked.append)
    assert isinstance(error, DockerfileError)
    assert (error.line, asked) == (line, [])


def test_what_buildkit_reads_is_built(build: Callable[..., list[Event]]) -> None:
    """Expansiones, documentos y un ``RUN`` vacío se construyen, cada paso en su línea."""
    text = "ARG R=BASE-x:1\nFROM ${R%-x*}\nRUN\nCOPY <<FIN-1 <<-\\GUIÓN /n/\nRUNN\nFIN-1\n\tGUIÓN\n"
    text += (
        "RUN echo it\\'s && cat << FIN > /m\nRUNN\nFIN\nONBUILD RUN <<FIN\nRUNN\nFIN\nRUN cat /n/FIN-1 /m\n"
    )
    events = build(text)
    lines = [event.line for event in events if isinstance(event, StepDeclared) and event.line]
    assert {3, 4, 8, 14} <= set(lines)


def test_missing_base_is_a_base_error(build: Callable[..., list[Event]]) -> None:
    """Una base que no está en el motor ni se puede bajar lo dice por su nombre."""
    error, _ = failing(build, "FROM localhost:1/no-existe:1\nRUN true\n")
    assert isinstance(error, BaseImageError)
    assert "no-existe" in str(error)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("buil", BuildError, "¿Querías decir «build»?"),
        ("Buil", BuildError, "¿Querías decir «build»?"),
        ("nginx", BuildError, "Las etapas de este Dockerfile son: build y 1."),
        ("nginx:1", BaseImageError, "No hay nginx:1."),
        ("ejemplo/nginx", BaseImageError, "No hay ejemplo/nginx."),
    ],
)
def test_a_misspelt_from_lists_the_stages(
    build: Callable[..., list[Event]], base_image: str, builder: str, name: str, kind: type, says: str
) -> None:
    """Un ``--from`` que no es etapa ni se consigue como imagen propone la etapa parecida, con su línea."""

    def only_base(reference: str) -> None:
        if reference != base_image:
            raise BaseImageError(f"No hay {reference}.")

    text = f"FROM BASE AS build\nRUN true\nFROM BASE\nCOPY --from={name} /a /a\n"
    error, events = failing(build, text, builder=builder, ensure_base=only_base)
    assert type(error) is kind
    assert says in str(error)
    last = events[-1]
    assert isinstance(last, BuildFailed)
    assert last == BuildFailed(error.what, last.seconds, line=getattr(error, "line", None))
    if isinstance(error, BuildError):
        assert (error.line, "4 | COPY" in str(error)) == (4, True)


def test_a_from_may_be_an_image_named_like_a_stage(
    build: Callable[..., list[Event]], engine: docker.DockerClient, base_image: str
) -> None:
    """Si la imagen existe, un ``--from`` con nombre de etapa vale; un ``FROM`` no habla de etapas."""
    engine.images.get(base_image).tag("multietapa-pruebas-buil")
    try:
        build("FROM BASE AS build\nCOPY --from=multietapa-pruebas-buil /bin /x\n", ensure_base=lambda _: None)
    finally:
        engine.images.remove("multietapa-pruebas-buil")

    def never(name: str) -> None:
        raise BaseImageError(f"No hay {name}.")

    error, _ = failing(build, "FROM BASE AS build\nFROM buil\nRUN true\n", ensure_base=never)
    assert isinstance(error, BaseImageError)


@pytest.mark.parametrize("heredoc", ["RUN <<EOF\nexit 1\nEOF\n", "COPY <<EOF /x\nhola\nEOF\n"])
def test_the_classic_builder_refuses_heredocs(build: Callable[..., list[Event]], heredoc: str) -> None:
    """El clásico no ejecuta un heredoc y no lo dice: se dice antes, salvo que su etapa no se construya."""
    error, events = failing(build, f"FROM BASE\nRUN true\n{heredoc}", builder="clasico")
    assert isinstance(error, BuildError)
    assert (error.line, len(events)) == (3, 1)
    assert "El constructor clásico no entiende esto (línea 3" in str(error)
    assert isinstance(
        build(f"FROM BASE AS a\nRUN true\nFROM BASE\n{heredoc}", builder="clasico", target="a")[-1],
        BuildFinished,
    )


@pytest.mark.parametrize("builder", BUILDERS)
def test_huge_lines_are_clipped_in_the_error(build: Callable[..., list[Event]], builder: str) -> None:
    """Un RUN que falla con una línea de 5 MB da un error que se puede leer."""
    text = "FROM BASE\nRUN head -c 5000000 /dev/zero | tr '\\0' x; exit 3\n"
    error, _ = failing(build, text, builder=builder)
    assert isinstance(error, BuildError)
    assert len(str(error)) < 20 * 310 + 500
    assert all(len(line) <= 303 for line in error.log)
    assert "código 3 (línea 2" in str(error)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("url", ["https://no.invalid/x", "http://127.0.0.1:1/x"])
def test_a_failed_download_names_its_url(build: Callable[..., list[Event]], builder: str, url: str) -> None:
    """Un ADD al que nadie contesta nombra la dirección y la línea; no habla de imágenes base."""
    error, _ = failing(build, f"FROM BASE\nADD {url} /x\n", builder=builder)
    assert isinstance(error, DownloadError)
    assert isinstance(error, NetworkError)
    assert error.line == 2
    assert error.what == f"No se pudo descargar «{url}» (línea 2 del Dockerfile)."


@pytest.mark.parametrize("builder", BUILDERS)
def test_what_the_base_left_to_do_is_its_own(
    build: Callable[..., list[Event]], engine: docker.DockerClient, builder: str
) -> None:
    """Un ``ONBUILD`` de la base que falla se cita y señala el «FROM», aunque haya otra orden igual."""
    base = "multietapa-pruebas/onbuild:1"
    done = build("FROM BASE\nONBUILD RUN echo aquí; exit 9\n")[-1]
    assert isinstance(done, BuildFinished)
    engine.images.get(done.image_id).tag(base)
    try:
        error, events = failing(build, f"\nFROM {base}\nRUN echo aquí; exit 9\n", builder=builder)
    finally:
        engine.images.remove(base)
    assert isinstance(error, BuildError)
    assert (error.line, error.log) == (2, ("aquí",))
    assert "Un «ONBUILD» de la base terminó con el código 9 (línea 2" in error.what
    assert "echo aquí; exit 9" in error.detail
    last = events[-1]
    assert isinstance(last, BuildFailed)
    assert last.line == 2


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_onbuild_of_a_stage_is_a_line_of_this_file(
    build: Callable[..., list[Event]], builder: str
) -> None:
    """Si el ``ONBUILD`` que falla lo escribió una etapa de este Dockerfile, se señala su línea."""
    text = "FROM BASE AS uno\nONBUILD ENV A=1\nONBUILD RUN exit 4\nFROM uno\nRUN true\n"
    error, _ = failing(build, text, builder=builder)
    assert getattr(error, "line", None) == 3
    assert "Un «ONBUILD» de una etapa terminó con el código 4" in str(error)


def test_a_tab_is_a_space(build: Callable[..., list[Event]]) -> None:
    """Una orden escrita detrás de un tabulador se enseña como se escribió, y tiene su línea."""
    events = build("FROM BASE\nRUN\techo Hola\n")
    assert [
        step.line for step in events if isinstance(step, StepDeclared) and step.name == "RUN echo Hola"
    ] == [2]


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_stage_that_nobody_uses_is_said(build: Callable[..., list[Event]], builder: str) -> None:
    """Una etapa que nadie usa deja un aviso con su línea, y si se construye: BuildKit no, el clásico sí."""
    events = build("FROM BASE AS uno\nFROM BASE AS suelta\nRUN true\nFROM uno\nENV A=1\n", builder=builder)
    warning = next(event for event in events if isinstance(event, BuildWarning) and event.line == 2)
    ran = any(isinstance(event, StepDeclared) and event.line == 3 for event in events)
    assert warning.text.startswith("Nadie usa la etapa «suelta»: ")
    assert ran == ("la construye igual" in warning.text) == (builder == "clasico")


def test_uppercase_images_are_said_before_looking_for_them(build: Callable[..., list[Event]]) -> None:
    """``FROM NODE:14`` dice que va en minúsculas antes de buscarla; la versión sí puede llevar mayúsculas."""
    asked: list[str] = []
    error, _ = failing(build, "FROM BASE AS a\nFROM NODE:14-A\nRUN true\n", ensure_base=asked.append)
    assert isinstance(error, DockerfileError)
    assert (error.line, asked) == (2, [])
    assert "va en minúsculas" in error.why
    assert "«node:14-A»" in error.next_step


def test_secrets_say_what_to_use(build: Callable[..., list[Event]]) -> None:
    """Un paso que monta un secreto y no lo tiene se avisa, y si falla se dice cómo dárselo."""
    error, events = failing(build, "FROM BASE\nRUN --mount=type=secret,id=x cat /run/secrets/x\n")
    assert 'secretos={"x": Path("...")}' in str(error)
    assert [(e.line, "el secreto «x»" in e.text) for e in events if isinstance(e, BuildWarning)] == [
        (2, True)
    ]


def test_unknown_builder_lists_those_that_exist(engine: docker.DockerClient, context: Path) -> None:
    """Un constructor que no existe se dice con los que hay."""
    with pytest.raises(UnknownNameError, match="buildkit, clasico"):
        list(build_events(engine, context, tag=TAG, builder="otro"))


def processes(engine: docker.DockerClient, base_image: str, mark: str) -> int:
    """Cuántos procesos de todo el motor llevan ``mark`` en su orden (sin contar quien pregunta)."""
    seen = engine.containers.run(
        base_image,
        ["sh", "-c", "for f in /proc/[0-9]*/cmdline; do cat $f; echo; done; true"],
        pid_mode="host",
        remove=True,
        labels=labels(),
    )
    return sum(mark in line for line in seen.decode(errors="replace").replace("\0", " ").splitlines())


def endless(base_image: str) -> tuple[str, str]:
    """Un Dockerfile que no termina y callado, y el número de segundos que lo distingue de otros."""
    mark = str(10_000_000 + uuid.uuid4().int % 1_000_000)
    return f"FROM {base_image}\nRUN echo empieza; sleep {mark}\n", f"sleep {mark}"


def leftovers(engine: docker.DockerClient) -> set[str]:
    """Los contenedores que hay, parados o no."""
    return {c.id for c in engine.containers.list(all=True, ignore_removed=True)}


@pytest.mark.parametrize("builder", BUILDERS)
def test_cancelling_stops_the_engine_too(
    engine: docker.DockerClient, context: Path, base_image: str, builder: str
) -> None:
    """Al cancelar en silencio se sabe enseguida, y en el motor no sigue ningún proceso ni contenedor."""
    text, mark = endless(base_image)
    before, cancel, pressed = leftovers(engine), threading.Event(), 0.0
    events: list[Event] = []

    def cancel_it() -> None:
        nonlocal pressed
        for event in build_events(engine, context, tag=TAG, dockerfile=text, builder=builder, cancel=cancel):
            events.append(event)
            if isinstance(event, LogLine):
                assert processes(engine, base_image, mark) > 0
                pressed = time.monotonic()
                threading.Timer(0.3, cancel.set).start()

    with pytest.raises(BuildCancelled):
        cancel_it()
    took = time.monotonic() - pressed - 0.3
    assert isinstance(events[-1], BuildFailed)
    assert events[-1].cancelled
    assert processes(engine, base_image, mark) == 0
    assert leftovers(engine) <= before
    assert took < 3, f"tardó {took:.2f} s"


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("how", ["cerrar", "interrumpir"])
def test_closing_or_interrupting_stops_the_engine_too(
    engine: docker.DockerClient, context: Path, base_image: str, builder: str, how: str
) -> None:
    """Cerrar el generador o pulsar Ctrl-C mientras espera también para la construcción en el motor."""
    text, mark = endless(base_image)
    before = leftovers(engine)
    stream = build_events(engine, context, tag=TAG, dockerfile=text, builder=builder)
    with closing(stream):
        next(event for event in stream if isinstance(event, LogLine))
        assert processes(engine, base_image, mark) > 0
        if how == "interrumpir":
            threading.Timer(0.3, _thread.interrupt_main).start()
            with pytest.raises(KeyboardInterrupt):
                list(stream)
    assert processes(engine, base_image, mark) == 0
    assert leftovers(engine) <= before


def test_cancelling_before_starting_does_not_build(
    engine: docker.DockerClient, context: Path, base_image: str
) -> None:
    """Una construcción ya cancelada no llega al motor."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(BuildCancelled):
        list(
            build_events(engine, context, tag=TAG, dockerfile=f"FROM {base_image}\nRUN true\n", cancel=cancel)
        )


def test_cancelling_a_slow_base_does_not_wait(engine: docker.DockerClient, context: Path) -> None:
    """Cancelar mientras se trae una base no espera a que llegue."""
    cancel, gate = threading.Event(), threading.Event()
    threading.Timer(0.6, cancel.set).start()
    start = time.monotonic()

    def slow(_: str) -> None:
        gate.wait(30)

    with pytest.raises(BuildCancelled):
        list(
            build_events(
                engine,
                context,
                tag=TAG,
                dockerfile="FROM a\nRUN b\n",
                cancel=cancel,
                ensure_base=slow,
            )
        )
    assert time.monotonic() - start < 10  # no los 30 que tarda la base
    gate.set()


@needs_unix
def test_an_engine_that_is_not_there(context: Path, tmp_path: Path) -> None:
    """Con el motor apagado desde el principio, el error lo dice."""
    client = docker.DockerClient(base_url=f"unix://{tmp_path}/nadie.sock", version="1.47")
    events: list[Event] = []
    with pytest.raises(EngineLostError):
        events += build_events(client, context, tag=TAG, dockerfile="FROM a\nRUN b\n")


Factory = Callable[..., AbstractContextManager[tuple[docker.DockerClient, Any]]]


@pytest.mark.parametrize("builder", BUILDERS)
def test_an_engine_that_dies_halfway(second_engine_factory: Factory, context: Path, builder: str) -> None:
    """Si el motor muere a mitad, hay ``BuildFailed`` y ``EngineLostError``, enseguida."""
    with second_engine_factory() as (client, handle):
        events: list[Event] = []
        base = load_base_image(client)
        text = f"FROM {base}\nRUN echo empieza; sleep 1000\n"

        def kill_it() -> None:
            for event in build_events(client, context, tag=TAG, dockerfile=text, builder=builder):
                events.append(event)
                if isinstance(event, LogLine):
                    threading.Timer(0.3, handle.kill).start()

        with pytest.raises(EngineLostError) as caught:
            kill_it()
        assert isinstance(events[-1], BuildFailed)
        assert "Qué hacer" in str(caught.value)


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_full_disk_is_said(second_engine_factory: Factory, context: Path, builder: str) -> None:
    """Con el disco del motor lleno el error es ``DiskFullError``, con la línea que no cupo."""
    with second_engine_factory(data_size_mb=64) as (client, _):
        base = load_base_image(client)
        text = f"FROM {base}\nRUN dd if=/dev/zero of=/grande bs=1000000 count=200\n"
        with pytest.raises(DiskFullError) as caught:
            list(build_events(client, context, tag=TAG, dockerfile=text, builder=builder))
    assert caught.value.line == 2


def test_free_space_is_asked_again_while_the_disk_is_being_freed(
    engine: docker.DockerClient, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si el motor tropieza con lo que el disco lleno no dejó hacer, se repite; con lo que no existe, no."""
    create, asked = engine.api.create_container_from_config, 0

    def stumble(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        if asked > 2:
            return create(*arguments)
        answer = requests.Response()
        answer.status_code = 500
        said = "chown /data/overlay2/d567-init/work/work: no such file or directory"
        raise docker.errors.APIError("500", answer, said)  # lo que contestó uno lleno, dos veces de doce

    monkeypatch.setattr(engine.api, "create_container_from_config", stumble)
    free = free_bytes(engine, base_image)
    assert free
    assert asked == 3
    assert free_bytes(engine, "multietapa-pruebas/no-existe:1") is None
    assert asked == 4


def test_nothing_of_ours_is_left_without_its_label(
    build: Callable[..., list[Event]], engine: docker.DockerClient
) -> None:
    """La imagen construida se encuentra por la etiqueta del kit."""
    done = build("FROM BASE\nRUN true\n")[-1]
    assert isinstance(done, BuildFinished)
    assert done.image_id in {image.id for image in engine.images.list(filters={"label": f"{LABEL}=1"})}
