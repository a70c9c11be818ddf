"""``construir`` y ``reproducir``: sin motor, con un motor real y con un clic de verdad en JupyterLab."""

from __future__ import annotations

import _thread
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.apps import app
from multietapa.build.events import BuildFinished
from multietapa.build.recording import FORMAT, VERSION
from multietapa.build.step import Status
from multietapa.cells import construir as construct
from multietapa.cells import reproducir as replaying
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.cells.reproducir import find_recording, reproducir
from multietapa.engine.model import Choice, Rejected
from multietapa.errors import (
    ArchiveError,
    BuildCancelled,
    BuildError,
    ContextError,
    EngineLostError,
    NoEngineError,
    UnknownNameError,
)
from multietapa.identity import BASE_LABEL, LABEL
from multietapa.widgets.build.build import BuildView
from tests.conftest import load_base_image, needs_unix, unavailable
from tests.test_build import endless, leftovers, processes
from tests.test_build_state import state_of
from tests.test_buildkit import DATA

SHOP = app("tienda-node").folder
TEXT = "FROM node:14 AS build\nRUN uno\nFROM node:14-alpine\nCOPY --from=build /a /a\n"
HEAD: dict[str, Any] = {"format": FORMAT, "version": VERSION, "engine": "Docker Engine 28.5.2 · amd64"}
HEAD |= {"architecture": "amd64", "date": "2026-01-02T03:04:05+00:00", "dockerfile": "Dockerfile"}
HEAD |= {"app": "tienda-node"}
STEP = {"id": "1", "name": "RUN uno", "kind": "instruction", "stage": "build", "line": 2}
STEPS: list[dict[str, Any]] = [
    {"t": 0.0, "event": "StepDeclared", **STEP},
    {"t": 0.0, "event": "StepStarted", "id": "1", "at": 0.0},
    {"t": 0.1, "event": "LogLine", "id": "1", "text": "hola"},
    {"t": 0.2, "event": "StepFinished", "id": "1", "at": 0.2, "seconds": 0.2},
]
END: dict[str, Any] = {"t": 0.3, "event": "BuildFinished", "image_id": "sha256:abc", "seconds": 0.3}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta cualquiera, con el mismo Dockerfile que se grabó para la tienda."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text(TEXT)
    return tmp_path / "app"


@pytest.fixture
def tapes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Una carpeta de grabaciones de la tienda: dos del mismo Dockerfile y una rota. Y una de nadie."""
    found = tmp_path / "grabaciones"
    found.mkdir()
    for name, tag in (("a", "otra:1"), ("b", "tienda:1")):
        lines = [HEAD | {"tag": tag, "text": TEXT + "\n\n"}, *STEPS, END]
        (found / f"{name}.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (found / "0.jsonl").write_text("esto no es una grabación")
    ownerless = [HEAD | {"tag": "nadie:1", "text": TEXT, "app": ""}, *STEPS, END]
    (found / "c.jsonl").write_text("\n".join(map(json.dumps, ownerless)), encoding="utf-8")
    monkeypatch.setattr(replaying, "RECORDINGS", found)
    return found


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Una máquina en la que ningún motor es posible."""
    none = Motor(Choice("grabacion", "", "", (Rejected("existente", "", "no contesta"),)))
    monkeypatch.setattr(construct, "motor", lambda: none)


