"""Las imágenes base: el orden en que se buscan y lo que promete un equivalente local."""

from __future__ import annotations

import io
from pathlib import Path

import docker
import pytest

from multietapa.bases import making
from multietapa.bases import sources as bases
from multietapa.bases.catalogue import recipe, workshop_bases
from multietapa.bases.families import distroless, node
from multietapa.bases.sources import ensure_base
from multietapa.errors import BaseImageError, DiskFullError
from multietapa.identity import BASE_LABEL, EQUIVALENT_LABEL, RECIPE_LABEL
from multietapa.image.archive import read_images
from multietapa.image.write import write_image, write_layer
from multietapa.paths import cache_dir
from tests.conftest import SecondEngine

SAVED = "multietapa-pruebas/guardada:1"
ABSENT = "multietapa-pruebas/no-existe:1"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def saved_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Una carpeta de imágenes guardadas con una sola, :data:`SAVED`."""
    (tmp_path / "raíz").mkdir()
    (tmp_path / "raíz/nota").write_text("hola")
    layer = write_layer(tmp_path / "raíz", tmp_path / "capa", created_by="prueba")
    folder = tmp_path / "imagenes"
    folder.mkdir()
    write_image([layer], folder / "z.tar", reference=SAVED, config={}, architecture="amd64")
    monkeypatch.setenv(bases.FOLDER_VARIABLE, str(folder))
    return folder


def test_an_image_in_the_engine_is_used_as_it_is(engine: docker.DockerClient, base_image: str) -> None:
    """Lo que ya está en el motor no se busca en ningún otro sitio."""
    found = ensure_base(engine, base_image)
    assert (found.reference, found.origin) == (base_image, "ya estaba en el motor")
    assert not found.equivalent
    assert found.size > 1_000_000


@pytest.mark.usefixtures("saved_folder")
def test_an_image_comes_from_a_saved_file(engine: docker.DockerClient) -> None:
    """Si no está en el motor, se carga de la carpeta de imágenes guardadas."""
    try:
        assert ensure_base(engine, SAVED).origin == "archivo guardado"
        assert ensure_base(engine, SAVED).origin == "ya estaba en el motor"
    finally:
        engine.images.remove(SAVED, force=True)


@pytest.mark.parametrize(
    ("reference", "mirrors"), [("multietapa-no-existe:1", bases.PUBLIC_MIRRORS), (ABSENT, ())]
)
def test_every_attempt_has_its_reason(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, reference: str, mirrors: tuple[str, ...]
) -> None:
    """Si no hay manera, el error nombra cada sitio, en orden; los espejos públicos, con una oficial."""
    monkeypatch.setenv(bases.MIRROR_VARIABLE, "127.0.0.1:1/aula/")
    with pytest.raises(BaseImageError) as caught:
        ensure_base(engine, reference)
    origins = [line.split(":")[0] for line in caught.value.detail.splitlines()]
    assert origins == [
        "ya estaba en el motor",
        "archivo guardado",
        "espejo del aula",
        "registro público",
        *(f"espejo público {host}" for host in mirrors),
        "equivalente local",
    ]
    assert caught.value.next_step


@pytest.mark.parametrize(
    "reference",
    ["node:12", "node:14-slim", "python:3", "node", "otro/node:14", distroless.NODE.partition(":")[0]],
)
def test_there_is_no_recipe_for_other_images(reference: str) -> None:
    """Solo hay receta para las bases del taller: lo demás no se imita."""
    assert recipe(reference) is None


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("node:14", "3bfff733ac3f"),
        ("node:14-alpine", "fc616fa5c628"),
        ("node:24", "d5c5f7edaf4c"),
        ("node:24-alpine", "02f40e591cf9"),
        ("node:24-slim", "2dc649e49eed"),
        (distroless.STATIC, "c712d415cd4c"),
        (distroless.NODE, "a0f1ccbe3654"),
    ],
)
def test_the_recipes_are_those_that_learners_already_have(reference: str, key: str) -> None:
    """La receta de cada equivalente no cambia sin querer: si cambia, todo el mundo tiene que rehacerlo."""
    wanted = recipe(reference)
    assert wanted is not None
    assert wanted.key == key
    assert reference in workshop_bases()


@pytest.mark.parametrize("reference", node.BASES)
def test_workshop_base_runs_its_node_and_npm(engine: docker.DockerClient, reference: str) -> None:
    """Cada base del taller trae su versión de Node, un npm y el usuario node sin privilegios."""
    base = ensure_base(engine, reference)
    command = ["sh", "-c", "node --version; npm --version; id -u node; touch /home/node/mio && echo escribe"]
    output = engine.containers.run(reference, command, remove=True, network_mode="none", user="node")
    node, npm, uid, wrote = output.decode().split()
    assert node.startswith(f"v{reference.removeprefix('node:').split('-')[0]}.")
    assert (uid, wrote) == ("1000", "escribe")
    assert npm[0].isdigit()
    labels = engine.images.get(reference).labels
    assert base.equivalent == (labels.get(EQUIVALENT_LABEL) == "1")
    assert not base.equivalent or labels[BASE_LABEL] == reference


@pytest.mark.parametrize(
    ("reference", "command"),
    [
        (
            "node:14-alpine",
            "addgroup -S grupo && adduser -S -D -G grupo ana && adduser luis -D && adduser luis grupo",
        ),
        (
            "node:14",
            "groupadd grupo && useradd --create-home --gid grupo ana "
            "&& adduser --disabled-password --gecos '' luis && adduser luis grupo",
        ),
    ],
)
def test_a_base_creates_users_as_its_system_does(
    engine: docker.DockerClient, reference: str, command: str
) -> None:
    """Usuarios y grupos se crean con las órdenes de Alpine en la mínima y las de Debian en la completa."""
    ensure_base(engine, reference)
    command = f"({command}) >&2 && id -gn ana && ls -d /home/luis && id -Gn luis"
    output = engine.containers.run(reference, ["sh", "-c", command], remove=True, network_mode="none")
    group, home, groups = output.decode().splitlines()
    assert (group, home) == ("grupo", "/home/luis")
    assert {"luis", "grupo"} <= set(groups.split())


def test_only_the_full_base_has_compilers(engine: docker.DockerClient) -> None:
    """La base completa compila C y C++; la pequeña no trae compilador y pesa menos de la mitad."""
    full, small = (ensure_base(engine, name) for name in ("node:24", "node:24-alpine"))
    program = (
        "echo 'int main(){return 7;}' > /tmp/a.c; gcc /tmp/a.c -o /tmp/a && /tmp/a; echo $?; command -v c++"
    )
    output = engine.containers.run(full.reference, ["sh", "-c", program], remove=True, network_mode="none")
    assert output.split() == [b"7", b"/usr/bin/c++"]
    missing = ["sh", "-c", "command -v gcc || echo falta"]
    output = engine.containers.run(small.reference, missing, remove=True, network_mode="none")
    assert output.strip() == b"falta"
    assert small.size * 2 < full.size


def test_equivalents_share_their_system_layer(engine: docker.DockerClient) -> None:
    """Dos equivalentes del mismo tamaño comparten la capa del sistema y guardan cuántas traen."""
    images = []
    for reference in ("node:14", "node:24"):
        if not ensure_base(engine, reference).equivalent:
            pytest.skip(f"{reference} es la imagen publicada, no un equivalente")
        images.append(engine.images.get(reference))
    first, second = (image.attrs["RootFS"]["Layers"] for image in images)
    assert first[0] == second[0]
    assert first[1] != second[1]
    assert [image.labels[f"{BASE_LABEL}.capas"] for image in images] == [str(len(first)), str(len(second))]


def test_a_broken_saved_file_does_not_hide_the_others(
    engine: docker.DockerClient, saved_folder: Path
) -> None:
    """Un archivo roto se salta y se sigue con el resto de la carpeta."""
    (saved_folder / "a.tar").write_bytes(b"roto")
    try:
        assert ensure_base(engine, SAVED).origin == "archivo guardado"
    finally:
        engine.images.remove(SAVED, force=True)


@pytest.mark.parametrize(
    "reference", ["multietapa-pruebas/x", "multietapa-pruebas/x@sha256:" + "0" * 64, "127.0.0.1:1/x"]
)
def test_a_reference_without_tag_is_asked_for_correctly(engine: docker.DockerClient, reference: str) -> None:
    """Sin etiqueta, con digest o con puerto en el registro, el motor entiende lo que se le pide."""
    with pytest.raises(BaseImageError) as caught:
        ensure_base(engine, reference)
    assert "invalid" not in caught.value.detail
    assert "no Host" not in caught.value.detail


def test_without_network_the_reasons_of_every_attempt_are_kept(
    second_engine_factory: SecondEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si tampoco se pueden descargar los paquetes del equivalente, el error sigue siendo uno solo."""
    with second_engine_factory() as (client, _):
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, NOBODY)
        monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path))
        with pytest.raises(BaseImageError, match="equivalente local: No se p") as caught:
            ensure_base(client, "node:14-alpine")
    assert len(caught.value.detail.splitlines()) >= 4 + len(bases.PUBLIC_MIRRORS)
    assert [path.name for path in (tmp_path / "bases").iterdir()] == ["candado"]


