"""El archivo de imagen: igual byte a byte y aceptado por un motor real."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import docker
import pytest

from multietapa.identity import labels
from multietapa.image.write import EPOCH, LayerFile, saved_layer, write_image, write_layer

REFERENCE = "multietapa-pruebas/archivo:1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con un archivo, un programa, un enlace y una carpeta de otro dueño."""
    root = tmp_path / "raíz"
    (root / "home/ana").mkdir(parents=True)
    (root / "bin").mkdir()
    (root / "bin/programa").write_bytes(b"#!/bin/sh\n")
    (root / "bin/programa").chmod(0o755)
    (root / "bin/año").symlink_to("programa")
    (root / "dato").write_bytes(b"x" * 20_000)
    (root / "dato").chmod(0o644)
    return root


def _image(layers: list[LayerFile], target: Path) -> Path:
    config = {"Cmd": ["/bin/programa"], "Labels": labels({"MULTIETAPA_SESION": "fija"})}
    write_image(layers, target, reference=REFERENCE, config=config, architecture="amd64")
    return target


def test_layer_does_not_depend_on_dates(folder: Path, tmp_path: Path) -> None:
    """La misma carpeta con otras fechas da la misma capa, byte a byte."""
    first = write_layer(folder, tmp_path / "1.tar", created_by="a")
    os.utime(folder / "dato", (1, 1))
    second = write_layer(folder, tmp_path / "2.tar", created_by="a")
    assert first.diff_id == second.diff_id
    assert first.path.read_bytes() == second.path.read_bytes()


def test_layer_entries_are_sorted_and_owned_by_root(folder: Path, tmp_path: Path) -> None:
    """Las entradas van en orden, con la fecha fija y de root, salvo los dueños que se piden."""
    layer = write_layer(folder, tmp_path / "c.tar", created_by="a", owners={"home/ana": 1000})
    with tarfile.open(layer.path) as tar:
        entries = tar.getmembers()
    names = [entry.name for entry in entries]
    assert names == ["bin", "dato", "home", "bin/año", "bin/programa", "home/ana"]
    assert {entry.mtime for entry in entries} == {EPOCH}
    assert {entry.name: entry.uid for entry in entries if entry.uid} == {"home/ana": 1000}
    assert next(entry.type for entry in entries if entry.name == "bin/año") == tarfile.SYMTYPE


def test_a_saved_layer_is_digested_again(folder: Path, tmp_path: Path) -> None:
    """Una capa guardada recupera su digest del contenido, y lo cambia si el archivo cambió."""
    written = write_layer(folder, tmp_path / "c.tar", created_by="a")
    assert saved_layer(written.path, created_by="a") == written
    with written.path.open("ab") as output:
        output.write(b"\0" * 512)
    assert saved_layer(written.path, created_by="a").diff_id != written.diff_id


def test_image_is_identical_twice_and_leaves_nothing_partial(folder: Path, tmp_path: Path) -> None:
    """Dos archivos de la misma imagen son iguales y no queda ningún archivo a medias."""
    layer = write_layer(folder, tmp_path / "c.tar", created_by="a")
    first, second = (_image([layer], tmp_path / f"{name}.tar") for name in ("i1", "i2"))
    assert first.read_bytes() == second.read_bytes()
    assert not list(tmp_path.glob("*.parcial"))


def test_engine_loads_the_image(folder: Path, tmp_path: Path, engine: docker.DockerClient) -> None:
    """Un motor real carga el archivo y conserva capas, orden de arranque, etiquetas e historia."""
    system = write_layer(folder, tmp_path / "1.tar", created_by="equivalente local: sistema")
    (tmp_path / "más").mkdir()
    (tmp_path / "más/nota").write_text("hola")
    extra = write_layer(tmp_path / "más", tmp_path / "2.tar", created_by="equivalente local: nota")
    with _image([system, extra], tmp_path / "i.tar").open("rb") as archive:
        engine.images.load(archive)
    try:
        image = engine.images.get(REFERENCE)
        assert image.attrs["RootFS"]["Layers"] == [system.diff_id, extra.diff_id]
        assert image.attrs["Config"]["Cmd"] == ["/bin/programa"]
        assert image.labels["org.multietapa"] == "1"
        history = [step["CreatedBy"] for step in image.history()]
        assert history == ["equivalente local: nota", "equivalente local: sistema"]
    finally:
        engine.images.remove(REFERENCE, force=True)
