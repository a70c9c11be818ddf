"""``explorar`` en una celda y en la terminal: con un motor real, con un archivo sin motor, y lo que falla."""

from __future__ import annotations

import os
import signal
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.cells import explorar as explorar_module
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.exploracion import Exploracion
from multietapa.cells.explorar import archive_path, explorar
from multietapa.cells.exploring import copied
from multietapa.cells.hechas import Paso
from multietapa.cells.motor import Motor
from multietapa.engine.model import EngineInfo
from multietapa.errors import (
    ArchiveError,
    CallError,
    EngineLostError,
    Interrupted,
    MultietapaError,
    NoEngineError,
    UnknownNameError,
)
from multietapa.widgets.explorer.rows import number
from tests.cell_kernel import Wire, cut, started
from tests.crafted import archive, entry, layer, oci_archive
from tests.relay import relay

TAG = "multietapa-pruebas/explorar:1"
TOKEN = "npm_" + "q7Wz3nB8kL5vX2cR9tY4mP6sD1fG0hJaKeUi"
INFO = EngineInfo("privado", "Docker Engine", "28.5.2", "1.51", "overlay2", "amd64")
RECORDED = Construccion("sha256:1", "tienda:1", 1.0, (), "", INFO, grabacion="GRABACIÓN")
DOCKERFILE = """
FROM node:14-alpine AS build
RUN mkdir -p /app/dist && head -c 200000 /dev/zero > /app/dist/server.js && echo uno > /app/dist/nota.txt

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist /app/dist
COPY .npmrc /app/.npmrc
RUN rm -rf /app/dist
CMD ["sleep", "300"]
"""


@pytest.fixture(scope="module")
def built(
    motor_real: Motor, own_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Construccion]:
    """Una imagen con una carpeta copiada de otra etapa, que después se borra, y un archivo con un token."""
    assert own_cache.is_dir()
    client, folder = motor_real.client, tmp_path_factory.mktemp("app")
    (folder / ".npmrc").write_text(f"//registro.ejemplo/:_authToken={TOKEN}\n", encoding="utf-8")
    yield construir(folder, etiqueta=TAG, dockerfile=DOCKERFILE, vista=False, cliente=client)
    client.images.remove(TAG, force=True)


@pytest.fixture(scope="module")
def seen(engine: docker.DockerClient, built: Construccion) -> Exploracion:
    """Esa imagen, explorada a partir de lo que devolvió ``construir``."""
    return explorar(built, cliente=engine, vista=False)


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Un archivo de imagen con una capa que tapa a otra y un token, y una caché vacía."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    first = layer(entry("app/a.txt", "antes"), entry("app/.npmrc", f"//r/:_authToken={TOKEN}\n"))
    second = layer(entry("app/a.txt", "después, más largo"))
    place = tmp_path / "imagen.tar"
    place.write_bytes(archive([first, second], "caja:1"))
    return place


# --- Del motor ---


def test_everything_adds_up(seen: Exploracion, engine: docker.DockerClient) -> None:
    """Los archivos y las capas suman Desempaquetado, y las causas de pérdida, el desperdicio; al byte."""
    assert sum(int(row["bytes"] or 0) for row in seen.archivos) == seen.desempaquetado
    assert sum(int(row["bytes"] or 0) for row in seen.capas) == seen.desempaquetado
    assert sum(int(row["bytes"] or 0) for row in seen.desperdicios) == seen.desperdicio == 200_004
    assert sum(int(row["se pierde"] or 0) for row in seen.capas) == seen.desperdicio
    assert engine.images.get(TAG).attrs["Size"] == pytest.approx(seen.desempaquetado, rel=0.02)
    assert repr(seen).startswith(f"{TAG}: Desempaquetado ")
    assert "200 kB de ellos" in repr(seen)
    assert repr(seen).endswith(INFO.label if seen.motor is None else seen.motor.label)


def test_who_is_to_blame(seen: Exploracion) -> None:
    """Lo que se pierde dice de qué capa es, qué instrucción la hizo, cuál lo esconde y por qué."""
    (lost,) = seen.desperdicios
    assert lost["ruta"] == "/app/dist"
    assert (lost["archivos"], lost["por qué"]) == (2, "se borró su carpeta")
    assert str(lost["instrucción"]).startswith("COPY")
    assert lost["instrucción que lo esconde"] == "RUN rm -rf /app/dist"
    assert int(lost["escondido por la capa"] or 0) == int(lost["capa"] or 0) + 2


def test_a_copy_from_another_stage_is_told(seen: Exploracion, engine: docker.DockerClient) -> None:
    """De lo que devolvió ``construir`` se sabe qué capa copia de otra etapa; de una etiqueta, no."""
    crossed = [row for row in seen.capas if row["etapa"]]
    assert [(row["etapa"], row["línea"]) for row in crossed] == [("build", 7)]
    assert "copia de la etapa «build»" in seen.texto
    by_tag = explorar(TAG, cliente=engine, vista=False)
    assert [row for row in by_tag.capas if row["etapa"] or row["línea"]] == []
    assert "no dice de qué etapa copia cada COPY" in by_tag.texto


