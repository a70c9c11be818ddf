"""Abrir sin motor una imagen guardada, y leer un archivo suyo: formatos, errores y archivos hostiles."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.errors import ArchiveError, MultietapaError, UnknownNameError
from multietapa.image.content import MAX_TEXT, Content
from multietapa.image.layer import FileEntry
from multietapa.image.tarwalk import Limits
from multietapa.image.tree import tree
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import measure
from multietapa.measure.opened import Opened, open_archive
from multietapa.measure.peek import peek
from tests.crafted import archive, config, digest, entry, folder, layer, oci_archive, tar_of, zstd
from tests.tricky import BASE, TRICKY

TAG = "multietapa-pruebas/abierta:1"
SECRET = "hk3Vq9-tZ7wLp2"
LAYERS = [BASE, layer(entry("d/.wh.a"), entry("nota.txt", "hola, mañana\n"))]


def opened(path: Path, data: bytes | None = None, **options: Any) -> Opened:
    """La imagen de un archivo con esos bytes, con una caché al lado."""
    if data is not None:
        path.write_bytes(data)
    return open_archive(path, cache=MeasureCache(path.parent / "caché"), **options)


def unpacked(data: bytes, place: Path) -> Path:
    """El archivo OCI, como carpeta."""
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(place, filter="data")
    return place


# --- Formatos ---


@pytest.mark.parametrize("name", TRICKY)
def test_a_file_and_a_folder_are_the_same_image(name: str, tmp_path: Path) -> None:
    """``docker save``, OCI en un archivo y OCI en una carpeta: las mismas capas y el mismo árbol."""
    layers = TRICKY[name]
    stored = [gzip.compress(data) for data in layers]
    data = oci_archive([(layers, stored, "x:1")])
    found = [
        opened(tmp_path / "docker.tar", archive(layers, "x:1")),
        opened(tmp_path / "oci.tar", data),
        opened(unpacked(data, tmp_path / "oci")),
    ]
    assert len({one.image.unpacked_bytes for one in found}) == 1
    assert found[0].image.layers == found[1].image.layers == found[2].image.layers
    assert [one.image.tags for one in found] == [("x:1",)] * 3
    totals = {(tree(one.image).root.bytes, tree(one.image).root.hidden) for one in found}
    assert len(totals) == 1


def test_layers_with_zstd(tmp_path: Path) -> None:
    """Las capas con zstd se leen como las demás, y una rota se dice."""
    stored = [zstd(data) for data in LAYERS]
    ours = opened(tmp_path / "z.tar", oci_archive([(LAYERS, stored, "z:1")]))
    assert ours.image.unpacked_bytes == 1570 + 14
    broken = [stored[0][:-9], stored[1]]
    (tmp_path / "rota").mkdir()
    with pytest.raises(ArchiveError, match="comprimida"):
        opened(tmp_path / "rota" / "z.tar", oci_archive([(LAYERS, broken, "z:1")]))


def test_zstd_without_who_opens_it_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """En un Python que no sabe zstd se dice cuál sabe y qué instalar."""

    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr("multietapa.image.stored.importlib.import_module", missing)
    stored = [b"\x28\xb5\x2f\xfd" + data for data in LAYERS]
    with pytest.raises(ArchiveError) as caught:
        opened(tmp_path / "z.tar", oci_archive([(LAYERS, stored, "z:1")]))
    assert "zstd" in caught.value.next_step


def two_architectures() -> bytes:
    """Un archivo con la misma etiqueta para dos procesadores."""
    files: dict[str, bytes] = {}

    def keep(data: bytes) -> dict[str, Any]:
        files["blobs/sha256/" + digest(data)[7:]] = data
        return {"digest": digest(data), "size": len(data)}

    manifests = []
    for architecture in ("arm64", "amd64", "s390x"):
        data = layer(entry(architecture, architecture))
        manifest = {"config": keep(config([data], architecture=architecture)), "layers": [keep(data)]}
        manifests.append(
            {
                **keep(json.dumps(manifest).encode()),
                "platform": {"os": "linux", "architecture": architecture},
                "annotations": {"org.opencontainers.image.ref.name": "m:1"},
            }
        )
    return tar_of({**files, "index.json": json.dumps({"manifests": manifests}).encode()})


def test_the_architecture_is_this_machines_or_the_one_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """De una imagen para varios procesadores se abre la de esta máquina; se puede pedir otra."""
    data = two_architectures()
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert opened(tmp_path / "m.tar", data, name="m:1").image.architecture == "amd64"
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert opened(tmp_path / "m.tar", name="m:1").image.architecture == "arm64"
    assert opened(tmp_path / "m.tar", architecture="s390x").image.architecture == "s390x"
    assert opened(tmp_path / "m.tar", architecture="x86_64").image.architecture == "amd64"
    with pytest.raises(UnknownNameError, match="riscv64"):
        opened(tmp_path / "m.tar", architecture="riscv64")


def test_the_second_time_no_layer_is_read(tmp_path: Path) -> None:
    """Lo ya leído está en la caché: la segunda vez no se lee ningún byte de las capas."""
    read: list[int] = []
    opened(tmp_path / "a.tar", archive(LAYERS), progress=lambda _, __, total: read.append(total))
    assert max(read) > 0
    read.clear()
    opened(tmp_path / "a.tar", progress=lambda _, __, total: read.append(total))
    assert max(read) == 0


# --- Lo que no se puede abrir ---


def _nothing(place: Path) -> Path:
    return place / "no-está.tar"


def _empty_folder(place: Path) -> Path:
    return place


def _compressed(place: Path) -> Path:
    (place / "a.tar.gz").write_bytes(gzip.compress(archive(LAYERS)))
    return place / "a.tar.gz"


def _text(place: Path) -> Path:
    (place / "a.tar").write_text("hola" * 500)
    return place / "a.tar"


def _other_tar(place: Path) -> Path:
    (place / "a.tar").write_bytes(tar_of({"hola": b"x"}))
    return place / "a.tar"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (_nothing, "No se puede leer"),
        (_empty_folder, "no es una imagen"),
        (_compressed, "comprimido entero"),
        (_text, "roto o es hostil"),
        (_other_tar, "roto o es hostil"),
    ],
)
def test_what_is_not_an_image_is_explained(make: Callable[[Path], Path], says: str, tmp_path: Path) -> None:
    """Cada cosa que no es una imagen se dice, con qué hacer después."""
    with pytest.raises(MultietapaError, match=says) as caught:
        opened(make(tmp_path))
    assert caught.value.why
    assert caught.value.next_step


def test_an_image_that_is_not_there_lists_the_ones_that_are(tmp_path: Path) -> None:
    """Se dice cuáles hay."""
    with pytest.raises(UnknownNameError, match="otra:1"):
        opened(tmp_path / "a.tar", archive(LAYERS, "x:1"), name="otra:1")


def test_every_cut_of_the_file_is_an_explained_error(tmp_path: Path) -> None:
    """Cortado por cualquier sitio no se cuelga ni da otro error."""
    data = oci_archive([(LAYERS, [gzip.compress(one) for one in LAYERS], "x:1")])
    for length in range(0, len(data) - 1024, 512):
        try:
            opened(tmp_path / "a.tar", data[:length])
        except ArchiveError:
            continue
        raise AssertionError(length)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    """En una carpeta hostil, un enlace que sale de ella es como si el archivo faltara."""
    outside = tmp_path / "fuera.json"
    outside.write_text('{"manifests": []}')
    place = unpacked(oci_archive([(LAYERS, LAYERS, "x:1")]), tmp_path / "oci")
    (place / "index.json").unlink()
    (place / "index.json").symlink_to(outside)
    with pytest.raises(ArchiveError, match="roto o es hostil"):
        opened(place)
    (place / "index.json").unlink()
    os.mkfifo(place / "index.json")
    with pytest.raises(ArchiveError):
        opened(place)


def hostile_index(**top: Any) -> bytes:
    """Un archivo OCI cuyo índice es ese."""
    return tar_of({"index.json": json.dumps(top).encode(), "blobs/sha256/x": json.dumps(top).encode()})


LOOP = {"digest": "sha256:x"}
MANIFEST = json.dumps([{"Config": "c.json", "RepoTags": ["x:1"], "Layers": ["manifest.json"] * 3}]).encode()
HOSTILE = {
    "un índice que se nombra a sí mismo": hostile_index(manifests=[LOOP]),
    "un índice que se nombra muchas veces": hostile_index(manifests=[LOOP] * 200),
    "demasiados manifiestos": hostile_index(manifests=[LOOP] * 10_000),
    "una capa que es el manifiesto": tar_of({"manifest.json": MANIFEST, "c.json": config([b"", b"", b""])}),
    "más capas de las que describe": tar_of({"manifest.json": MANIFEST, "c.json": config([BASE])}),
    "capas de más": tar_of(
        {"manifest.json": json.dumps([{"Config": "c", "Layers": ["c"] * 5000}]).encode(), "c": b"{}"}
    ),
    "JSON muy hondo": tar_of({"manifest.json": b"[" * 200_000}),
    "enlaces en círculo": layer(
        entry("manifest.json", "b", "symlink"), entry("b", "manifest.json", "symlink")
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_ends_soon_with_an_error(name: str, tmp_path: Path) -> None:
    """Índices y capas que se nombran unos a otros: un error claro, en poco tiempo y con poca memoria."""
    place = tmp_path / "a.tar"
    place.write_bytes(HOSTILE[name])
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError, match="roto o es hostil") as caught:
            opened(place)
        assert tracemalloc.get_traced_memory()[1] < 40 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.why
    assert time.process_time() - start < 5


def test_a_bomb_stops_at_its_limit(tmp_path: Path) -> None:
    """Una capa que al descomprimirse pasa del límite se deja, sin guardar ni lo leído."""
    plain = layer(entry("ceros", b"\0" * (20 << 20)))
    data = oci_archive([([plain], [gzip.compress(plain)], "x:1")])
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError) as caught:
            opened(tmp_path / "a.tar", data, limits=Limits(layer_bytes=5 << 20))
        assert tracemalloc.get_traced_memory()[1] < 30 << 20
    finally:
        tracemalloc.stop()
    assert "bytes" in caught.value.why


def test_nothing_is_written_outside_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ni al abrir ni al leer un archivo se escribe nada, salvo en la caché."""
    work = tmp_path / "aquí"
    work.mkdir()
    monkeypatch.chdir(work)
    (tmp_path / "a.tar").write_bytes(archive([layer(entry("/etc/x", "1"), entry("b", "2"))]))
    ours = opened(tmp_path / "a.tar")
    for one in ours.image.layers[0].files:
        ours.content(0, one)
    assert list(work.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"aquí", "a.tar", "caché"}


