"""Desempaquetado y Transferencia, comprobados con motores reales."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import docker
import pytest

from multietapa.bases import layers as base_layers
from multietapa.bases.families.registry import STORAGE
from multietapa.build.pipeline import build_events
from multietapa.engine.model import describe
from multietapa.errors import UnknownNameError
from multietapa.image.archive import read_images
from multietapa.image.image import MEASURING, find, measure_archive
from multietapa.image.layer import NOT_MEASURED
from multietapa.image.overlay import overlay
from multietapa.image.transfer import BLOCK, PackedSize, packed, packed_length
from multietapa.measure.cache import KEPT, MeasureCache
from multietapa.measure.export import SAVING
from multietapa.measure.measure import (
    Measurement,
    measure,
    quick_sizes,
)
from multietapa.measure.packing import PACKING
from tests.conftest import SecondEngine
from tests.crafted import archive, entry, folder, layer, random_layers
from tests.registry import registry

TAG = "multietapa-pruebas/medida:1"
ADDED_BY_DOCKER = ("dev", "proc", "sys", "etc", ".dockerenv")

BASE = layer(folder("d"), entry("d/a", "x" * 1000), entry("d/b", "y" * 500))
EDGE_CASES = {
    "archivos": [BASE],
    "enlace simbólico": [layer(entry("s", "objetivo/largo", "symlink"))],
    "enlace duro": [layer(entry("a", "x" * 100), entry("b", "a", "hardlink"), entry("c", "b", "hardlink"))],
    "enlace duro a uno simbólico": [layer(entry("s", "abc", "symlink"), entry("t", "s", "hardlink"))],
    "borrado": [BASE, layer(folder("d"), entry("d/.wh.a"))],
    "carpeta vaciada": [BASE, layer(folder("d"), entry("d/.wh..wh..opq"), entry("d/n", "1234567"))],
    "vaciada al final": [BASE, layer(folder("d"), entry("d/n", "1234567"), entry("d/.wh..wh..opq"))],
    "otra copia": [BASE, layer(entry("d/a", "qqq"))],
    "dispositivos": [layer(folder("x"), entry("x/nulo", kind="device"), entry("f", kind="fifo"))],
    "atributos": [layer(entry("a", "x" * 10, pax_headers={"SCHILY.xattr.user.k": "v" * 50}))],
    "nombres PAX": [layer(entry("n" * 200 + "/" + "ñ" * 60, "x" * 11))],
    "nombres GNU": [layer(entry("n" * 200 + "/" + "m" * 120, "x" * 11), format=tarfile.GNU_FORMAT)],
    "capas vacías": [BASE, layer(), layer()],
    "rutas absolutas": [layer(entry("/x/y", "12345"), entry("/x/z", "/x/y", "hardlink"))],
    "rutas con puntos": [layer(entry("a/../x", "12345"), entry("./y", "1"))],
    "por un enlace": [layer(folder("real"), entry("ln", "real", "symlink"), entry("ln/f", "1234567890"))],
}


@pytest.fixture
def cache(tmp_path: Path) -> MeasureCache:
    """Una caché vacía."""
    return MeasureCache(tmp_path)


@pytest.fixture
def tag(engine: docker.DockerClient) -> Iterator[str]:
    """Una etiqueta que se borra al terminar."""
    yield TAG
    for image in engine.images.list(TAG):
        engine.images.remove(image.id, force=True)


def assert_equal_on_both(
    one: docker.DockerClient, two: docker.DockerClient, data: bytes, folder: Path
) -> None:
    """Carga lo mismo en overlay2 y en containerd y compara las medidas al byte."""
    results = []
    for number, client in enumerate((one, two)):
        client.images.load(data)
        results.append(measure(client, TAG, cache=MeasureCache(folder / str(number))))
    expected = one.api.inspect_image(TAG)["Size"]
    assert results[0].engine.store != results[1].engine.store == "containerd"
    assert [m.unpacked_bytes for m in results] == [expected, expected]
    assert results[0].transfer_bytes == results[1].transfer_bytes > 0
    assert results[0].layers == results[1].layers
    for client in (one, two):
        client.images.remove(TAG, force=True)


def test_both_stores_agree_to_the_byte(second_engine_factory: SecondEngine, tmp_path: Path) -> None:
    """Los casos raros y las capas al azar miden lo mismo en los dos almacenes, e igual que overlay2."""
    with second_engine_factory() as (one, _), second_engine_factory(containerd=True) as (two, _):
        assert describe(one).store == "overlay2"
        for name, layers in EDGE_CASES.items():
            assert_equal_on_both(one, two, archive(layers, TAG), tmp_path / name)
        for seed in range(3):
            assert_equal_on_both(one, two, archive(random_layers(seed), TAG), tmp_path / str(seed))


@pytest.mark.parametrize("seed", range(4))
def test_random_layers_match_the_engine(
    engine: docker.DockerClient, tag: str, tmp_path: Path, seed: int
) -> None:
    """Con capas al azar se ve lo que exporta un contenedor, y el total es el ``Size`` de overlay2."""
    engine.images.load(archive(random_layers(seed), tag))
    measured = measure(engine, tag, cache=MeasureCache(tmp_path))
    if measured.engine.store == "overlay2":
        assert measured.unpacked_bytes == engine.api.inspect_image(tag)["Size"]
    container = engine.containers.create(tag, command="nada")
    try:
        exported = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove()
    with tarfile.open(fileobj=exported) as tar:
        seen = {item.name.strip("/"): item for item in tar}
    seen = {path: item for path, item in seen.items() if path.split("/")[0] not in ADDED_BY_DOCKER}
    merged = overlay(measured.layers).files
    assert set(merged) == set(seen)
    folders = {path for path, item in seen.items() if item.isdir()}
    assert {path for path, found in merged.items() if found.kind == "dir"} == folders


def test_built_layers_and_symlinks(
    engine: docker.DockerClient, base_image: str, tag: str, tmp_path: Path
) -> None:
    """Lo que construye el clásico mide lo que dice overlay2; sus pasos quedan con su capa."""
    dockerfile = f"""FROM {base_image}
    RUN mkdir /d && ln -s objetivo/muy/largo /d/s && echo 12345 > /d/a && ln /d/a /d/b
    ENV NADA=1
    RUN rm /d/a && echo hola > /d/c
    RUN rm -r /d && mkdir /d && echo z > /d/z
    """
    engine.images.build(fileobj=io.BytesIO(dockerfile.encode()), tag=tag, rm=True)
    measured = measure(engine, tag, cache=MeasureCache(tmp_path), base=base_image)
    if measured.engine.store == "overlay2":
        assert measured.unpacked_bytes == engine.api.inspect_image(tag)["Size"]
    assert measured.base_layer_count == 1
    assert measured.base == base_image
    assert ["mkdir" in step.created_by for step in measured.layers] == [False, True, False, True]
    assert set(overlay(measured.layers).files) >= {"d/z", "d"}
    assert "d/b" not in overlay(measured.layers).files
    hidden = overlay(measured.layers).hidden
    assert (hidden.shadowed, hidden.deleted) == (0, 6 + len("objetivo/muy/largo") + 5)
    assert {(loss.layer, loss.hidden_by) for loss in hidden.by_layer} == {(1, 3), (2, 3)}
    assert [found.index for found, _ in find(measured, "/d/[ac]")] == [1, 2]


def test_cache_avoids_asking_again(engine: docker.DockerClient, tag: str, cache: MeasureCache) -> None:
    """La segunda vez no se pide nada; una entrada rota, o sin comprimir, se vuelve a medir sola."""
    engine.images.load(archive([BASE, layer(entry("mía", "x" * 2000))], tag))
    phases: list[str] = []

    def measured(*, transfer: bool = True) -> Measurement:
        phases.clear()
        seen = lambda phase, *_: phases.append(phase)  # noqa: E731
        return measure(engine, tag, cache=cache, progress=seen, transfer=transfer)

    plain = measured(transfer=False)
    assert plain.transfer_bytes == NOT_MEASURED
    assert set(phases) in ({SAVING}, {SAVING, MEASURING}), "sin comprimir se lee al pasar, si el motor deja"
    assert measured(transfer=False) == plain
    assert not phases
    first = measured()
    assert phases
    assert first.transfer_bytes == sum(layer.transfer_bytes for layer in first.layers)
    assert measured() == first
    assert not phases
    assert measured(transfer=False) == first, "lo ya comprimido no se pierde"
    engine.images.load(archive([BASE, layer(entry("mía", "x" * 2000))], tag, labels={"otra": "sesión"}))
    assert measured().layers == first.layers
    assert not phases, "otra imagen con las mismas capas"
    first = measured()
    whole = {path: path.read_bytes() for path in cache.folder.rglob("*.gz")}
    for path in whole:
        broken = (b"", b"basura", whole[path][:40], gzip.compress(b"[]"), gzip.compress(b'{"files":[[]]}'))
        for data in broken:
            path.write_bytes(data)
            assert measured() == first
        path.write_bytes(whole[path])
    assert not list(cache.folder.rglob(".*"))


def test_progress_reaches_the_total(engine: docker.DockerClient, tag: str, cache: MeasureCache) -> None:
    """El avance dice fase, bytes hechos y totales, y cada fase llega al final."""
    engine.images.load(archive([layer(entry("a", os.urandom(9 << 20)))], tag))
    seen: list[tuple[str, int, int]] = []
    measure(engine, tag, cache=cache, progress=lambda *step: seen.append(step))
    assert all(0 <= done <= total for _, done, total in seen)
    for phase in (SAVING, PACKING):
        steps = [done for name, done, _ in seen if name == phase]
        assert steps == sorted(steps)
        assert steps[0] == 0
    assert seen[-1][1] == seen[-1][2] > 9 << 20


def test_base_layers(engine: docker.DockerClient, tag: str, cache: MeasureCache) -> None:
    """Las capas de la base salen de las etiquetas del kit o, si no, de comparar con la imagen base."""
    top = layer(entry("mía", "1"))
    labels = {"org.multietapa.base": "node:14", "multietapa.equivalente": "1"}
    labels["org.multietapa.base.capas"] = "1"
    engine.images.load(archive([BASE, top], tag, labels=labels))
    measured = measure(engine, tag, cache=cache)
    assert (measured.base, measured.base_layer_count, measured.equivalent) == ("node:14", 1, True)
    for lie in ("3", "-1", "uno", "9" * 50):
        engine.images.load(archive([BASE, top], tag, labels={"org.multietapa.base.capas": lie}))
        assert measure(engine, tag, cache=cache).base_layer_count == 0
    base = f"{TAG}-base"
    engine.images.load(archive([BASE], base))
    try:
        assert measure(engine, tag, cache=cache, base=base).base_layer_count == 1
        engine.images.load(archive([top], base))
        assert measure(engine, tag, cache=cache, base=base).base_layer_count == 0
        assert measure(engine, tag, cache=cache, base="multietapa-pruebas/nadie").base_layer_count == 0
    finally:
        engine.images.remove(base, force=True)


def test_the_base_of_a_kit_image_is_the_outermost(
    engine: docker.DockerClient, tag: str, cache: MeasureCache
) -> None:
    """La base de una imagen hecha sobre otra del kit es la de fuera: lo de en medio no es sistema base."""
    middle, outer = f"{TAG}-medio", f"{TAG}-fuera"
    first, second = layer(entry("medio", "22")), layer(entry("mía", "1"))
    engine.images.load(archive([BASE], outer))
    engine.images.load(archive([BASE, first], middle, labels={"org.multietapa.base": outer}))
    try:
        engine.images.load(archive([BASE, first, second], tag, labels={"org.multietapa.base": middle}))
        measured = measure(engine, tag, cache=cache)
        assert (measured.base, measured.base_layer_count) == (outer, 1)
    finally:
        engine.images.remove(middle, force=True)
        engine.images.remove(outer, force=True)


def test_an_image_made_with_the_sdk_has_its_workshop_base(
    engine: docker.DockerClient, tag: str, cache: MeasureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sin etiquetas, la base es la del taller cuyas capas son las primeras de la imagen."""
    base, deeper = f"{TAG}-base", f"{TAG}-mayor"
    top = layer(entry("mía", "1"))
    monkeypatch.setattr(base_layers, "workshop_bases", lambda: (base, deeper, f"{TAG}-nadie"))
    engine.images.load(archive([BASE], base))
    engine.images.load(archive([BASE, top], deeper))
    try:
        engine.images.load(archive([BASE, top, layer(entry("más", "22"))], tag))
        measured = measure(engine, tag, cache=cache)
        assert (measured.base, measured.base_layer_count) == (deeper, 2)
        engine.images.load(archive([top], tag))
        assert measure(engine, tag, cache=cache).base == ""
    finally:
        engine.images.remove(base, force=True)
        engine.images.remove(deeper, force=True)