def test_a_file_can_be_read(seen: Exploracion, engine: docker.DockerClient) -> None:
    """Se lee lo que se ve, con los secretos tapados, y también lo borrado; si no es texto, se dice."""
    before = {one.id for one in engine.containers.list(all=True)}
    written = seen.contenido("/app/.npmrc")
    assert "_authToken=npm_" in written
    assert TOKEN not in written
    assert seen.contenido("app/dist/nota.txt") == "uno\n"
    assert "PRETTY_NAME=" in seen.contenido("/etc/os-release")  # es un enlace
    with pytest.raises(MultietapaError, match="no se puede enseñar") as raised:
        seen.contenido("/app/dist/server.js")
    assert "solo se enseñan los archivos de hasta 64" in str(raised.value)
    with pytest.raises(UnknownNameError, match=r"/app/\.npmrc"):
        seen.contenido("/app/npmrc")
    with pytest.raises(UnknownNameError, match="en la capa «99»"):
        seen.contenido("/app/.npmrc", 99)
    with pytest.raises(MultietapaError, match="es una carpeta"):
        seen.contenido("/app")
    assert {one.id for one in engine.containers.list(all=True)} == before


def test_the_biggest_and_what_is_searched(seen: Exploracion) -> None:
    """``mayores`` da los que más pesan y ``buscar``, todas las versiones que llevan eso en su ruta."""
    biggest = seen.mayores(3)
    sizes = [int(row["bytes"] or 0) for row in biggest]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == max(int(row["bytes"] or 0) for row in seen.archivos)
    (found,) = seen.buscar("SERVER.js")
    assert (found["ruta"], found["se ve"], found["por qué no"]) == (
        "/app/dist/server.js",
        False,
        "se borró su carpeta",
    )
    assert seen.mayores(0) == []
    with pytest.raises(CallError, match=r"resultado\.mayores\(20\)"):
        seen.mayores("muchos")  # type: ignore[arg-type]


def test_the_second_time_is_instant(seen: Exploracion, engine: docker.DockerClient) -> None:
    """Abrirla otra vez en el mismo cuaderno no lee nada: menos de 0,3 s."""
    start = time.monotonic()
    again = explorar(TAG, cliente=engine, vista=False)
    first = time.monotonic() - start
    start = time.monotonic()
    once_more = explorar(TAG, cliente=engine, vista=False)
    assert time.monotonic() - start < max(0.3, first)
    assert again.desempaquetado == once_more.desempaquetado == seen.desempaquetado


def test_a_cell_shows_at_once_and_answers(motor_real: Motor, built: Construccion, tmp_path: Path) -> None:
    """En un cuaderno, las capas provisionales se ven antes de un segundo; al acabar contesta a la página."""
    with started(motor_real, tmp_path, "ExplorerView") as notebook:
        notebook.run("import time, multietapa; multietapa.motor()")
        cell = notebook.run(f"from multietapa import explorar\nx = explorar({built.etiqueta!r})")
        assert cell.error == ""
        assert cell.changes[0]["head"]["phase"] == "working"
        assert "provisional" in cell.changes[0]["head"]["headline"]
        assert cell.changes[0]["layers"]
        assert cell.final["head"]["phase"] == "done"
        assert cell.final["progress"] == {}
        assert cell.final["rows"]
        told = notebook.tell(cell.widget, {"id": 7, "buscar": "nota.txt"})
        assert told["id"] == 7
        path, size, _, lost = told["filas"][0].split("\t")
        assert (path, size, lost) == ("app/dist/nota.txt", number(4), "x")
        wrong = notebook.tell(cell.widget, {"id": 8, "carpeta": "no/hay"})
        assert "no hay nada" in wrong["error"]


# --- Lo que va mal ---


