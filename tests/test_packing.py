"""Comprimir las capas en otros hilos da lo mismo de todas las maneras, y no deja nada detrás."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from multietapa.image.archive import choose, read_images
from multietapa.image.image import measure_archive, read_layers
from multietapa.image.stored import Section, is_plain
from multietapa.image.transfer import BLOCK
from multietapa.measure import packing
from multietapa.measure.packing import PACKING, Packing
from tests.crafted import entry, layer, oci_archive

Change = Callable[[pytest.MonkeyPatch], None]
WAYS: dict[str, Change] = {
    "dos procesadores": lambda patch: patch.setattr(packing, "workers", lambda: 2),
    "ocho": lambda patch: patch.setattr(packing, "workers", lambda: 8),
    "sin pread": lambda patch: patch.setattr(packing, "_POSITIONED", False),
    "sin disco": lambda patch: patch.setattr(packing, "_LEFT_FREE", 1 << 62),
}


def layers_of(seed: int) -> list[bytes]:
    """Tres capas: una vacía, una de varios bloques y una pequeña."""
    dice = random.Random(seed)
    return [
        layer(),
        layer(entry("largo", dice.randbytes(BLOCK + 7).hex())),
        layer(entry("corto", "x" * dice.randrange(9000))),
    ]


def packed(file: BinaryIO, folder: Path, step: int) -> dict[str, int]:
    """Lo que ocupa cada capa del archivo, que llega a trozos de ``step`` bytes."""
    image = choose(read_images(file))
    size = file.seek(0, 2)
    seen: list[tuple[str, int, int]] = []
    with Packing(file, set(image.diff_ids), folder) as work:
        taps = {}
        for blob in image.layers:
            if is_plain(Section(file, blob.offset, blob.size)):
                work.plain(blob.diff_id, blob.offset, blob.size)
            else:
                taps[blob.diff_id] = work.tap(blob.diff_id)
        for until in range(0, size, step):
            work.arrived(until)
        for _ in read_layers(file, image, {}, transfer=False, taps=taps):
            pass
        work.arrived()
        found = work.sizes(lambda *told: seen.append(told))
        assert work.ready
    assert seen[0][:2] == (PACKING, 0)
    assert seen[-1][1] == seen[-1][2]
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(2))
def test_every_way_gives_the_same_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, seed: int
) -> None:
    """Con más o menos procesadores, sin leer por posición o sin disco, y estén comprimidas o no."""
    print(f"semilla {seed}")
    plain = layers_of(seed)
    stored = [gzip.compress(data) if number == seed else data for number, data in enumerate(plain)]
    stored[1] = gzip.compress(plain[1], 1) if seed else plain[1]
    target = tmp_path / "imagen.tar"
    target.write_bytes(oci_archive([(plain, stored, "prueba:1")]))
    expected = {each.diff_id: each.transfer_bytes for each in measure_archive(target).layers}
    WAYS[way](monkeypatch)
    with target.open("rb") as file:
        assert packed(file, tmp_path, 1_000_003) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["imagen.tar"]
    assert not [each for each in threading.enumerate() if each.name.startswith("multietapa-gzip")]


def test_leaving_early_forgets_the_rest(tmp_path: Path) -> None:
    """Al salir antes de acabar no se espera a lo que no había empezado."""
    content = layer(entry("largo", random.Random(0).randbytes(16 * BLOCK)))
    target = tmp_path / "imagen.tar"
    target.write_bytes(oci_archive([([content], [content], "prueba:1")]))
    with target.open("rb") as file:
        (blob,) = choose(read_images(file)).layers
        with Packing(file, {blob.diff_id}, tmp_path) as work:
            work.plain(blob.diff_id, blob.offset, blob.size)
            work.arrived()
        assert not [each for each in threading.enumerate() if each.name.startswith("multietapa-gzip")]