@pytest.mark.usefixtures("cache")
def test_unknown_image(engine: docker.DockerClient, base_image: str) -> None:
    """Una imagen que no existe lanza el error que nombra las que sí."""
    for ask in (measure, quick_sizes):
        with pytest.raises(UnknownNameError, match=base_image):
            ask(engine, "multietapa-pruebas/nadie:1")


def test_quick_sizes_are_provisional(engine: docker.DockerClient, tag: str) -> None:
    """Los tamaños inmediatos son los del motor, y lo dicen."""
    engine.images.load(archive([BASE, layer(entry("mía", "x" * 2000))], tag))
    quick = quick_sizes(engine, tag)
    assert quick.reported_bytes == engine.api.inspect_image(tag)["Size"]
    assert [step.created_by for step in quick.steps] == ["paso 0", "paso 1"]
    assert len(quick.diff_ids) == 2
    assert "provisional" in quick.label


def test_recorded_images_of_both_stores() -> None:
    """La misma imagen grabada en cada almacén mide lo mismo; comprimida, lo que ocupe en el que comprime."""
    data = Path(__file__).parent / "data"
    one, two = (measure_archive(data / f"imagen_{store}.tar") for store in ("overlay2", "containerd"))
    assert one.unpacked_bytes == two.unpacked_bytes == 1089
    with (data / "imagen_containerd.tar").open("rb") as file:
        (stored,) = read_images(file)
    assert two.transfer_bytes == sum(blob.size for blob in stored.layers) != one.transfer_bytes


