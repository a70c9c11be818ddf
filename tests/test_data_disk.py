"""El disco de datos del motor embebido: nace vacío o preparado, crece, se revisa y se borra."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multietapa.engine import slots
from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded import data_disk
from multietapa.engine.embedded.data_disk import MANIFEST, DataDisk
from multietapa.errors import EngineError
from tests.conftest import BASE_IMAGE, load_base_image
from tests.test_embedded import docker_client, running

pytestmark = pytest.mark.motor
MB = 1024 * 1024


def used(path: Path) -> int:
    """Los bytes que un archivo disperso ocupa de verdad."""
    return path.stat().st_blocks * 512


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Un disco preparado de verdad, con la imagen base de las pruebas dentro y en trozos pequeños."""
    folder = tmp_path_factory.mktemp("preparado")
    engine = running(data=tmp_path_factory.mktemp("datos"), data_size_mb=300)
    with engine as daemon, docker_client(daemon) as client:
        load_base_image(client)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data_disk, "PART_BYTES", 256 * 1024)
        patch.setattr(data_disk, "CHUNK", 64 * 1024)
        parts = daemon.disk.pack(folder)
    assert len(parts) > 1
    assert sum(part.stat().st_size for part in parts) < 20 * MB
    return folder


def test_empty_disk_is_sparse_and_grows(tmp_path: Path) -> None:
    """Un disco nuevo ocupa poco y, en el siguiente arranque, crece hasta donde se pida."""
    disk = DataDisk(bundle.make(), tmp_path / "disco.img", size_mb=500)
    disk.ensure()
    assert disk.clean()
    assert used(disk.path) < 60 * MB
    bigger = DataDisk(disk.root, disk.path, size_mb=800)
    bigger.ensure()
    assert disk.path.stat().st_size == 800 * MB


def test_prepared_disk_brings_its_images_and_grows_inside(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """El primer arranque expande el disco preparado: sus imágenes ya están, y dentro hay más sitio."""
    monkeypatch.setenv(data_disk.PREPARED_VARIABLE, str(prepared))
    engine = running(data=tmp_path, data_size_mb=900)
    with engine as daemon, docker_client(daemon) as client:
        assert client.images.get(BASE_IMAGE)
        assert any("preparado" in phase for phase in engine.phases)
        free = client.containers.run(
            BASE_IMAGE, ["sh", "-c", "dd if=/dev/zero of=/x bs=1M count=500"], remove=True
        )
        assert free == b""
    assert used(daemon.disk.path) < daemon.disk.path.stat().st_size


@pytest.mark.parametrize("damage", ["bit", "trozo", "lista"])
def test_damaged_prepared_disk_is_refused(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """Un disco preparado al que le cambió un bit o le falta algo no se usa, y no deja un disco a medias."""
    folder = tmp_path / "copia"
    folder.mkdir()
    for path in prepared.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    if damage == "bit":
        part = folder / "disco.zst.00"
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
    else:
        (folder / ("disco.zst.01" if damage == "trozo" else MANIFEST)).unlink()
    monkeypatch.setenv(data_disk.PREPARED_VARIABLE, str(folder))
    disk = DataDisk(bundle.make(), tmp_path / "datos/disco.img")
    with pytest.raises(EngineError, match="preparado"):
        disk.ensure()
    assert not list((tmp_path / "datos").iterdir())


def test_disk_without_remedy_is_kept_aside(tmp_path: Path) -> None:
    """Un disco que ni ``e2fsck`` arregla se guarda con otro nombre, se dice, y se empieza uno nuevo."""
    disk = DataDisk(bundle.make(), tmp_path / "disco.img", size_mb=100)
    disk.path.write_bytes(os.urandom(4096) * 2560)
    told: list[str] = []
    disk.ensure(log=told.append)
    assert disk.clean()
    assert (tmp_path / "disco.img.dañado").exists()
    assert any("dañado" in line for line in told)


def test_reset_removes_only_unused_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """``--borrar-datos`` borra los datos de los motores que nadie usa, y dice cuáles no."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MULTIETAPA_RUN", str(tmp_path / "run"))
    slot = slots.reserve()
    for number in (slot.number, slot.number + 1):
        for name in (str(number), f"{number}-embebido"):
            (slot.data.parent / name).mkdir()
            (slot.data.parent / name / "disco.img").write_text("x")
    said = slots.remove_unused_data()
    kept = {path.name for path in slot.data.parent.iterdir() if path.is_dir()}
    slot.release()
    assert kept == {str(slot.number), f"{slot.number}-embebido"}
    assert f"{slot.number + 1}-embebido" in said
    assert f"En uso, se quedan: {slot.number}" in said
    assert slots.remove_unused_data().startswith("Datos borrados")
    assert slots.remove_unused_data() == "No había datos que borrar."
