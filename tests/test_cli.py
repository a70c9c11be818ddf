"""La línea de órdenes, ejecutada de verdad: en español también cuando se escribe mal."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from multietapa import __main__
from multietapa.cells.construir import construir
from multietapa.cells.limpiar import limpiar
from multietapa.cli import orders
from multietapa.engine import discovery, session
from multietapa.engine.model import KINDS
from multietapa.engine.private import daemon as private
from multietapa.identity import LABEL, SESSION_LABEL, SESSION_VARIABLE, labels
from multietapa.paths import PROJECT_ROOT
from tests.conftest import SecondEngine, copy_project, load_base_image, motor_over, unavailable

ENGLISH = ("usage", "error:", "invalid", "required", "options:", "positional", "unrecognized")


def run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Ejecuta una orden desde la raíz del proyecto, con esas variables de entorno."""
    env = {**os.environ, **variables}
    return subprocess.run([sys.executable, *words], cwd=PROJECT_ROOT, capture_output=True, text=True, env=env)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["iniciar.py", "--puert"], "no conozco «--puert»"),
        (["iniciar.py", "--puerto", "x"], "número entero"),
        (
            ["iniciar.py", "--puerto", "99999"],
            "--puerto tiene que ser un número entre 1 y 65535, no «99999».",
        ),
        (["-m", "multietapa", "taller", "--puerto", "-1"], "entre 1 y 65535, no «-1»"),
        (["iniciar.py", "--puerto"], "le falta su valor"),
        (["iniciar.py", "prueba"], "Vale: taller, pruebas"),
        (["iniciar.py", "--rapidas"], "--rapidas solo vale con «pruebas»."),
        (["iniciar.py", "--motores"], "--motores solo vale con «pruebas»."),
        (["iniciar.py", "pruebas", "--rapidas", "--motores"], "elige una"),
        (["-m", "multietapa", "taller", "--rapidas"], "no conozco «--rapidas»"),
        (["-m", "multietapa"], "falta la orden"),
        (["-m", "multietapa", "motor", "--motor", "otro"], "Vale: existente, privado"),
        (["-m", "multietapa", "limpiar", "todo"], "no conozco «todo»"),
    ],
)
def test_a_wrong_command_is_explained_in_spanish(words: list[str], said: str) -> None:
    """Una orden mal escrita sale con 2, dice qué no entiende y cómo ver la ayuda, y no habla inglés."""
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "--ayuda" in done.stderr
    assert not [word for word in ENGLISH if word in done.stderr]


@pytest.mark.parametrize("order", ["", *orders.ORDERS])
def test_help_is_in_spanish(order: str, capsys: pytest.CaptureFixture[str]) -> None:
    """``--ayuda``, ``-h`` y ``--help`` explican en español las opciones de cualquier orden."""
    said = set()
    for flag in ("--ayuda", "-h", "--help"):
        with pytest.raises(SystemExit, match=r"^0$"):
            __main__.main([*filter(None, [order]), flag])
        said.add(capsys.readouterr().out)
    (text,) = said
    assert "opciones:" in text
    assert not [word for word in ENGLISH if word in text]


@pytest.mark.parametrize("words", [["--help"], ["pruebas", "-h"]])
def test_help_of_the_readme_command(words: list[str]) -> None:
    """``iniciar.py`` explica en español sus opciones, también con ``--help`` y ``-h``."""
    done = run("iniciar.py", *words)
    assert done.returncode == 0
    assert "opciones:" in done.stdout
    assert not [word for word in ENGLISH if word in done.stdout]


def test_help_names_every_engine() -> None:
    """La ayuda de ``--motor`` nombra todas las clases de motor."""
    for words in (["iniciar.py"], ["-m", "multietapa", "motor"]):
        said = run(*words, "--ayuda").stdout
        assert [kind for kind in KINDS if kind not in said] == []