@pytest.mark.motor  # hace la base, y para eso descarga
def test_the_cache_keeps_layers_and_not_whole_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Con sus dos capas en la caché no hace falta nada más; lo de recetas viejas y lo temporal se borra."""
    wanted = recipe("node:24-alpine")
    assert wanted is not None
    with making.archive(wanted):  # en la caché de verdad: aquí puede hacer falta descargar
        pass
    kept = sorted((cache_dir() / "bases").glob("*.tar"))
    folder = tmp_path / "bases"
    folder.mkdir()
    for path in kept:
        (folder / path.name).symlink_to(path)
    (folder / "sistema-antiguo.tar").write_bytes(b"x")
    (folder / "base-a-medias").mkdir()
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # ni apt, ni npm, ni nada con que hacer una capa
    with making.archive(wanted) as first:
        content = first.read_bytes()
        with first.open("rb") as file:
            assert [len(image.layers) for image in read_images(file)] == [2]
    with making.archive(wanted) as again:
        assert again.read_bytes() == content
    assert {path.name for path in folder.iterdir()} == {*(path.name for path in kept), "candado"}


def test_a_full_disk_is_not_a_missing_image(second_engine_factory: SecondEngine) -> None:
    """Si la base no cabe en el disco del motor, se dice eso y no que no se encuentra."""
    full = pytest.raises(DiskFullError, match="node:14-alpine")
    with second_engine_factory(data_size_mb=64) as (client, _), full:
        ensure_base(client, "node:14-alpine")


def test_an_equivalent_of_an_older_recipe_is_made_again(
    engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un equivalente de otra receta se vuelve a hacer; si no se puede, se usa y se dice que es anterior."""
    reference = "node:24-alpine"
    now = ensure_base(engine, reference)
    if not now.equivalent:
        pytest.skip(f"{reference} es la imagen publicada, no un equivalente")
    recipe = f"FROM {reference}\nLABEL {RECIPE_LABEL}=antigua\n"
    engine.images.build(fileobj=io.BytesIO(recipe.encode()), tag=reference, rm=True)
    with monkeypatch.context() as without_tools:
        without_tools.setenv("MULTIETAPA_CACHE", str(tmp_path))
        without_tools.setenv("PATH", str(tmp_path))
        assert "versión anterior" in ensure_base(engine, reference).origin
    again = ensure_base(engine, reference)
    assert (again.image_id, again.origin) == (now.image_id, "equivalente local")


def test_tags_are_known_without_loading(saved_folder: Path, tmp_path: Path) -> None:
    """De un archivo se sabe qué etiquetas lleva; de lo que no es un archivo de imagen, nada, y sin error."""
    assert bases.saved_tags(saved_folder / "z.tar") == {SAVED}
    (tmp_path / "texto.tar").write_text("no es un tar")
    for name in ("capa", "texto.tar", "no-existe.tar"):
        assert bases.saved_tags(tmp_path / name) == frozenset()


@pytest.mark.usefixtures("saved_folder")
def test_files_of_other_images_are_not_loaded(engine: docker.DockerClient) -> None:
    """Buscar una imagen no carga los archivos que dicen llevar otra: cuesta mucho y no sirve."""
    with pytest.raises(BaseImageError):
        ensure_base(engine, ABSENT)
    assert not engine.images.list(name=SAVED)
