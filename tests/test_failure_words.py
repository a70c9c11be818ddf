"""De un fallo se juzga lo que dice el motor, nunca el texto de la orden que falló."""

from __future__ import annotations

import json
from pathlib import Path

import docker
import pytest

from multietapa.build.failure import engine_words
from multietapa.build.pipeline import build_events
from multietapa.errors import BuildError, ContextError, DiskFullError, DockerfileError

BUILDERS = ("buildkit", "clasico")
#: Órdenes que acaban mal diciendo otra cosa, y el código con el que acaban de verdad.
MISLEADING = (
    ("echo 'exit code: 77'; exit 8", 8),
    ("grep 'No space left on device' /etc/passwd", 1),
    ("echo 'write /x: No space left on device' >&2; exit 13", 13),
    ("echo 'parse error on line 9: x'; exit 1", 1),
    ("echo '\" did not complete successfully: exit code: 5'; exit 6", 6),
    ('echo "\' returned a non-zero code: 5"; exit 7', 7),
    ("echo 'forbidden path outside the build context: /x'; exit 9", 9),
    ("echo 'target stage nada could not be found'; exit 10", 10),
    ("echo 'COPY failed: stat b.txt: file does not exist'; exit 11", 11),
    ("echo '--mount requires BuildKit'; exit 12", 12),
)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(("command", "code"), MISLEADING)
def test_the_command_is_not_the_diagnosis(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, builder: str, command: str, code: int
) -> None:
    """Diga lo que diga la orden, el error es el código con el que terminó, en su línea."""
    text = f"FROM {base_image}\nRUN {command}\n"
    with pytest.raises(BuildError, match=f"código {code} ") as caught:
        list(build_events(engine, tmp_path, tag="prueba-dice:1", dockerfile=text, builder=builder))
    assert not isinstance(caught.value, (ContextError, DiskFullError, DockerfileError))
    assert caught.value.line == 2


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    "said",
    [
        "no space left on device",
        "exit code: 5",
        "unable to find user ana: no matching entries in passwd file",
        "dial tcp: connection refused",
        "failed to parse platform x: y",
    ],
)
def test_what_a_variable_asks_for_is_not_the_diagnosis(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, builder: str, said: str
) -> None:
    """Un ``${X:?mensaje}`` puede decir cualquier cosa: el error es que falta esa variable, en su línea."""
    text = f'FROM {base_image}\nLABEL uno=1\nLABEL dos="${{X:?{said}}}"\n'
    with pytest.raises(DockerfileError, match="la variable «X» no tiene valor") as caught:
        list(build_events(engine, tmp_path, tag="prueba-dice:1", dockerfile=text, builder=builder))
    assert caught.value.line == 3


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize(
    "name",
    [
        "a: no space left on device",
        'process "x" did not complete successfully: exit code: 3',
        "The command 'x' returned a non-zero code: 3",
        "dockerfile parse error on line 9: x",
        "target stage x could not be found",
        "nada stat otra.txt",
    ],
)
def test_the_name_of_a_file_is_not_the_diagnosis(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, builder: str, name: str
) -> None:
    """Se llame como se llame, un archivo que falta es un archivo que falta."""
    text = f"FROM {base_image}\nCOPY {json.dumps([name, '/x'])}\n"
    with pytest.raises(ContextError) as caught:
        list(build_events(engine, tmp_path, tag="prueba-dice:1", dockerfile=text, builder=builder))
    plain = name.replace("'", "").replace('"', "")  # las comillas las quita el motor, también de una lista
    assert caught.value.what == f"No existe «{plain}», que hay que copiar (línea 2 del Dockerfile)."


def test_the_words_of_the_engine_are_what_follows_the_command() -> None:
    """De lo que cita el motor se quita la orden, también si lleva saltos de línea o se imita a sí misma."""
    cited = 'process "/bin/sh -c echo \'" did not complete successfully: exit code: 1\'\nexit 2" '
    assert engine_words(f"{cited}did not complete successfully: exit code: 2") == "exit code: 2"
    old = "executor failed running [/bin/sh -c echo ']: exit code: 1'; exit 4]: exit code: 4"
    assert engine_words(old) == "exit code: 4"
    classic = "The command '/bin/sh -c exit 3' returned a non-zero code: 3"
    assert engine_words(classic) == "returned a non-zero code: 3"
    assert engine_words("failed to read dockerfile") == "failed to read dockerfile"
