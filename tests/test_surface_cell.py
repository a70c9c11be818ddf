"""``superficie`` en una celda y en la terminal: lo que encuentra en un motor real y lo que queda si falla."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.cells.superficie import Superficie, superficie
from multietapa.engine.model import EngineInfo
from multietapa.errors import CallError, EngineLostError, MultietapaError, NoEngineError, UnknownNameError
from multietapa.measure.surface.face import Kind
from multietapa.widgets.surface.listing import UNKNOWN
from tests.cell_kernel import Notebook, Wire, cut, started
from tests.crafted import archive, entry, layer
from tests.relay import relay

FULL, BARE = "multietapa-pruebas/superficie:llena", "multietapa-pruebas/superficie:vacia"
ONE, OTHER = "multietapa-pruebas/superficie:una", "multietapa-pruebas/superficie:otra"
TOKEN = "npm_" + "q7Wz3nB8kL5vX2cR9tY4mP6sD1fG0hJaKeUi"
PACKAGE = '{"name": "izquierda", "version": "1.3.0"}'
INFO = EngineInfo("privado", "Docker Engine", "28.5.2", "1.51", "overlay2", "amd64")
RECORDED = Construccion("sha256:1", "tienda:1", 1.0, (), "", INFO, grabacion="GRABACIÓN")
DOCKERFILE = """
FROM node:14-alpine
COPY .npmrc /app/.npmrc
RUN rm /app/.npmrc && cp /bin/busybox /usr/bin/subir && chmod 4755 /usr/bin/subir
COPY package.json /app/node_modules/izquierda/package.json
USER node
CMD ["sleep", "300"]
"""


@pytest.fixture(scope="module")
def built(motor_real: Motor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Construccion]:
    """Una imagen con intérprete, setuid, un paquete de npm y un token borrado; ``BARE`` va sin nada."""
    client, folder = motor_real.client, tmp_path_factory.mktemp("llena")
    (folder / ".npmrc").write_text(f"//registro.ejemplo/:_authToken={TOKEN}\n", encoding="utf-8")
    (folder / "package.json").write_text(PACKAGE, encoding="utf-8")
    bare = "FROM scratch\nCOPY package.json /app/node_modules/izquierda/package.json\n"
    construir(folder, etiqueta=BARE, dockerfile=bare, vista=False, cliente=client)
    yield construir(folder, etiqueta=FULL, dockerfile=DOCKERFILE, vista=False, cliente=client)
    for tag in (FULL, BARE):
        client.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient, built: Construccion) -> Iterator[docker.DockerClient]:
    """El motor, con esas dos y otras dos de una capa."""
    assert built.etiqueta == FULL
    for tag, size in ((ONE, 7000), (OTHER, 4500)):
        engine.images.load(archive([layer(entry("app/server.js", "s" * size))], tag))
    yield engine
    for tag in (ONE, OTHER):
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def seen(images: docker.DockerClient, own_cache: Path) -> Superficie:  # noqa: ARG001  la caché es la de aquí
    """Las dos imágenes, miradas."""
    return superficie(FULL, BARE, nombres=["llena", "vacía"], cliente=images, vista=False)


# --- Lo que encuentra ---


def test_what_someone_inside_would_find(seen: Superficie) -> None:
    """El intérprete, el setuid y el paquete están en su lista; el token, tapado y con quien lo dejó."""
    full, bare = seen.cuentas["llena"], seen.cuentas["vacía"]
    assert {"imagen": "llena", "nombre": "/usr/bin/subir"}.items() <= seen.lista("setuid", "llena")[0].items()
    assert any(str(row["nombre"]).endswith("/sh") for row in seen.lista("intérpretes", "llena"))
    npm = [row for row in seen.lista("npm") if row["nombre"] == "izquierda"]
    assert [(row["imagen"], row["detalle"]) for row in npm] == [("llena", "1.3.0"), ("vacía", "1.3.0")]
    assert (bare["Paquetes de npm"], bare["Intérpretes de órdenes"], bare["Secretos"]) == (1, 0, 0)
    assert full["Archivos setuid"] == len(seen.lista("setuid", "llena")) == 1
    (secret,) = seen.secretos
    assert "/app/.npmrc" in str(secret["nombre"])
    assert "COPY .npmrc /app/.npmrc" in str(secret["instrucción"])
    assert TOKEN[:4] in str(secret["detalle"])
    assert TOKEN[4:] not in seen.tabla_texto + repr(seen) + repr(seen.imagenes)


def test_the_user_is_the_one_that_runs(seen: Superficie) -> None:
    """El usuario se mide en un contenedor en marcha; de la que no tiene qué ejecutar se dice por qué no."""
    full, bare = seen.usuario["llena"], seen.usuario["vacía"]
    assert (full.uid, full.name, full.root, full.declared) == (1000, "node", False, "node")
    assert (bare.uid, bare.root) == (None, None)
    assert bare.why
    assert "Corre como node (uid 1000, gid 1000)" in seen.tabla_texto


def test_what_cannot_be_looked_at_is_not_an_empty_list(seen: Superficie) -> None:
    """Sin base de datos de paquetes no hay cuenta ni lista ni cambios: hay un error que dice por qué."""
    assert seen.cuentas["vacía"]["Paquetes del sistema"] is None
    assert len(seen.lista("sistema", "llena")) == seen.cuentas["llena"]["Paquetes del sistema"]
    for ask in (lambda: seen.lista("sistema"), lambda: seen.cambios("sistema")):
        with pytest.raises(MultietapaError, match="De vacía no hay lista de paquetes del sistema") as raised:
            ask()
        assert UNKNOWN in str(raised.value).casefold()
    assert seen.cuentas["llena"]["Vulnerabilidades conocidas"] is None


def test_what_changes_from_one_to_the_other(seen: Superficie) -> None:
    """De la primera a la segunda, cada cosa se va, sigue, cambia o llega, y la frase es verdad."""
    changes = seen.cambios("npm")
    kept = {"cambio": "sigue", "nombre": "izquierda", "antes": "1.3.0", "después": "1.3.0"}
    assert [row for row in changes if row["cambio"] != "se va"] == [kept]
    assert len(changes) == seen.cuentas["llena"]["Paquetes de npm"]
    assert {row["después"] for row in changes if row["cambio"] == "se va"} == {""}
    assert repr(seen).startswith("De llena a vacía se van el único secreto")
    assert repr(seen).endswith(seen.motor.label)


def test_a_wrong_name_says_the_right_one(seen: Superficie) -> None:
    """Una clase o una imagen que no existe dice cuáles hay."""
    with pytest.raises(UnknownNameError, match="«ejecutables»"):
        seen.lista("ejecutable")
    with pytest.raises(UnknownNameError, match="«llena»"):
        seen.lista("npm", "lena")
    with pytest.raises(CallError, match=r'resultado\.lista\("npm"\)'):
        seen.lista(3)  # type: ignore[arg-type]


def test_one_image_has_no_changes(
    images: docker.DockerClient,
    built: Construccion,
    own_cache: Path,  # noqa: ARG001  la caché es la de aquí
) -> None:
    """Vale lo que devolvió ``construir``; con una imagen no hay cambios, y la frase dice lo que lleva."""
    alone = superficie(built, cliente=images, vista=False)
    assert list(alone.imagenes) == [FULL]
    assert repr(alone).startswith(f"{FULL} deja a mano 1 secreto, ")
    with pytest.raises(MultietapaError, match="Los cambios son entre dos imágenes, y aquí hay 1"):
        alone.cambios("npm")


# --- La lista de paquetes ---


def test_the_package_list_is_written_once(seen: Superficie, tmp_path: Path) -> None:
    """En una carpeta va un archivo por imagen, en CycloneDX; nunca se escribe encima de lo que hay."""
    files = seen.guardar_sbom(tmp_path / "listas")
    assert [file.name for file in files] == ["llena.cdx.json", "vacía.cdx.json"]
    full, bare = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    assert full["bomFormat"] == "CycloneDX"
    assert [(one["name"], one["version"]) for one in bare["components"]] == [("izquierda", "1.3.0")]
    kinds = (Kind.SYSTEM, Kind.NPM, Kind.PIP, Kind.GO)
    listed = sum(seen.cuentas["llena"][kind.value] or 0 for kind in kinds)
    assert (
        len({one["purl"] for one in full["components"]}) == listed
    )  # uno repetido en dos carpetas cuenta una
    files[1].write_text("mío", encoding="utf-8")
    files[0].unlink()
    with pytest.raises(MultietapaError, match=r"vacía\.cdx\.json» ya existe, y no se escribe encima"):
        seen.guardar_sbom(tmp_path / "listas")
    assert [file.name for file in (tmp_path / "listas").iterdir()] == ["vacía.cdx.json"]
    assert files[1].read_text(encoding="utf-8") == "mío"


def test_the_package_list_of_one_goes_in_a_file(seen: Superficie, tmp_path: Path) -> None:
    """Un archivo .json vale para una imagen; con dos se dice qué hacer, y también si la carpeta no lo es."""
    target = tmp_path / "mia.json"
    with pytest.raises(MultietapaError, match="solo cabe la lista de una imagen, y hay 2"):
        seen.guardar_sbom(target)
    assert seen.guardar_sbom(str(target), "vacía") == [target]
    with pytest.raises(MultietapaError, match=r"mia\.json» ya existe"):
        seen.guardar_sbom(target, "vacía")
    with pytest.raises(MultietapaError, match=r"mia\.json» es un archivo, no una carpeta"):
        seen.guardar_sbom(target / "dentro.json", "vacía")


# --- Lo que va mal ---


@pytest.mark.parametrize(
    ("images_asked", "options", "problem", "said"),
    [
        ((), {}, MultietapaError, "No hay ninguna imagen que mirar"),
        ((ONE,), {"nombres": ["a", "b"]}, MultietapaError, "Hay 1 imagen y 2 nombres"),
        ((ONE, ONE), {}, MultietapaError, "Dos imágenes se llaman igual"),
        ((ONE, 7), {}, MultietapaError, "Esto no es una imagen: 7"),
        ((ONE, "no-existe:1"), {}, UnknownNameError, "no-existe:1"),
        ((ONE,), {"vista": "dibujo"}, UnknownNameError, "la vista"),
        (
            (RECORDED,),
            {},
            NoEngineError,
            "«tienda:1» es una grabación y no se puede mirar",
        ),
    ],
)
def test_a_wrong_call_draws_nothing(
    images: docker.DockerClient,
    capsys: pytest.CaptureFixture[str],
    images_asked: tuple[Any, ...],
    options: dict[str, Any],
    problem: type[MultietapaError],
    said: str,
) -> None:
    """Lo que no se puede mirar se dice en español, antes de enseñar nada."""
    with pytest.raises(problem, match=said):
        superficie(*images_asked, cliente=images, **options)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("problem", "stop", "words"),
    [
        (KeyboardInterrupt, lambda: os.kill(os.getpid(), signal.SIGINT), "Interrumpido: solo se enseña"),
        (EngineLostError, cut, "No se pudo terminar de mirar. El motor"),
    ],
    ids=["ctrl-c", "motor"],
)
def test_stopping_in_a_terminal_writes_what_is_known(
    motor_real: Motor,
    images: docker.DockerClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    problem: type[BaseException],
    stop: Callable[[], object],
    words: str,
) -> None:
    """Si se para en la segunda imagen sale lo visto en la primera, y no queda ningún contenedor."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    wire = Wire()
    before = {one.id for one in images.containers.list(all=True)}
    with relay(tmp_path, motor_real.choice.host, wire.look) as host:
        client = docker.DockerClient(base_url=host)
        wire.at(2, stop)
        with pytest.raises(problem):
            superficie(ONE, OTHER, cliente=client)
        client.close()
    shown = capsys.readouterr()
    assert words in shown.out
    assert f"Lo que dejan a mano {ONE} y {OTHER}." in shown.out
    assert "Paquetes de npm" in shown.out
    assert f"{ONE} (1 de 2): consultando lo ya mirado\n" in shown.err
    assert f"{OTHER} (2 de 2): pidiendo la imagen al motor\n" in shown.err
    assert {one.id for one in images.containers.list(all=True)} == before


