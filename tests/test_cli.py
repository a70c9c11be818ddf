"""La línea de órdenes, ejecutada de verdad: en español también cuando se escribe mal."""

from __future__ import annotations

import subprocess
import sys

import docker
import pytest

from multietapa.cleanup import limpiar
from multietapa.identity import LABEL, SESSION_LABEL, SESSION_VARIABLE, labels
from multietapa.paths import PROJECT_ROOT
from tests.conftest import SecondEngine, load_base_image

ENGLISH = ("usage", "error:", "invalid", "required", "options:", "positional", "unrecognized")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Ejecuta una orden desde la raíz del proyecto."""
    return subprocess.run([sys.executable, *words], cwd=PROJECT_ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["iniciar.py", "--puert"], "no conozco «--puert»"),
        (["iniciar.py", "--puerto", "x"], "número entero"),
        (["iniciar.py", "--puerto"], "le falta su valor"),
        (["iniciar.py", "prueba"], "Vale: taller, pruebas"),
        (["-m", "multietapa"], "falta la orden"),
        (["-m", "multietapa", "motor", "--motor", "otro"], "Vale: existente, privado"),
        (["-m", "multietapa", "limpiar", "todo"], "no conozco «todo»"),
    ],
)
def test_a_wrong_command_is_explained_in_spanish(words: list[str], said: str) -> None:
    """Una orden mal escrita sale con 2, dice qué no entiende y cómo ver la ayuda, y no habla inglés."""
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr and "--ayuda" in done.stderr
    assert not [word for word in ENGLISH if word in done.stderr]


@pytest.mark.parametrize("words", [["iniciar.py"], ["-m", "multietapa"], ["-m", "multietapa", "motor"]])
def test_help_is_in_spanish(words: list[str]) -> None:
    """``--ayuda`` explica las opciones en español."""
    done = run(*words, "--ayuda")
    assert done.returncode == 0 and "opciones:" in done.stdout
    assert not [word for word in ENGLISH if word in done.stdout]


def test_motor_says_what_was_chosen_and_why_not_the_others(engine: docker.DockerClient) -> None:
    """``motor`` dice el elegido y la razón de cada uno de los demás."""
    done = run("-m", "multietapa", "motor")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert lines[0].startswith("Elegido: ")
    rejected = [line for line in lines if line.startswith("No elegido: ")]
    assert rejected and all(line.count(":") >= 2 for line in rejected)


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
