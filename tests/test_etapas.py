"""``etapas``: lo que dice de una carpeta o de un texto, sin motor, y lo que se lee si algo está mal."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest
from IPython.core.interactiveshell import InteractiveShell

from multietapa import etapas
from multietapa.cells.construir import construir
from multietapa.dockerfile.platforms import read_platform
from multietapa.engine.model import Choice, EngineInfo
from multietapa.engine.session import Engine
from multietapa.errors import BuildError, CallError, ContextError, DockerfileError, UnknownNameError
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.saved import VIEW
from multietapa.widgets.stages.sample import EVERY_KIND
from tests.cell_shell import Published

SHOP = PROJECT_ROOT / "apps" / "tienda-node"
CIRCLE = """\
FROM scratch AS uno
COPY --from=dos /a /b
FROM scratch AS dos
COPY --from=uno /a /a
FROM scratch
"""
ITSELF = "FROM scratch AS uno\nCOPY --from=uno /a /b\n"
LATER = "FROM scratch AS uno\nCOPY --from=dos /a /b\nFROM scratch AS dos\nCOPY a /a\n"
BROKEN = "FROM scratch\nCOPI . .\n"
MOUNTED = (
    "FROM scratch AS uno\nRUN --mount=from=dos,target=/d x\nFROM scratch AS dos\nCOPY --from=uno /a /a\n"
)


def test_a_folder() -> None:
    """De una carpeta: qué hace falta, qué imágenes hay que traer y qué se toma en cada línea."""
    found = etapas(SHOP, vista=False)
    assert (found.objetivo, found.necesarias, found.sobran) == ("1", ("build", "1"), {})
    assert found.imagenes == ("node:14", "node:14-alpine")
    copied = {"de": "build", "a": "1", "como": "COPY --from", "que": "/app/dist", "linea": 12}
    assert {**copied, "se_hace": True} in found.aristas
    assert repr(found) == "Etapas de tienda-node. Para la última hacen falta las 2 etapas."
    assert found.texto.startswith("Etapas de tienda-node\n")
    other = etapas(str(SHOP), dockerfile="Dockerfile.ingenuo", vista=False)
    assert repr(other).startswith("Etapas de tienda-node (Dockerfile.ingenuo). Tiene una sola etapa")


def test_a_text() -> None:
    """Un texto vale el primero o en «dockerfile», y no le hace falta ninguna carpeta."""
    found = etapas(EVERY_KIND, objetivo="5", vista=False)
    assert found == etapas(dockerfile=EVERY_KIND, objetivo="5", vista=False)
    assert found.necesarias == ("build", "deps", "ca", "5")
    assert found.sobran["herramientas"] == "solo la usa pruebas, que tampoco hace falta"
    assert "«pruebas» no se hace: nadie la usa." in repr(found)
    assert etapas("FROM node:14", vista=False).imagenes == ("node:14",)


def test_arguments_choose_the_image() -> None:
    """El valor de un ``ARG`` decide de qué imagen se parte."""
    text = "ARG V=14\nFROM node:$V\n"
    assert etapas(text, vista=False).imagenes == ("node:14",)
    assert etapas(text, argumentos={"V": 24}, vista=False).imagenes == ("node:24",)


def test_the_classic_builder() -> None:
    """El clásico hace todo lo que va antes del objetivo, y nada de lo que va después."""
    found = etapas(
        "FROM a AS x\nFROM b AS y\nFROM c AS z\n", objetivo="y", constructor="clasico", vista=False
    )
    assert found.necesarias == ("x", "y")
    assert found.sobran == {"z": "va después del objetivo, y el constructor clásico se para en él"}


@pytest.mark.parametrize(
    ("text", "assumed"),
    [("FROM img-$TARGETARCH\n", True), ("FROM --platform=$BUILDPLATFORM a\n", True), ("FROM a\n", False)],
)
def test_the_assumed_processor_is_said(monkeypatch: pytest.MonkeyPatch, text: str, assumed: bool) -> None:
    """Si un ``FROM`` depende del procesador y no hay motor, se supone el de este equipo, y se dice."""
    monkeypatch.setattr("multietapa.engine.session._current", None)
    found = etapas(text, vista=False)
    mine = read_platform(f"linux/{platform.machine()}").architecture
    assert (f"se ha supuesto {mine}." in found.texto) == assumed
    if "TARGETARCH" in text:
        assert found.imagenes == (f"img-{mine}",)


def test_a_known_engine_decides_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Si ya se trabaja con un motor, su procesador es el que vale, y no se supone nada."""
    info = EngineInfo("existente", "Docker Engine", "28.5.2", "1.51", "overlay2", "riscv64")
    monkeypatch.setattr("multietapa.engine.session._current", Engine(Choice("existente", "", ""), info))
    found = etapas("FROM img-$TARGETARCH\n", vista=False)
    assert found.imagenes == ("img-riscv64",)
    assert "se ha supuesto" not in found.texto