def test_a_cell_shows_how_it_goes_and_answers_its_button(
    motor_real: Motor,
    images: docker.DockerClient,  # noqa: ARG001  las deja cargadas
    own_cache: Path,  # noqa: ARG001  la caché es la de aquí
    tmp_path: Path,
) -> None:
    """En un cuaderno se ve desde el principio, cada imagen llega en cuanto está, y su botón contesta."""
    with started(motor_real, tmp_path, "SurfaceView") as notebook:
        _ask(notebook)


def _ask(notebook: Notebook) -> None:
    cell = notebook.run(f"from multietapa import superficie\nsuperficie({ONE!r}, {BARE!r})")
    assert cell.error == ""
    assert cell.changes[0]["head"]["phase"] == "working"
    faces = [len(change["head"]["faces"]) for change in cell.changes if "head" in change]
    assert faces == [0, 1, 2]
    assert any("Mirando" in change.get("progress", {}).get("text", "") for change in cell.changes)
    assert (cell.final["head"]["phase"], cell.final["progress"]) == ("done", {})
    assert cell.final["head"]["headline"] in cell.saved
    told = notebook.tell(cell.widget, {"sbom": BARE})
    assert told["file"] == "multietapa-pruebas-superficie-vacia.cdx.json"
    assert json.loads(told["text"])["components"][0]["name"] == "izquierda"