# --- El contenido de un archivo ---


def content(path: str, data: bytes | str, tmp_path: Path) -> Content:
    """Lo que se enseña de un archivo así."""
    ours = opened(tmp_path / "a.tar", archive([layer(entry(path, data))]))
    return ours.content(0, ours.image.layers[0].files[0])


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("hola, mañana\n", "hola, mañana\n"),
        ("", ""),
        ("\ufeffcon marca", "con marca"),
        ("en UTF-16: ñ".encode("utf-16"), "en UTF-16: ñ"),
        ("x" * MAX_TEXT, "x" * MAX_TEXT),
    ],
)
def test_text_is_shown(data: bytes | str, text: str, tmp_path: Path) -> None:
    """Un texto de hasta 64 kB se enseña entero."""
    assert content("a", data, tmp_path).text == text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x7fELF\0\0\0", "Es binario."),
        ("año".encode("latin-1"), "No es texto en UTF-8 ni en UTF-16: puede ser binario."),
        ("x" * (MAX_TEXT + 1), "Ocupa 64,0 kB: solo se enseñan los archivos de hasta 64 kB."),
    ],
)
def test_what_is_not_text_is_said(data: bytes | str, why: str, tmp_path: Path) -> None:
    """Lo que no se puede enseñar dice por qué; se juzga por lo que tiene, no por su nombre."""
    found = content("a.txt", data, tmp_path)
    assert (found.text, found.why) == (None, why)