@pytest.mark.usefixtures("nowhere", "tapes")
def test_without_engine_the_recording_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Sin motor se enseña la grabación de ese Dockerfile, a su ritmo y rotulada en la vista y en el valor."""
    start = time.monotonic()
    done = construir(SHOP, etiqueta="tienda:1", dockerfile=TEXT, vista="texto")
    assert time.monotonic() - start >= 0.3
    label = "GRABACIÓN · Docker Engine 28.5.2 · amd64 · 2026-01-02"
    assert done.grabacion == label
    assert capsys.readouterr().err.startswith(label)
    assert repr(done).startswith(label)
    assert (done.etiqueta, done.imagen, done.motor.kind) == ("tienda:1", "sha256:abc", "grabacion")
    assert [(p.texto, p.linea, p.estado) for p in done.pasos] == [("RUN uno", 2, "hecho")]
    assert "hola" in done.registro


@pytest.mark.usefixtures("nowhere", "tapes")
@pytest.mark.parametrize(
    "options",
    [
        {"dockerfile": "FROM node:14\nRUN otra cosa\n"},
        {"objetivo": "build"},
        {"argumentos": {"X": "1"}},
        {"constructor": "clasico"},
    ],
)
def test_without_engine_nothing_else_is_made_up(options: dict[str, Any]) -> None:
    """Lo que no se grabó no se enseña: el error dice por qué no hay motor y de qué hay grabaciones."""
    with pytest.raises(NoEngineError) as caught:
        construir(SHOP, etiqueta="tienda:1", vista=False, **({"dockerfile": TEXT} | options))
    assert "existente: no contesta" in str(caught.value)
    assert "Hay grabaciones de otra:1 y tienda:1, sin cambiar" in str(caught.value)


@pytest.mark.usefixtures("nowhere", "tapes")
def test_a_recording_is_only_for_its_app(folder: Path) -> None:
    """Con el mismo Dockerfile en otra carpeta la imagen sería otra: no se enseña la de la tienda."""
    with pytest.raises(NoEngineError):
        construir(folder, etiqueta="tienda:1", vista=False)
    assert find_recording(folder, "Dockerfile", "tienda:1") is None
    assert find_recording(SHOP, (folder / "Dockerfile").read_text(), "tienda:1") is not None


@pytest.mark.usefixtures("nowhere", "tapes")
def test_without_engine_a_wrong_folder_is_still_wrong(tmp_path: Path) -> None:
    """Sin motor, una carpeta que no existe se dice igual."""
    with pytest.raises(ContextError, match="no existe"):
        construir(tmp_path / "nada", etiqueta="a:1", vista=False)


@pytest.mark.usefixtures("tapes")
@pytest.mark.parametrize(("tag", "found"), [("tienda:1", "tienda:1"), ("mia:1", "otra:1")])
def test_which_recording_fits(tag: str, found: str) -> None:
    """Vale cualquiera de ese mismo Dockerfile; entre varias, la de esa etiqueta. Una rota no cuenta."""
    chosen = find_recording(SHOP, TEXT, tag)
    assert chosen is not None
    assert chosen.header.tag == found
    assert find_recording(SHOP, TEXT.replace("uno", "dos"), tag) is None


@pytest.mark.usefixtures("tapes")
def test_a_recording_of_nobody_is_never_chosen() -> None:
    """La que no dice de qué aplicación es (las de la versión 1) no se elige sola, aunque coincida en todo."""
    chosen = find_recording(SHOP, TEXT, "nadie:1")
    assert chosen is not None
    assert chosen.header.tag == "otra:1"


@pytest.mark.parametrize("speed", [0, -1.0, float("nan"), float("inf")])
def test_a_speed_that_is_not_one(tapes: Path, speed: float) -> None:
    """Una velocidad que no es positiva se rechaza antes de enseñar nada."""
    with pytest.raises(ValueError, match="mayor que 0"):
        reproducir(tapes / "a.jsonl", velocidad=speed, vista=False)


def test_a_recording_plays_at_its_speed(tapes: Path) -> None:
    """``None`` va todo seguido; los segundos que se dicen son los grabados."""
    done = reproducir(tapes / "b.jsonl", velocidad=None, vista=False)
    assert done.segundos == 0.3
    with pytest.raises(ArchiveError):
        reproducir(tapes / "0.jsonl", vista=False)


def test_a_recording_of_version_1_still_plays(capsys: pytest.CaptureFixture[str]) -> None:
    """Una grabación hecha antes se reproduce igual: sus pasos en su etapa y los internos aparte."""
    done = reproducir(DATA / "grabacion_v1.jsonl", velocidad=None, vista="texto")
    assert done.etiqueta == "tienda:ingenua"
    assert [(p.texto, p.linea) for p in done.pasos] == [
        ("WORKDIR /app", 3),
        ("COPY package*.json ./", 4),
        ("RUN npm install", 5),
        ("COPY . .", 6),
        ("RUN npm run build", 7),
    ]
    assert "FROM node:14 (línea 2)" in capsys.readouterr().err


def test_the_stages_that_nobody_uses_are_named(tapes: Path) -> None:
    """Lo que devuelve una construcción nombra las etapas que nadie usa; con una recién grabada, también."""
    lone = TEXT.replace("FROM node:14 AS build", "FROM node:14 AS suelta\nFROM node:14 AS build")
    lines = [HEAD | {"tag": "a:1", "text": lone}, *STEPS, END]
    (tapes / "d.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = reproducir(tapes / "d.jsonl", velocidad=None, vista=False)
    assert found.etapas_sin_usar == ("suelta",)
    assert repr(found).endswith("; nadie usa la etapa «suelta»")
    assert reproducir(tapes / "a.jsonl", velocidad=None, vista=False).etapas_sin_usar == ()


def test_a_failed_recording_fails_again(tapes: Path) -> None:
    """Una construcción que falló al grabarse falla al reproducirse, con su línea."""
    failed = {"t": 1, "event": "BuildFailed", "reason": "exit code: 3", "seconds": 1, "line": 2}
    lines = [HEAD | {"tag": "a:1", "text": TEXT}, *STEPS[:3], failed]
    (tapes / "c.jsonl").write_text("\n".join(map(json.dumps, lines)))
    with pytest.raises(BuildError, match="código 3") as caught:
        reproducir(tapes / "c.jsonl", velocidad=None, vista=False)
    assert caught.value.line == 2


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("options", [{"constructor": "otro"}, {"vista": "html"}])
def test_unknown_names_list_the_valid_ones(folder: Path, options: dict[str, Any]) -> None:
    """Un constructor o una vista que no existen se dicen con los que hay, antes de buscar un motor."""
    with pytest.raises(UnknownNameError, match="Usa uno de estos"):
        construir(folder, etiqueta="a:1", **options)


@needs_unix
def test_an_engine_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    """Con un cliente cuyo motor está apagado, el error lo dice en español."""
    client = docker.DockerClient(base_url=f"unix://{tmp_path}/nadie.sock", version="1.47")
    with pytest.raises(EngineLostError):
        construir(folder, etiqueta="a:1", cliente=client, vista=False)


# --- con un motor real -----------------------------------------------------------------------------------

TWO_STAGES = """\
FROM BASE AS build
WORKDIR /app
RUN echo uno; dd if=/dev/zero of=/app/a bs=1000 count=300 2>/dev/null
FROM BASE
COPY --from=build /app/a /a
RUN echo dos; dd if=/dev/zero of=/b bs=1000 count=500 2>/dev/null
CMD ["sh"]
"""
Build = Callable[..., Construccion]


@pytest.fixture
def build(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> Iterator[Build]:
    """``construir`` de un texto (``BASE`` es la imagen base) con una etiqueta nueva; al final se borra."""
    tags: list[str] = []
    empty = tmp_path / "vacia"
    empty.mkdir()

    def run(text: str = TWO_STAGES, **options: Any) -> Construccion:
        tags.append(f"multietapa-pruebas/construir:{uuid.uuid4().hex[:8]}")
        chosen: dict[str, Any] = {"etiqueta": tags[-1], "vista": False, **options}
        return construir(empty, dockerfile=text.replace("BASE", base_image), **chosen)

    yield run
    for tag in tags:
        for image in engine.images.list(tag):
            engine.images.remove(image.id, force=True)
    for image in engine.images.list(filters={"dangling": True}):  # el clásico deja cada etapa sin nombre
        if TWO_STAGES.splitlines()[2].removeprefix("RUN ") in str(engine.api.history(image.id)):
            engine.images.remove(image.id)


def shown(monkeypatch: pytest.MonkeyPatch) -> list[BuildView]:
    """Hace que ``construir`` use el widget, como en un cuaderno, y devuelve los que abre."""
    opened: list[BuildView] = []

    def open_view(_: object, widget: Callable[[], BuildView], __: object) -> BuildView:
        opened.append(widget())
        return opened[-1]

    monkeypatch.setattr("multietapa.widgets.live.open.open_view", open_view)
    return opened


@pytest.mark.parametrize("builder", ["buildkit", "clasico"])
def test_a_build_says_all_it_did(build: Build, engine: docker.DockerClient, builder: str) -> None:
    """Vuelven la imagen, los segundos, los pasos con su línea y sus bytes, y el registro entero."""
    done = build(constructor=builder, sin_cache=True)
    attributes = engine.api.inspect_image(done.imagen)
    assert attributes["Config"]["Labels"][LABEL] == "1"
    assert attributes["Config"]["Labels"][BASE_LABEL] == "multietapa-pruebas/base:1"
    assert done.etiqueta in attributes["RepoTags"]
    assert 0 < done.segundos < 60
    steps = {(p.etapa, p.texto.split()[0]): p for p in done.pasos}
    assert steps["build", "RUN"].linea == 3
    assert steps["build", "RUN"].bytes is None
    assert (steps["stage-1", "COPY"].bytes, steps["stage-1", "RUN"].bytes) == (300_000, 500_000)
    assert not any("LABEL" in p.texto for p in done.pasos)
    assert re.search(r"── build: RUN .*\nuno\n── etapa 1: RUN .*\ndos", done.registro)
    assert not done.grabacion


def test_the_view_ends_with_the_size_and_takes_another(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """La vista acaba con lo que declara el motor; ``resumir`` pone en su lugar lo medido."""
    opened = shown(monkeypatch)
    done = build()
    view = opened[0]
    assert view.head["phase"] == "done"
    assert view.head["provisional"].endswith("según el motor (comparar la mide)")
    done.resumir("Desempaquetado 3 MB")
    assert view.summary == "Desempaquetado 3 MB"


def test_the_sizes_cost_two_questions(
    build: Build, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """De los tamaños se pregunta al motor lo que ya sabe, y sin respuesta la construcción vale igual."""
    state, asked, send = state_of(BuildFinished(build().imagen, 1.0)), [], engine.api.send

    def counted(request: Any, **given: Any) -> Any:
        asked.append(request.path_url.rpartition("/")[2])
        return send(request, **given)

    monkeypatch.setattr(engine.api, "send", counted)
    assert construct.with_sizes(engine, state, ()).reported
    assert asked == ["json", "history"]
    gone = replace(state, image_id="sha256:" + "0" * 64)
    assert construct.with_sizes(engine, gone, ()) is gone


def test_the_second_time_comes_from_the_cache(build: Build) -> None:
    """Repetida, todo sale de la caché y se dice; con ``sin_cache`` no."""
    text = TWO_STAGES.replace("uno", uuid.uuid4().hex)
    first, second, third = build(text), build(text), build(text, sin_cache=True)
    assert second.de_cache == len(second.pasos) == 4
    assert f"4 de 4 pasos de la caché (imagen {second.imagen[7:19]})" in repr(second)
    assert first.de_cache < 4
    assert third.pasos[-1].estado == Status.DONE.value


def test_only_what_changed_travels_and_it_is_said(
    engine: docker.DockerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Con una sesión viaja lo que cambió, sin el Dockerfile, y lo dicen la vista y lo que devuelve."""
    if not engine.version()["Components"][0]["Name"].startswith("Engine"):
        unavailable("este motor no ofrece sesiones")
    folder = tmp_path / "carpeta"
    folder.mkdir()
    (folder / ".dockerignore").write_text("Dockerfile*\n.dockerignore\n")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    for number in range(5):
        (folder / f"{number}.txt").write_text("x" * 1000)
    time.sleep(0.1)  # una clave que recuerda: los archivos no son de ahora mismo
    tag = f"multietapa-pruebas/viaje:{uuid.uuid4().hex[:8]}"

    def once() -> Construccion:
        return construir(folder, etiqueta=tag, vista="texto", cliente=engine)

    try:
        first, again = once(), once()
        (folder / "3.txt").write_text("y" * 1200)
        changed = once()
    finally:
        for image in engine.images.list(tag.partition(":")[0]):
            engine.images.remove(image.id, force=True)
    told = [
        (sent.carpeta, sent.archivos, sent.bytes) for done in (first, again, changed) for sent in done.enviado
    ]
    assert told == [("contexto", 5, 5000), ("contexto", 0, 0), ("contexto", 1, 1200)]
    assert repr(again).endswith("; no viajó nada: el motor ya tenía los 5 archivos (5,0 kB)")
    assert str(changed.enviado[0]) == "viajó 1 de 5 archivos (1,2 kB de 5,2 kB)"
    written = capsys.readouterr().err
    assert "[interno] recibir el contexto · viajaron los 5 archivos (5,0 kB)" in written
    english = re.findall(r"\b(?:load|transferring|from client|resolve|inline)\b", written)
    assert english == []


