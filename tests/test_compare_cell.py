"""``comparar`` en una celda y en una terminal: lo que se ve mientras mide, y lo que queda si algo va mal."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from multietapa.cells.comparar import comparar
from multietapa.cells.motor import Motor
from multietapa.errors import EngineLostError, MultietapaError, NoEngineError, UnknownNameError
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.compare.words import PROVISIONAL
from tests.cell_kernel import Notebook, Wire, cut, started
from tests.crafted import archive, entry, layer
from tests.relay import relay

BIG, SMALL = "multietapa-pruebas/celda:grande", "multietapa-pruebas/celda:chica"
BOTH = f"comparar({BIG!r}, {SMALL!r})"


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient) -> Iterator[docker.DockerClient]:
    """Dos imágenes de una capa en un motor real; se borran al final."""
    for tag, size in ((BIG, 7000), (SMALL, 4500)):
        engine.images.load(archive([layer(entry("app/server.js", "s" * size))], tag))
    yield engine
    for tag in (BIG, SMALL):
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def kernel(
    motor_real: Motor,
    images: docker.DockerClient,  # noqa: ARG001  las deja cargadas
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Notebook]:
    """Un kernel cuyo motor es el de las pruebas."""
    with started(motor_real, tmp_path_factory.mktemp("cable"), "CompareView") as opened:
        assert opened.run("import os\nfrom multietapa import comparar, motor\nmotor()").error == ""
        yield opened


@pytest.fixture
def notebook(kernel: Notebook, tmp_path: Path) -> Notebook:
    """El kernel, que no recuerda haber medido nada."""
    kernel.wire.at(0, cut)
    kernel.run(f"os.environ['MULTIETAPA_CACHE'] = {str(tmp_path)!r}")
    return kernel


@pytest.fixture
def terminal(
    motor_real: Motor,
    images: docker.DockerClient,  # noqa: ARG001  las deja cargadas
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[docker.DockerClient, Wire]]:
    """Un cliente que llega al motor por un cable, y una caché vacía."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    wire = Wire()
    with relay(tmp_path, motor_real.choice.host, wire.look) as host:
        client = docker.DockerClient(base_url=host)
        yield client, wire
        client.close()


def test_the_first_paint_is_provisional(notebook: Notebook) -> None:
    """Antes de medir nada ya se enseña lo que dice el motor, rotulado; el avance llega en orden.

    De cada imagen se sabe primero Desempaquetado y después Transferencia.
    """
    cell = notebook.run(BOTH)
    assert cell.error == ""
    first, *later = cell.changes
    assert [row["reported"]["label"] for row in first["rows"]] == [PROVISIONAL] * 2
    assert first["head"]["phase"] == "working"
    seen: list[tuple[str, ...]] = []
    for change in later:
        if step := change.get("progress"):
            seen.append((step["text"], step["step"].partition(":")[0]))
        elif "rows" in change:
            seen.append(tuple("".join(key[0] for key in row.get("figures", {})) for row in change["rows"]))
    one, two = f"Midiendo {BIG} (1 de 2)", f"Midiendo {SMALL} (2 de 2)"
    reading = ("Consultando lo ya medido", "Pidiendo la imagen al motor")
    for name, before, after in ((one, ("u", ""), ("ut", "")), (two, ("ut", "u"), ("ut", "ut"))):
        steps = [item for item in seen if item[0] == name]
        assert [step for n, (_, step) in enumerate(steps) if n == 0 or step != steps[n - 1][1]][:2] == [
            *reading
        ]
        assert seen.index(before) < seen.index(after)
    shown = [item for item in seen if not item[0].startswith("Midiendo")]
    assert list(dict.fromkeys(shown)) == [("u", ""), ("ut", ""), ("ut", "u"), ("ut", "ut")]
    assert (cell.final["head"]["phase"], cell.final["progress"]) == ("done", {})
    assert f"{BIG} ocupa 1,6 veces lo que {SMALL}" in cell.saved


@pytest.mark.parametrize(
    ("phase", "error", "words"),
    [
        ("interrupted", "Interrupted", "Medida interrumpida"),
        ("failed", "EngineLostError", "No se pudo terminar de medir. El motor se cortó"),
    ],
)
def test_stopping_leaves_a_coherent_view(notebook: Notebook, phase: str, error: str, words: str) -> None:
    """Si se para o falla en la segunda imagen, la primera queda medida y la otra, provisional."""
    notebook.wire.at(2, notebook.manager.interrupt_kernel if phase == "interrupted" else cut)
    cell = notebook.run(BOTH)
    assert cell.error == error
    head, rows = cell.final["head"], cell.final["rows"]
    assert (head["phase"], cell.final["progress"]) == (phase, {})
    assert head["reason"].startswith(words)
    assert "figures" in rows[0]
    assert rows[1]["reported"]["label"] == PROVISIONAL
    assert words in cell.saved
    assert PROVISIONAL in cell.saved