@pytest.mark.parametrize(
    ("asked", "options", "problem", "said"),
    [
        ("no-existe:1", {}, UnknownNameError, "no-existe:1"),
        (TAG, {"vista": "dibujo"}, UnknownNameError, "la vista"),
        (RECORDED, {}, NoEngineError, "«tienda:1» es una grabación y no se puede explorar"),
        ("./no-está.tar", {}, MultietapaError, "No hay ningún archivo"),
        (" ", {}, MultietapaError, "Esto no es una imagen"),
    ],
)
def test_a_wrong_call_draws_nothing(
    engine: docker.DockerClient,
    capsys: pytest.CaptureFixture[str],
    asked: Any,
    options: dict[str, Any],
    problem: type[MultietapaError],
    said: str,
) -> None:
    """Lo que no se puede explorar se dice en español, antes de enseñar nada."""
    with pytest.raises(problem, match=said):
        explorar(asked, cliente=engine, **options)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("problem", "stop", "words"),
    [
        (Interrupted, lambda: os.kill(os.getpid(), signal.SIGINT), "Interrumpido: se enseña lo que dijo"),
        (EngineLostError, cut, "No se pudo terminar de leer. El motor"),
    ],
    ids=["ctrl-c", "motor"],
)
def test_stopping_writes_what_is_known(
    motor_real: Motor,
    built: Construccion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: type[BaseException],
    stop: Callable[[], object],
    words: str,
) -> None:
    """Si se para mientras se lee, quedan las capas con lo que dijo el motor, y se dice qué pasó."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("multietapa.cells.exploring._read", {})
    wire = Wire()
    with relay(tmp_path, motor_real.choice.host, wire.look) as host:
        client = docker.DockerClient(base_url=host)
        wire.at(1, stop)
        with pytest.raises(problem):
            explorar(built.etiqueta, cliente=client)
        client.close()
    shown = capsys.readouterr()
    assert words in shown.out
    assert "provisional" in shown.out
    assert "RUN rm -rf /app/dist" in shown.out
    assert "pidiendo la imagen al motor" in shown.err


# --- De un archivo, sin motor ---


def test_an_archive_needs_no_engine(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un archivo se lee sin buscar ningún motor, por su ``Path`` o por un texto acabado en ``.tar``."""
    monkeypatch.setattr(explorar_module, "motor", lambda: pytest.fail("se buscó un motor"))
    found = explorar(saved, vista=False)
    assert found.motor is None
    assert repr(found) == (
        "imagen.tar: Desempaquetado 82 B, y 5 B de ellos (6,1 %) viajan sin que se vean · archivo, sin motor"
    )
    assert explorar(str(saved), vista=False).desempaquetado == found.desempaquetado
    assert found.contenido("/app/a.txt") == "después, más largo"
    assert found.contenido("/app/a.txt", capa=1) == "antes"
    assert TOKEN not in found.contenido("/app/.npmrc")
    assert explorar(saved, nombre="caja:1", vista=False).nombre == "caja:1"
    with pytest.raises(UnknownNameError, match="caja:1"):
        explorar(saved, nombre="caja:2", vista=False)


def test_a_folder_of_oci_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Una carpeta de OCI es lo mismo que su archivo."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    only = [layer(entry("app/a.txt", "hola"))]
    packed = tmp_path / "oci.tar"
    packed.write_bytes(oci_archive([(only, only, "caja:1")]))
    with tarfile.open(packed) as tar:
        tar.extractall(tmp_path / "oci", filter="data")
    found = explorar(tmp_path / "oci", vista=False)
    assert found.archivos == explorar(packed, vista=False).archivos
    assert found.contenido("/app/a.txt") == "hola"


def test_a_broken_archive_is_told(saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """De un archivo cortado se dice qué pasa, también en la vista; y de una carpeta que no lo es."""
    saved.write_bytes(saved.read_bytes()[:700])
    with pytest.raises(ArchiveError):
        explorar(saved)
    assert "No se pudo terminar de leer." in capsys.readouterr().out
    with pytest.raises(ArchiveError, match="no es una imagen"):
        explorar(tmp_path, vista=False)


def test_what_is_a_file_and_what_is_a_tag(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un ``Path``, o un texto que acaba en ``.tar`` o parece una ruta, es un archivo; lo demás, etiqueta."""
    monkeypatch.chdir(saved.parent)
    assert archive_path("imagen.tar") == Path("imagen.tar")
    assert archive_path("./imagen.tar") == Path("imagen.tar")
    assert archive_path(saved) == saved
    assert archive_path("tienda:ingenua") is None
    assert archive_path("registro.ejemplo/tienda") is None
    assert archive_path(RECORDED) is None
    with pytest.raises(MultietapaError, match=r'explorar\("otra\.tar:latest"\)'):
        archive_path("otra.tar")


def test_in_a_terminal_it_is_written(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Con ``vista="texto"`` se escribe lo mismo que guarda ``texto``."""
    found = explorar(saved, vista="texto")
    shown = capsys.readouterr()
    assert shown.out == f"{found.texto}\n"
    assert "imagen.tar (1 de 1): " in shown.err


def test_only_a_copy_from_a_stage_crosses() -> None:
    """De los pasos se saca qué línea copia de otra etapa, esté donde esté la opción."""
    steps = [
        ("COPY --from=build /a /b", 3),
        ("COPY --chown=node --from=0 /a /b", 4),
        ("COPY . .", 5),
        ("RUN echo --from=x", 6),
        ("COPY --link --from=build --chmod=755 /a /b", None),
    ]
    made = tuple(Paso(text, "final", line, "hecho", 0.1) for text, line in steps)
    assert copied(made) == {3: "build", 4: "0"}