def test_secrets_are_masked(tmp_path: Path) -> None:
    """Una clave privada, un token y la contraseña de un ``.env`` no se enseñan."""
    token = "ghp_" + "a1B2c3D4e5F6" * 3
    found = content("app/.env", f"DB_PASSWORD={SECRET}\nTOKEN={token}\nPUERTO=80\n", tmp_path)
    assert found.text is not None
    assert SECRET not in found.text
    assert token not in found.text
    assert "PUERTO=80" in found.text
    assert found.masked >= 2


def test_each_kind_of_entry_says_what_it_is(tmp_path: Path) -> None:
    """Una carpeta, un enlace y un dispositivo no tienen contenido; un enlace duro, el de su primer nombre."""
    plain = layer(
        folder("d"), entry("a", "uno"), entry("b", "a", "hardlink"), entry("s", "a", "symlink"),
        entry("x", kind="device"), entry("f", kind="fifo"), entry("z", "nada", "hardlink"),
    )  # fmt: skip
    ours = opened(tmp_path / "a.tar", archive([plain]))
    found = {one.path: ours.content(0, one) for one in ours.image.layers[0].files}
    assert (found["a"].text, found["b"].text) == ("uno", "uno")
    assert found["s"].why == "Es un enlace a «a»."
    assert found["d"].why == "Es una carpeta."
    assert "otra capa" in found["z"].why
    assert all(found[path].text is None and found[path].why for path in "dsxfz")