@pytest.mark.parametrize("size", [0, 1, 32 << 10, BLOCK - 1, BLOCK, 2 * BLOCK + 5])
def test_transfer_is_a_valid_gzip(size: int) -> None:
    """El tamaño es el de un gzip de verdad, que se descomprime y se aparta poco de ``gzip -6``."""
    unit = b"".join(b"%d linea que se parece a otras %d\n" % (n, n * 7919 % 1009) for n in range(9000))
    data = (unit * (size // len(unit) + 1))[:size]
    blocks = [data[at : at + BLOCK] for at in range(0, size, BLOCK)]
    with ThreadPoolExecutor(3) as pool:
        each, later = PackedSize(pool), PackedSize(pool)
        for block in blocks:
            each.add(block)
            later.add_later(partial(packed_length, block))
        total = each.result()
        assert later.result() == total
    stream = b"".join(map(packed, blocks or [b""]))
    assert gzip.decompress(stream) == data
    assert total == len(stream)
    assert abs(total - len(gzip.compress(data, 6))) <= total // 25 + 500


def pushed_bytes(client: docker.DockerClient, tag: str) -> list[int]:
    """Lo que ocupa cada capa en un registro al que el motor la sube de verdad, según su manifiesto."""
    with registry(client) as found:
        found.push(tag, "multietapa-pruebas/subida:1")
        pieces, _ = found.container.get_archive(STORAGE)
        with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
            blobs = [tar.extractfile(one) for one in tar if one.isfile() and one.name.endswith("/data")]
            texts = [blob.read() for blob in blobs if blob]
    described = [json.loads(text) for text in texts if text.startswith(b"{")]
    (manifest,) = (one for one in described if "layers" in one and "config" in one)
    return [one["size"] for one in manifest["layers"]]


def test_transfer_is_what_docker_pushes(engine: docker.DockerClient, tag: str, tmp_path: Path) -> None:
    """Transferencia se aparta menos de un 4 % de lo que Docker sube de verdad a un registro."""
    sources = sorted(Path(os.__file__).parent.glob("*.py"))
    text = layer(*(entry(path.name, path.read_bytes()) for path in sources))
    binary = layer(entry("python", Path(sys.executable).resolve().read_bytes()))
    engine.images.load(archive([text, binary], tag))
    measured = measure(engine, tag, cache=MeasureCache(tmp_path))
    for one, size in zip(measured.layers, pushed_bytes(engine, tag), strict=True):
        assert abs(one.transfer_bytes - size) < size * 0.04
    assert len(sources) > 100


def test_what_containerd_keeps_packed_is_what_it_pushes(
    second_engine_factory: SecondEngine, tmp_path: Path
) -> None:
    """Con containerd, la Transferencia de lo construido es al byte lo que sube. Y se recuerda."""
    (tmp_path / "a").write_text("línea de texto\n" * 50_000)
    recipe = "FROM scratch\nCOPY a /a\nCOPY a /otra\n"
    with second_engine_factory(containerd=True) as (client, _):
        list(build_events(client, tmp_path, tag=TAG, dockerfile=recipe))
        cache = MeasureCache(tmp_path / "caché")
        measured = measure(client, TAG, cache=cache)
        assert [one.transfer_bytes for one in measured.layers] == pushed_bytes(client, TAG)
        assert measured.layers[0].unpacked_bytes == (tmp_path / "a").stat().st_size
        phases: list[str] = []
        again = measure(client, TAG, cache=cache, progress=lambda phase, *_: phases.append(phase))
        assert (again, phases) == (measured, [])
        plain = measure_archive(io.BytesIO(b"".join(client.api.get_image(TAG))))
        assert plain.transfer_bytes == measured.transfer_bytes


def test_each_store_has_its_own_cache(cache: MeasureCache) -> None:
    """Lo que una capa ocupa en un motor que las guarda comprimidas no se da por lo que se calcula en otro."""
    (found,) = measure_archive(io.BytesIO(archive([BASE]))).layers
    found = replace(found, created_by="")
    cache.keep_layer(found)
    packed_cache = cache.of(packed=True)
    assert packed_cache.layer(found.diff_id) is None
    packed_cache.keep_layer(replace(found, transfer_bytes=7))
    assert cache.layer(found.diff_id) == found
    again = packed_cache.layer(found.diff_id)
    assert again is not None
    assert again.transfer_bytes == 7


def test_cache_forgets_the_oldest(cache: MeasureCache) -> None:
    """La caché no crece sin fin."""
    for number in range(KEPT + 20):
        cache.keep_steps(f"sha256:{number:04}", ("RUN algo",))
    assert cache.steps(f"sha256:{KEPT + 19:04}", 1) == ("RUN algo",)
    assert cache.steps(f"sha256:{KEPT + 19:04}", 2) is None
    assert len(list(cache.folder.rglob("*.gz"))) == KEPT


def test_two_kernels_share_the_cache(cache: MeasureCache) -> None:
    """Quien lee mientras otros escriben la misma capa la ve entera, siempre."""
    (found,) = measure_archive(io.BytesIO(archive([BASE])), transfer=False).layers
    cache.keep_layer(found)
    with ThreadPoolExecutor(4) as pool:
        writes = [pool.submit(cache.keep_layer, found) for _ in range(100)]
        seen = [pool.submit(cache.layer, found.diff_id) for _ in range(100)]
        assert all(write.result() is None for write in writes)
        assert {read.result().files == found.files for read in seen} == {True}  # type: ignore[union-attr]
    assert len(list(cache.folder.rglob("*.*"))) == 1