@pytest.mark.parametrize("order", ["motor", "taller", "limpiar", "pruebas"])
def test_an_engine_that_was_asked_for_and_is_not_there_is_an_error(order: str, tmp_path: Path) -> None:
    """Si se pide «existente» y no contesta, la orden acaba con 1, dice por qué y no usa otro."""
    nobody = {"DOCKER_HOST": f"unix://{tmp_path}/nadie.sock", "MULTIETAPA_MOTOR_EN_MARCHA": ""}
    done = run("-m", "multietapa", order, "--motor", "existente", **nobody)
    assert done.returncode == 1
    assert re.search(r"^✗ .*motor «existente».*$", done.stderr, re.MULTILINE)
    assert f"unix://{tmp_path}/nadie.sock: no hay ningún motor escuchando ahí" in done.stderr
    assert "Elegido" not in done.stdout


def test_recordings_can_be_asked_for() -> None:
    """``--motor grabacion`` no es un error: las grabaciones están siempre."""
    done = run("-m", "multietapa", "motor", "--motor", "grabacion")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Elegido: grabacion")


def test_the_order_of_the_notebooks_says_where_they_are(tmp_path: Path) -> None:
    """``cuadernos`` deja al día las copias y dice dónde están."""
    copy = copy_project(tmp_path / "Taller de Ñandú")
    done = subprocess.run(
        [sys.executable, "-m", "multietapa", "cuadernos"], cwd=copy, capture_output=True, text=True
    )
    assert done.stdout == f"Tus cuadernos están en {copy / 'mis-cuadernos'}\n"
    names = sorted(path.name for path in (copy / "mis-cuadernos").glob("*.ipynb"))
    assert names == sorted(path.name for path in (copy / "notebooks").glob("*.ipynb"))


def test_an_ascii_terminal_gets_question_marks() -> None:
    """En una terminal que solo sabe ASCII, los acentos salen como «?» y la orden no se rompe."""
    for words in (["iniciar.py", "--ayuda"], ["-m", "multietapa", "--ayuda"], ["-m", "multietapa", "motor"]):
        done = run(*words, PYTHONIOENCODING="ascii")
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stdout.isascii()


def test_what_the_system_refuses_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Un error del sistema que nadie esperaba sale en español, con su texto, y no como un rastro."""

    def refuse() -> None:
        raise OSError(30, "Read-only file system", "/x")

    monkeypatch.setattr(discovery, "discover", refuse)
    assert __main__.main(["motor"]) == 1
    written = capsys.readouterr().err
    assert "✗ La orden no pudo terminar." in written
    assert "Qué hacer: " in written
    assert "    OSError: [Errno 30] Read-only file system: '/x'" in written


def test_a_reader_that_leaves_is_not_an_error() -> None:
    """Si quien lee la salida se va (``| head -1``), la orden acaba con 1 y en silencio."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "multietapa", "motor"]
    try:
        done = subprocess.run(command, cwd=PROJECT_ROOT, stdout=writing, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")


def test_an_unusable_folder_is_explained(tmp_path: Path) -> None:
    """Si la carpeta personal no deja crear la caché, la orden lo dice y no enseña un rastro."""
    if reason := private.missing_reason():
        unavailable(f"no se puede arrancar un motor privado: {reason}")
    (tmp_path / "archivo").write_text("")
    done = run(
        *("-m", "multietapa", "motor", "--motor", "privado"),
        **{"MULTIETAPA_CACHE": f"{tmp_path}/archivo/c", "DOCKER_HOST": "", "MULTIETAPA_MOTOR_EN_MARCHA": ""},
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "✗ No se puede usar la carpeta de caché" in done.stderr


@pytest.mark.lenta
def test_fast_tests_prepare_no_engine(tmp_path: Path) -> None:
    """``pruebas --rapidas`` deja fuera las que piden un motor y no busca ninguno, ni hace su paquete."""
    folders = {"MULTIETAPA_CACHE": str(tmp_path / "cache"), "MULTIETAPA_RUN": str(tmp_path / "run")}
    files = [f"tests/test_{name}.py" for name in ("text", "embedded", "running", "private")]
    listed = run("-m", "multietapa", "pruebas", "--rapidas", "--collect-only", "-q", *files, **folders)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    assert "test_text.py::" in listed.stdout
    assert "deselected" in listed.stdout
    for module in ("test_embedded.py::", "test_running.py::", "test_private.py::test_a_dead_dockerd"):
        assert module not in listed.stdout
    assert "Buscando un motor" not in listed.stdout
    assert list(tmp_path.iterdir()) == []
    assert listed.stdout.rstrip().endswith("Todo pasa.")


def test_a_repeated_interruption_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """La señal que ``iniciar.py`` reenvía justo después de la de la terminal no corta la recogida."""
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    interrupt = __main__.interrupt_once()
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)
    now += __main__.REPEATED_SECONDS / 2
    interrupt(signal.SIGINT, None)
    now += __main__.REPEATED_SECONDS
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


def test_an_interruption_is_for_the_process_that_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """En un hijo recién nacido, antes de ser otro programa, la señal no lanza nada."""
    interrupt = __main__.interrupt_once()
    owner = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: owner + 1)
    interrupt(signal.SIGINT, None)
    monkeypatch.undo()
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