def test_a_named_folder_is_told_by_its_name(build: Build, tmp_path: Path) -> None:
    """Lo que llega de otra carpeta se dice con su nombre, y aparte."""
    other = tmp_path / "otra"
    other.mkdir()
    (other / "z").write_text("zeta")
    done = build("FROM scratch\nCOPY --from=datos z /z\n", contextos={"datos": other})
    assert [(sent.carpeta, str(sent)) for sent in done.enviado] == [("datos", "viajó el único archivo (4 B)")]


def test_up_to_a_stage_with_arguments(build: Build) -> None:
    """``objetivo`` y ``argumentos`` llegan al motor."""
    text = "FROM BASE AS uno\nARG X\nRUN echo vale-$X\nFROM uno\nRUN false\n"
    done = build(text, objetivo="uno", argumentos={"X": "7"}, sin_cache=True)
    assert "vale-7" in done.registro


@pytest.mark.parametrize("builder", ["buildkit", "clasico"])
def test_an_argument_may_be_a_number(build: Build, builder: str) -> None:
    """Un valor que no es texto viaja como texto, también si decide la imagen base."""
    text = "ARG N\nFROM multietapa-pruebas/base:$N\nARG NO\nRUN echo vale-$NO\n"
    done = build(text, argumentos={"N": 1, "NO": 7}, constructor=builder, sin_cache=True)
    assert "vale-7" in done.registro