def test_an_unknown_image_draws_nothing(notebook: Notebook) -> None:
    """Una imagen que no existe es un error antes de dibujar nada."""
    cell = notebook.run(f"comparar({BIG!r}, 'no-existe:1')")
    assert (cell.error, cell.changes, cell.saved, cell.written) == ("UnknownNameError", [], "", "")


def test_an_unknown_image_writes_nothing(
    images: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """En una terminal tampoco se escribe nada, y el error dice las imágenes que sí existen."""
    with pytest.raises(UnknownNameError, match="no-existe:1") as caught:
        comparar(BIG, "no-existe:1", cliente=images)
    assert BIG in caught.value.valid
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "says"),
    [("H1M:x", "Escribe «h1m:x»."), ("node::14", "no sirve como etiqueta"), ("a b:1", "lleva un espacio")],
)
def test_what_is_not_a_name_is_said(
    images: docker.DockerClient, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    """Lo que no puede ser el nombre de una imagen se dice, con lo que le pasa, y no se enseña nada."""
    with pytest.raises(MultietapaError, match=f"«{name}» no es el nombre de una imagen") as caught:
        comparar(name, cliente=images)
    assert says in str(caught.value)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("problem", "stop", "words"),
    [
        (KeyboardInterrupt, lambda: os.kill(os.getpid(), signal.SIGINT), "Medida interrumpida"),
        (EngineLostError, cut, "No se pudo terminar de medir. El motor se cortó"),
    ],
    ids=["ctrl-c", "motor"],
)
def test_stopping_in_a_terminal_writes_what_is_known(
    terminal: tuple[docker.DockerClient, Wire],
    capsys: pytest.CaptureFixture[str],
    problem: type[BaseException],
    stop: Callable[[], object],
    words: str,
) -> None:
    """La tabla sale igual, con lo medido, lo provisional y por qué no se terminó."""
    client, wire = terminal
    wire.at(2, stop)
    with pytest.raises(problem):
        comparar(BIG, SMALL, cliente=client)
    shown = capsys.readouterr()
    assert words in shown.out
    assert PROVISIONAL in shown.out
    assert "7,0 kB" in shown.out
    assert shown.err.endswith(f"{SMALL} (2 de 2): pidiendo la imagen al motor\n")


def test_stopping_while_it_compresses_keeps_what_was_read(
    engine: docker.DockerClient,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Con Ctrl-C mientras se comprime queda Desempaquetado, y lo demás dice que está sin medir."""
    tag = "multietapa-pruebas/celda:larga"
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path))
    engine.images.load(archive([layer(entry("app/largo", os.urandom(40 << 20).hex()))], tag))

    class Stopping(io.StringIO):
        """Quien lee el avance y pulsa Ctrl-C cuando empieza a comprimir."""

        def write(self, said: str) -> int:
            """Lee una línea."""
            if "comprimiendo" in said:
                os.kill(os.getpid(), signal.SIGINT)
            return super().write(said)

    try:
        with monkeypatch.context() as reader:
            reader.setattr(sys, "stderr", Stopping())
            with pytest.raises(KeyboardInterrupt):
                comparar(tag, cliente=engine, vista="texto")
        out = capsys.readouterr().out
        assert "Medida interrumpida" in out
        assert re.search(r"Desempaquetado +83,9 MB", out)
        assert re.search(r"Transferencia +sin medir", out)
        assert not [path for path in tmp_path.rglob("multietapa-*")]
        assert not [each.name for each in threading.enumerate() if each.name.startswith("multietapa-gzip")]
        found = comparar(tag, cliente=engine, vista=False)
        assert 0 < found.transferencia[tag] < found.desempaquetado[tag]
    finally:
        engine.images.remove(tag, force=True)


def test_a_terminal_that_goes_away_is_an_error_like_the_others(
    images: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Si nadie lee el avance (``| head``), el fallo se dice por su nombre junto a lo que se sabía."""
    reading, writing = os.pipe()
    os.close(reading)
    with suppress(BrokenPipeError), os.fdopen(writing, "w") as nobody, monkeypatch.context() as gone:
        gone.setattr(sys, "stderr", nobody)
        with pytest.raises(BrokenPipeError):
            comparar(BIG, cliente=images)
    assert "BrokenPipeError" in capsys.readouterr().out


def test_without_an_engine(no_engine_environment: dict[str, str]) -> None:
    """Sin motor se dice por qué no lo hay, también si lo que se compara es una grabación."""
    program = """
from multietapa import comparar
from multietapa.cells.construccion import Construccion
recorded = Construccion("sha256:1", "tienda:1", 1.0, (), "", None, grabacion="GRABACIÓN")
for image in ("tienda:1", recorded):
    try:
        comparar(image)
    except Exception as problem:
        print(type(problem).__name__, str(problem).replace("\\n", " "))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MULTIETAPA_MOTOR_EN_MARCHA": "", **no_engine_environment},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr
    for line in lines:
        assert line.startswith(f"{NoEngineError.__name__} No hay ningún motor")
        assert "existente: se pidió «grabacion»" in line