@pytest.mark.usefixtures("engine")
def test_motor_says_what_was_chosen_and_why_not_the_others() -> None:
    """``motor`` dice el elegido y la razón de cada uno de los demás."""
    done = run("-m", "multietapa", "motor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("Elegido: ")
    rejected = [line for line in lines if line.startswith("No elegido: ")]
    assert rejected
    assert all(line.count(":") >= 2 for line in rejected)


@pytest.mark.parametrize("every", [False, True], ids=["una sesión", "todas"])
def test_limpiar_removes_what_sessions_made_and_nothing_else(
    second_engine_factory: SecondEngine, every: bool
) -> None:
    """Se borra lo de la sesión pedida (o lo de todas); lo que no lleva las dos etiquetas del kit se queda."""
    with second_engine_factory() as (client, _):
        base = client.containers.create(load_base_image(client), ["true"])
        # Una imagen sin etiquetas: los contenedores heredan las de la suya.
        client.api.import_image_from_data(b"".join(base.export()), repository="ajena", tag="1")
        base.remove()

        def make(**marks: str) -> str:
            return str(client.containers.create("ajena:1", ["true"], labels=marks).id)

        first, other = make(**labels({SESSION_VARIABLE: "a"})), make(**labels({SESSION_VARIABLE: "b"}))
        alien = {make(de="otra persona"), make(**{LABEL: "no"}), make(**{SESSION_LABEL: "a"})}
        done = limpiar(cliente=client, sesion="a", todas=every)
        left = {container.id for container in client.containers.list(all=True)}
        assert left == (alien if every else {*alien, other})
        assert first not in left
        assert ("2 contenedores" if every else "1 contenedor") in repr(done)
        assert bool(client.images.list("multietapa-pruebas/base")) is not every
        assert client.images.list("ajena")


def test_the_build_cache_is_emptied_only_in_the_kits_own_engine(
    second_engine_factory: SecondEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``limpiar(cache=True)`` vacía la caché de compilación del motor del taller; la de otro motor, no."""
    with second_engine_factory() as (client, daemon):
        base = load_base_image(client)
        recipe = f"FROM {base}\nRUN dd if=/dev/zero of=/x bs=1M count=5\n"
        construir(
            PROJECT_ROOT / "sources", dockerfile=recipe, etiqueta="cache:1", vista=False, cliente=client
        )
        kept = limpiar(cliente=client, cache=True)
        assert kept.cache_bytes == 0
        assert "docker builder prune" in repr(kept)
        mine = motor_over(client, daemon)
        monkeypatch.setattr(session, "_current", mine)
        emptied = limpiar(cliente=client, cache=True)
        assert emptied.cache_bytes > 5_000_000
        assert "Caché de compilación" in repr(emptied)