@pytest.mark.parametrize(
    ("tag", "valid"),
    [
        ("MAL Nombre", "mal-nombre"),
        ("", "tienda:1"),
        ("Tienda Española:1", "tienda-espanola:1"),
        ("a:-", "a"),
    ],
)
def test_an_invalid_tag_shows_a_valid_one(build: Build, tag: str, valid: str) -> None:
    """Una etiqueta que el motor no aceptaría se dice antes de construir, con una que sí."""
    with pytest.raises(BuildError, match="etiqueta") as caught:
        build(etiqueta=tag)
    assert type(caught.value) is BuildError
    assert f"«{valid}»" in caught.value.next_step


def test_stages_that_are_called_the_same_are_shown_apart(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dos etapas con un nombre (sin mirar la caja), o con el que BuildKit da a otra, no comparten grupo."""
    opened = shown(monkeypatch)
    noise = uuid.uuid4().hex
    done = build(
        f"FROM BASE AS x\nRUN echo {noise} > /uno\n"
        f"FROM BASE AS X\nRUN echo {noise} > /dos\n"
        "FROM BASE AS stage-3\nCOPY --from=0 /uno /\n"
        "FROM x\nCOPY --from=stage-3 /uno /\nRUN cat /uno /dos\n",
        vista=True,
    )
    said = {
        group["title"]: [step["line"] for step in group["steps"] if not step["text"].startswith("FROM")]
        for group in opened[0].groups
        if not group["inner"]
    }
    assert said == {
        "Etapa x (1.ª)": [2],
        "Etapa x (2.ª)": [4],
        "Etapa stage-3 (1.ª)": [6],
        "Etapa stage-3 (2.ª)": [8, 9],
    }
    sizes = [(step.linea, step.bytes) for step in done.pasos if step.bytes is not None]
    assert [line for line, _ in sizes] == [4, 8, 9]


def test_a_failure_is_shown_and_raised(
    build: Build, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Un RUN que falla enseña su registro y nombra la línea, en la vista y en el error."""
    text = "FROM BASE\nRUN echo antes; exit 3\nRUN echo nunca\n"
    opened = shown(monkeypatch)
    with pytest.raises(BuildError, match="línea 2") as caught:
        build(text)
    assert caught.value.log == ("antes",)
    assert opened[0].head["phase"] == "failed"
    assert opened[0].head["result"].endswith("Una orden terminó con el código 3 (línea 2 del Dockerfile).")
    assert "antes" in opened[0].log
    assert [s["word"] for g in opened[0].groups for s in g["steps"]][-2:] == ["falló", "sin ejecutar"]
    monkeypatch.undo()
    with pytest.raises(BuildError):
        build(text, vista="texto")
    assert "antes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("FROM BASE\nRUNN x\n", {}, "El Dockerfile no se entiende en la línea 2."),
        ("no-existe", {}, "No existe el Dockerfile «no-existe»"),
        ("FROM BASE\n", {"objetivo": "nada"}, "No existe la etapa «nada»."),
        ("FROM BASE\n", {"etiqueta": "MAL"}, "La etiqueta «MAL» no es válida."),
    ],
)
def test_what_is_wrong_before_starting_is_shown_too(
    build: Build, monkeypatch: pytest.MonkeyPatch, text: str, options: dict[str, str], says: str
) -> None:
    """Lo que impide empezar se ve en la vista como una construcción fallida, y después se lanza."""
    opened = shown(monkeypatch)
    with pytest.raises(BuildError) as caught:
        build(text, **options)
    assert says in caught.value.what
    assert (opened[0].head["phase"], opened[0].groups) == ("failed", [])
    assert caught.value.what in opened[0].head["result"]