def test_a_target_that_changes_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Con ``TARGETSTAGE`` el grafo es otro para cada objetivo: en el widget solo se ofrece el mismo."""
    monkeypatch.setattr("multietapa.widgets.base.in_notebook", lambda: True)
    monkeypatch.setattr("multietapa.widgets.base.WidgetView.display", lambda _: None)
    text = "FROM a AS x\nFROM img-$TARGETSTAGE AS y\n"
    for name, image in (("x", "a"), ("y", "img-y")):
        found = etapas(f"ARG TARGETSTAGE\n{text}", objetivo=name)
        assert found.imagenes == (image,)
        assert found.vista is not None
        assert len(found.vista.targets) == 1
    same = etapas(text.replace("$TARGETSTAGE", "z"))
    assert same.vista is not None
    assert [each["label"] for each in same.vista.targets] == ["x", "la última (y)"]


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        ({"contexto": "no-existe"}, ContextError, "no-existe"),
        ({"contexto": "FROM a\nCOPI . .\n"}, DockerfileError, "2 | COPI . ."),
        ({"contexto": CIRCLE}, DockerfileError, "2 | COPY --from=dos /a /b"),
        ({"contexto": ITSELF}, DockerfileError, "copia de sí misma"),
        ({"contexto": EVERY_KIND, "objetivo": "prueba"}, BuildError, "¿Querías decir «pruebas»?"),
        ({"contexto": "FROM a\n", "constructor": "x"}, UnknownNameError, "el constructor"),
        ({"contexto": "FROM a\n", "vista": "dibujo"}, UnknownNameError, "la vista"),
        ({"contexto": "FROM a\n", "dockerfile": "FROM b\n"}, CallError, "dos Dockerfile"),
        ({"contexto": 3}, CallError, "«contexto»"),
        ({"carpeta": "."}, CallError, "etapas("),
    ],
)
def test_what_is_wrong_is_said(call: dict[str, Any], kind: type[Exception], said: str) -> None:
    """Lo mal escrito se explica, con su línea y con qué hacer, sin haber buscado ningún motor."""
    with pytest.raises(kind) as raised:
        etapas(**call)
    assert said in str(raised.value)
    assert "Qué hacer: " in str(raised.value)


@pytest.mark.parametrize(
    ("text", "target", "builder"),
    [
        *((text, None, builder) for text in (CIRCLE, ITSELF, BROKEN) for builder in ("buildkit", "clasico")),
        (LATER, "uno", "buildkit"),
        (LATER, None, "clasico"),
        (MOUNTED, None, "buildkit"),
        (LATER, "tres", "buildkit"),
    ],
)
def test_it_is_the_error_of_a_build(
    engine: docker.DockerClient, tmp_path: Path, text: str, target: str | None, builder: str
) -> None:
    """Un Dockerfile que no se puede construir da el mismo error que al construirlo, también con el motor."""
    asked: dict[str, Any] = {"dockerfile": text, "objetivo": target, "constructor": builder, "vista": False}
    (tmp_path / "a").write_text("a")
    with pytest.raises(BuildError) as drawn:
        etapas(tmp_path, **asked)
    with pytest.raises(BuildError) as built:
        construir(tmp_path, etiqueta="multietapa-pruebas/etapas", cliente=engine, **asked)
    assert (type(drawn.value), str(drawn.value)) == (type(built.value), str(built.value))


def test_what_is_not_needed_may_be_out_of_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """BuildKit no mira el orden de lo que no hace: se dibuja, y esa etapa no se ofrece como objetivo."""
    monkeypatch.setattr("multietapa.widgets.base.in_notebook", lambda: True)
    monkeypatch.setattr("multietapa.widgets.base.WidgetView.display", lambda _: None)
    found = etapas(LATER)
    assert (found.necesarias, found.sobran) == (("dos",), {"uno": "nadie la usa"})
    assert found.vista is not None
    assert [each["label"] for each in found.vista.targets] == ["la última (dos)"]


def test_two_stages_with_one_name() -> None:
    """Dos etapas se pueden llamar igual: por su nombre se pide la última de ellas."""
    found = etapas("FROM a AS x\nFROM b AS x\nFROM x\n", objetivo="x", vista=False)
    assert found.imagenes == ("b",)
    assert etapas("FROM a AS x\nFROM b AS x\n", objetivo="0", vista=False).imagenes == ("a",)


def test_no_engine_is_looked_for() -> None:
    """No se busca ningún motor ni se abre conexión con él."""
    program = """
from multietapa.engine import session
session.discover = session.connect = None  # llamarlas sería un error
from multietapa import etapas
print(etapas("FROM a AS x\\nFROM x\\n", vista=False).necesarias, session._current)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "('x', '1') None", done.stderr


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("etapas(TEXTO)", [{VIEW, "text/plain", "text/html"}]),
        ("e = etapas(TEXTO)", [{VIEW, "text/plain", "text/html"}]),
        ("etapas(TEXTO, vista=False)", [{"text/plain"}]),
    ],
)
def test_what_a_cell_shows(
    shell: InteractiveShell, published: Published, cell: str, wanted: list[set[str]]
) -> None:
    """En un cuaderno sale el widget, una sola vez, con sus dos gemelos; sin vista, lo que se dice de él."""
    shell.user_ns["TEXTO"] = EVERY_KIND
    shown = published(f"from multietapa import etapas\n{cell}")
    assert [set(data) for data in shown] == wanted
    assert "Para la última (binario)" in shown[0]["text/plain"]


def test_a_terminal_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Fuera de un cuaderno, o con ``vista="texto"``, se escribe en texto."""
    found = etapas("FROM a AS x\nFROM x\n", vista="texto")
    assert capsys.readouterr().out == f"{found.texto}\n"
    assert "La última, sin nombre, parte de x." in found.texto