def test_what_was_deleted_can_still_be_read(tmp_path: Path) -> None:
    """Lo que otra capa borró sigue en la suya, y se lee."""
    first, second = layer(entry("clave.txt", "sigue aquí")), layer(entry(".wh.clave.txt"))
    for data in (
        archive([first, second]),
        oci_archive([([first, second], [gzip.compress(first), second], "x:1")]),
    ):
        ours = opened(tmp_path / "a.tar", data)
        version = tree(ours.image).versions("clave.txt")[0]
        assert ours.content(version.layer, version.entry).text == "sigue aquí"


def test_a_file_that_changed_since_is_an_error(tmp_path: Path) -> None:
    """Si el archivo de la imagen ya no lo lleva, o ya no está, se dice."""
    ours = opened(tmp_path / "a.tar", archive([layer(entry("a", "1"))]))
    with pytest.raises(ArchiveError) as caught:
        ours.content(0, FileEntry("otro", 1, "file", 0, 0, 0))
    assert "otro" in caught.value.why
    (tmp_path / "a.tar").unlink()
    with pytest.raises(ArchiveError, match="No se puede leer"):
        ours.content(0, ours.image.layers[0].files[0])


# --- Con un motor ---


def test_a_saved_image_is_the_one_in_the_engine(engine: docker.DockerClient, tmp_path: Path) -> None:
    """Guardada con el motor y abierta sin él, tiene las capas, los bytes y el árbol que se miden en él."""
    engine.images.load(archive(LAYERS, TAG))
    try:
        here = measure(engine, TAG, transfer=False, cache=MeasureCache(tmp_path / "motor"))
        with (tmp_path / "a.tar").open("wb") as file:
            file.writelines(engine.images.get(TAG).save(named=TAG))
        away = opened(tmp_path / "a.tar", name=TAG)
        assert [one.files for one in away.image.layers] == [one.files for one in here.layers]
        assert [one.created_by for one in away.image.layers] == [one.created_by for one in here.layers]
        assert away.image.unpacked_bytes == here.unpacked_bytes
        seen, gone = tree(here).versions("nota.txt")[0], tree(here).versions("d/a")[0]
        assert peek(engine, here, seen.layer, seen.entry, visible=True).text == "hola, mañana\n"
        assert peek(engine, here, gone.layer, gone.entry, visible=False).text == "x" * 1000
        assert peek(engine, here, seen.layer, seen.entry, visible=True) == away.content(1, seen.entry)
    finally:
        engine.images.remove(TAG, force=True)