@pytest.mark.parametrize("how", ["botón", "interrumpir"])
def test_cancelling_leaves_nothing(
    build: Build, engine: docker.DockerClient, base_image: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """El botón o una interrupción cancelan enseguida: ni imagen, ni contenedor, ni proceso en el motor."""
    text, mark = endless(base_image)
    before, opened, pressed = leftovers(engine), shown(monkeypatch), []
    tag = f"multietapa-pruebas/construir:{uuid.uuid4().hex[:8]}"

    def press() -> None:
        while not (opened and "empieza" in opened[0].log):
            time.sleep(0.05)
        pressed.append(time.monotonic())
        if how == "interrumpir":
            _thread.interrupt_main()
        else:
            content = {"data": {"method": "custom", "content": {"type": "cancelar"}}}
            opened[0].comm.handle_msg({"content": content, "buffers": []})

    finger = threading.Thread(target=press, daemon=True)  # si la construcción no llega a empezar, nadie pulsa
    finger.start()
    with pytest.raises(BuildCancelled):
        build(text, etiqueta=tag)
    took = time.monotonic() - pressed[0]
    finger.join()
    assert opened[0].head["phase"] == "cancelled"
    assert processes(engine, base_image, mark) == 0
    assert leftovers(engine) <= before
    assert engine.images.list(tag) == []
    assert took < 3, f"tardó {took:.2f} s"


Factory = Callable[..., AbstractContextManager[tuple[docker.DockerClient, Any]]]


def test_an_engine_that_dies_halfway(
    second_engine_factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si el motor muere a mitad, la vista acaba en «falló» y el error dice qué pasó."""
    opened = shown(monkeypatch)
    with second_engine_factory() as (client, daemon):
        base = load_base_image(client)
        text = f"FROM {base}\nRUN echo empieza; sleep 1000\n"

        def kill() -> None:
            while not (opened and "empieza" in opened[0].log):
                time.sleep(0.05)
            daemon.kill()

        threading.Thread(target=kill).start()
        with pytest.raises(EngineLostError):
            construir(tmp_path, etiqueta="a:1", dockerfile=text, cliente=client)
    assert opened[0].head["phase"] == "failed"
    assert "dejó de contestar" in opened[0].head["result"]


def test_bringing_a_base_is_a_step_with_progress(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mientras se trae una imagen base se ve como un paso más, con su fase y sus bytes."""
    seen: list[Any] = []
    real = BuildView.show

    def spy(view: BuildView, state: Any, elapsed: float) -> None:
        seen.extend(s for g in state.groups for s in g.steps if s.id.startswith("base:"))
        real(view, state, elapsed)

    def slow(_client: object, name: str, *, progress: Callable[[str, int, int], None]) -> None:
        for done in range(8):
            progress(f"cargando {name}", done, 8)
            time.sleep(0.1)

    monkeypatch.setattr(BuildView, "show", spy)
    monkeypatch.setattr(construct, "ensure_base", slow)
    shown(monkeypatch)
    build("FROM BASE\nRUN true\n")
    assert {s.name for s in seen} == {"traer la imagen base multietapa-pruebas/base:1"}
    assert (0, 8) < max(s.bytes for s in seen) <= (7, 8)
    assert seen[-1].status is Status.DONE
