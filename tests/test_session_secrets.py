"""Los secretos de una construcción, con un motor de verdad: llegan a su paso y no quedan en ningún sitio."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import docker
import pytest

from multietapa import construir
from multietapa.build.events import BuildWarning, Event, LogLine
from multietapa.build.image import build_image
from multietapa.build.masking import HIDDEN
from multietapa.build.pipeline import run
from multietapa.build.plan import plan_build
from multietapa.build.recording import Header, Recorder
from multietapa.build.session.extras import wanted_extras
from multietapa.build.session.secrets import BIGGEST, read_secrets
from multietapa.errors import BuildError, CallError
from multietapa.identity import labels
from tests.conftest import SecondEngine, load_base_image, needs_unix

Build = Callable[..., list[Event]]
Secrets = Mapping[str, str | bytes | os.PathLike[str]]
CHECK = "RUN --mount=type=secret,id=clave,required=true sha256sum /run/secrets/clave > /huella\n"


@pytest.fixture
def build(engine: docker.DockerClient, tmp_path: Path, base_image: str) -> Iterator[Build]:
    """Construye un texto (``BASE`` es la imagen base) con unos secretos y da sus eventos."""
    tag = f"multietapa-pruebas/secretos:{secrets.token_hex(4)}"

    def run(text: str, values: Secrets | None = None, *, into: str = "") -> list[Event]:
        events: list[Event] = []
        text = text.replace("BASE", base_image)
        build_image(
            engine, tmp_path, tag=into or tag, dockerfile=text, secrets=values, on_event=events.append
        )
        return events

    yield run
    for image in engine.images.list("multietapa-pruebas/secretos"):
        engine.images.remove(image.id, force=True)


def read(engine: docker.DockerClient, image: str, command: str) -> str:
    """Lo que escribe una orden en un contenedor de la imagen."""
    said: bytes = engine.containers.run(image, ["sh", "-c", command], remove=True, labels=labels())
    return said.decode().strip()


def test_a_secret_reaches_its_step_and_stays_nowhere(
    second_engine_factory: SecondEngine, tmp_path: Path
) -> None:
    """El paso lee el secreto; ni la imagen, ni su historia, ni el disco entero del motor lo guardan.

    Tampoco si el paso lo escribe: el historial de construcciones guarda lo que escriben, y esta no entra.
    """
    value = secrets.token_hex(32)
    (tmp_path / "clave.txt").write_text(value)
    (tmp_path / "app").mkdir()
    with second_engine_factory() as (client, daemon):
        text = f"FROM {load_base_image(client)}\n{CHECK}"
        text += "RUN --mount=type=secret,id=otro,env=OTRO echo ${#OTRO} > /largo; echo $OTRO\n"
        given: Secrets = {"clave": tmp_path / "clave.txt", "otro": value}
        image = build_image(client, tmp_path / "app", tag="secreta:1", dockerfile=text, secrets=given)
        assert read(client, "secreta:1", "cut -d' ' -f1 /huella; cat /largo").split() == [
            hashlib.sha256(value.encode()).hexdigest(),
            str(len(value)),
        ]
        saved = b"".join(image.save())
        assert value.encode() not in saved
        assert value not in str(image.history()) + str(image.attrs)
        daemon.stop()
        places = [Path(folder) / name for folder, _, names in os.walk(daemon.data) for name in names]
        readable = [place for place in places if place.is_file() and not place.is_symlink()]
        assert len(readable) > 20
        assert not [place for place in readable if value.encode() in place.read_bytes()]


def test_what_is_given_arrives_byte_by_byte(
    engine: docker.DockerClient, build: Build, tmp_path: Path
) -> None:
    """Llegan enteros un texto con acentos, uno vacío, bytes cualesquiera y el mayor que se admite."""
    path = tmp_path.parent / f"{tmp_path.name}.bin"
    for number, data in enumerate([b"", "eñe ☃\n".encode(), bytes(range(256)), os.urandom(BIGGEST)]):
        path.write_bytes(data)
        tag = f"multietapa-pruebas/secretos:{number}"
        build(f"FROM BASE\nENV VUELTA={secrets.token_hex(3)}\n{CHECK}", {"clave": path}, into=tag)
        assert read(engine, tag, "cut -d' ' -f1 /huella") == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        ("type=secret,id=x,required=true", 'secretos={"x": Path("...")}'),
        ("type=ssh,required=true", "ssh=True"),
    ],
)
def test_what_a_step_needs_and_is_not_given(build: Build, mount: str, said: str) -> None:
    """Si un paso no puede estar sin él, falla, y el error dice qué falta y cómo dárselo."""
    with pytest.raises(BuildError) as caught:
        build(f"FROM BASE\nRUN --mount={mount} true\n")
    assert "no se le ha dado" in caught.value.what
    assert caught.value.line == 2
    assert said in caught.value.next_step


def test_a_step_can_do_without_it(build: Build) -> None:
    """Si puede estar sin él, se construye con un aviso; si el paso falla, el error lo recuerda."""
    mount = "RUN --mount=type=secret,id=npm"
    events = build(f"FROM BASE\n{mount} test ! -e /run/secrets/npm\n")
    (warning,) = (event for event in events if isinstance(event, BuildWarning))
    assert (warning.line, "«npm»" in warning.text) == (2, True)
    with pytest.raises(BuildError, match="código 3") as caught:
        build(f"FROM BASE\n{mount} exit 3\n")
    assert 'secretos={"npm": Path("...")}' in caught.value.next_step


def test_a_misspelt_name_is_found_on_both_sides(build: Build) -> None:
    """El que falta y el que sobra se dicen una vez, cada uno con el que se le parece."""
    mount = "RUN --mount=type=secret,id=npm_token true"
    events = build(f"FROM BASE\n{mount}\n{mount} # otra vez\n", {"npm-tokn": "abcdef"})
    said = [event.text for event in events if isinstance(event, BuildWarning)]
    assert len(said) == 2
    assert "¿Es «npm-tokn», que sí se ha dado?" in said[0]
    assert "¿Querías decir «npm_token»?" in said[1]


def test_a_secret_of_a_stage_that_is_not_built_is_known(build: Build) -> None:
    """Montarlo en una etapa que no se va a construir no es escribirlo mal."""
    text = "FROM BASE AS otra\nRUN --mount=type=secret,id=x true\nFROM BASE\nENV A=1\n"
    said = [event.text for event in build(text, {"x": "algo"}) if isinstance(event, BuildWarning)]
    assert not [text for text in said if "secreto" in text]


def test_a_secret_without_a_name_is_explained(build: Build) -> None:
    """Un ``--mount=type=secret`` sin ``id`` dice qué le falta."""
    with pytest.raises(BuildError, match="le falta su nombre") as caught:
        build("FROM BASE\nRUN --mount=type=secret true\n")
    assert caught.value.line == 2


def test_a_secret_that_nobody_mounts_is_said(build: Build) -> None:
    """Un nombre mal escrito se avisa, con el que seguramente se quería decir."""
    events = build("FROM BASE\nRUN --mount=type=secret,id=token true\n", {"tokne": "x"})
    said = [event.text for event in events if isinstance(event, BuildWarning)]
    assert any("«tokne», que se ha dado. ¿Querías decir «token»?" in text for text in said)
    quiet = build("FROM BASE\nARG N=token\nRUN --mount=type=secret,id=$N true\n", {"token": "x"})
    assert not [event for event in quiet if isinstance(event, BuildWarning)]


@needs_unix
def test_what_does_not_do_as_a_secret(tmp_path: Path) -> None:
    """Un archivo que falta, una carpeta, una tubería, uno enorme o un nombre imposible se dicen antes."""
    (tmp_path / "carpeta").mkdir()
    os.mkfifo(tmp_path / "tuberia")
    with (tmp_path / "enorme").open("wb") as file:
        file.truncate(5_000_000_000)
    for values, said in (
        ({"a": tmp_path / "nada"}, "no existe"),
        ({"a": tmp_path / "carpeta"}, "es una carpeta"),
        ({"a": tmp_path / "tuberia"}, "no es un archivo corriente"),
        ({"a": tmp_path / "enorme"}, "5,00 GB"),
        ({"a": "x" * (BIGGEST + 1)}, "el máximo son 512\u202f000 bytes"),
        ({"a": str(tmp_path / "enorme")}, 'secretos={"a": Path("...")}'),
        ({"a": None}, "esa variable no existe"),
        ({"": "x"}, "sin nombre"),
        ({"a": 3}, "de la clase «int»"),
    ):
        with pytest.raises(BuildError) as caught:
            wanted_extras(secrets=values)  # type: ignore[arg-type]
        assert said in str(caught.value)
        assert "xxxxx" not in str(caught.value)


def test_a_text_or_bytes_are_the_secret_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un texto lo es aunque parezca una ruta; unos bytes, aunque nombren un archivo que existe."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("dentro")
    values: Secrets = {
        "a": "./nada/de/nada",
        "b": b"token",
        "c": Path("token"),
        "d": "dos\nlíneas\n",
        "e": "~nadie/x",
    }
    assert read_secrets({**values, "f": "con\0nulo", "g": "x" * 10_000}) == {
        "a": b"./nada/de/nada",
        "b": b"token",
        "c": b"dentro",
        "d": "dos\nlíneas\n".encode(),
        "e": b"~nadie/x",
        "f": b"con\0nulo",
        "g": b"x" * 10_000,
    }


def test_what_a_step_writes_of_it_is_covered(build: Build, tmp_path: Path) -> None:
    """Un paso que escribe un secreto no lo deja en los eventos, ni en el error, ni en una grabación."""
    key = f"-----BEGIN KEY-----\n{secrets.token_hex(20)}\n-----END KEY-----\n"
    middle = key.split("\n")[1]
    mount = f"FROM BASE\nENV V={secrets.token_hex(3)}\nRUN --mount=type=secret,id=x"
    events = build(f"{mount} cat /run/secrets/x; echo a-$(cat /run/secrets/x)-b >&2\n", {"x": key})
    said = [event.text for event in events if isinstance(event, LogLine)]
    assert sorted(said) == sorted([*[HIDDEN] * 3, f"a-{HIDDEN} {HIDDEN} {HIDDEN}-b"])
    header = Header("motor", "amd64", "2026-01-01T00:00:00+00:00", "Dockerfile", "a:1")
    list(Recorder(tmp_path / "g.jsonl", header=header).wrap(events))
    assert middle not in (tmp_path / "g.jsonl").read_text(encoding="utf-8")
    with pytest.raises(BuildError, match="código 3") as caught:
        build(f"{mount} cat /run/secrets/x; exit 3\n", {"x": key})
    assert HIDDEN in str(caught.value)
    assert middle not in f"{caught.value} {vars(caught.value)}"


def test_a_wrong_argument_does_not_quote_it() -> None:
    """``secretos="..."`` no es un diccionario, y el error no repite lo que se escribió."""
    with pytest.raises(CallError, match="un diccionario") as caught:
        construir("carpeta", etiqueta="a:1", secretos="cl4ve-larga")  # type: ignore[arg-type]
    assert "cl4ve" not in str(caught.value)


def test_its_value_is_not_written_anywhere(
    engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    """Ni lo que devuelve ``construir``, ni sus errores, ni el plan enseñan el valor."""
    value = secrets.token_hex(16)
    once = f"ENV V={secrets.token_hex(3)}"
    text = f"FROM {base_image}\n{once}\nRUN --mount=type=secret,id=x wc -c /run/secrets/x\n"
    tag = f"multietapa-pruebas/secretos:{secrets.token_hex(4)}"
    done = construir(tmp_path, etiqueta=tag, dockerfile=text, secretos={"x": value}, vista=False)
    engine.images.remove(done.imagen, force=True)
    assert value not in f"{done!r} {done.registro} {vars(done)}"
    assert value not in repr(wanted_extras(secrets={"x": value}))
    assert "32" in done.registro


def test_eight_builds_each_with_its_own(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> None:
    """Ocho construcciones a la vez: cada una ve su secreto y no queda ningún hilo."""
    before, found = threading.active_count(), dict[int, str]()

    def work(number: int) -> None:
        folder = tmp_path / str(number)
        folder.mkdir()
        text = f"FROM {base_image}\nENV N={number}{secrets.token_hex(3)}\n{CHECK}"
        tag = f"multietapa-pruebas/secretos:ocho{number}"
        build_image(engine, folder, tag=tag, dockerfile=text, secrets={"clave": f"soy {number}"})
        found[number] = read(engine, tag, "cut -d' ' -f1 /huella")
        engine.images.remove(tag, force=True)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == {n: hashlib.sha256(f"soy {n}".encode()).hexdigest() for n in range(8)}
    assert threading.active_count() == before


def test_without_a_session_it_is_an_error(
    engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    """El constructor clásico no puede con un secreto, y no lo pasa por alto."""
    text = f"FROM {base_image}\n"
    extras = wanted_extras(secrets={"x": "1"})
    plan = plan_build(
        tmp_path, tag="x:1", architecture="amd64", dockerfile=text, builder="clasico", extras=extras
    )
    with pytest.raises(BuildError, match="«secretos»"):
        list(run(engine, plan))
