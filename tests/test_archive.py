"""Archivos de imagen: los dos formatos, los casos raros de tar y los archivos hostiles."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
import time
import tracemalloc
from pathlib import Path

import docker
import pytest

from multietapa.errors import ArchiveError, UnknownNameError
from multietapa.image.archive import choose, read_images
from multietapa.image.image import measure_archive
from multietapa.image.layer import NOT_MEASURED, Layer, read_layer
from multietapa.image.tarwalk import Limits
from multietapa.measure.export import saved
from tests.crafted import archive, config, digest, entry, folder, layer, oci_archive, tar_of

DATA = Path(__file__).parent / "data"
RECORDED = ("overlay2", "containerd")


def read(data: bytes, *, limits: Limits | None = None, diff_id: str = "") -> Layer:
    """Lee una capa suelta, sin comprimir."""
    file = io.BytesIO(data)
    return read_layer(file, 0, len(data), diff_id=diff_id or digest(data), pool=None, limits=limits)


@pytest.mark.parametrize("store", RECORDED)
def test_recorded_archives(store: str) -> None:
    """Lo que guarda un motor real se lee igual con las capas sin comprimir o con gzip."""
    with (DATA / f"imagen_{store}.tar").open("rb") as file:
        (image,) = read_images(file)
    measured = measure_archive(DATA / f"imagen_{store}.tar")
    assert image.tags == ("mm-dato:1",)
    assert [entry.path for entry in measured.layers[0].files if entry.kind == "hardlink"] == [
        "usr/lib/libc.so.6"
    ]
    assert measured.unpacked_bytes == 1089
    assert measured.layers[1].created_by == "COPY --chown=1000:1000 app /app # buildkit"
    assert {entry.uid for entry in measured.layers[1].files} == {1000}
    assert (measured.base, measured.equivalent, measured.base_layer_count) == ("node:14", True, 1)


@pytest.mark.parametrize("store", RECORDED)
def test_index_alone_is_enough(store: str) -> None:
    """Un archivo OCI sin ``manifest.json`` da la misma imagen."""
    with tarfile.open(DATA / f"imagen_{store}.tar") as tar:
        files = {
            item.name: stream.read() for item in tar if item.isfile() and (stream := tar.extractfile(item))
        }
    del files["manifest.json"]
    whole = measure_archive(DATA / f"imagen_{store}.tar")
    assert measure_archive(io.BytesIO(tar_of(files))).layers == whole.layers


@pytest.mark.parametrize("nested", [True, False])
def test_index_with_attestations_and_absent_platforms(nested: bool) -> None:
    """Las atestaciones y las plataformas ausentes se pasan por alto; se elige por nombre o por id."""
    one, two = layer(entry("uno", "1")), layer(entry("dos", "22"))
    data = oci_archive([([one], [gzip.compress(one)], "a:1"), ([two], [two], "b:2")], nested=nested)
    images = read_images(io.BytesIO(data))
    assert [image.tags for image in images] == [("a:1",), ("b:2",)]
    assert choose(images, "docker.io/library/b:2").diff_ids == (digest(two),)
    assert choose(images, images[1].ids[0]).tags == ("b:2",)
    assert choose(images, images[1].ids[1][7:19]).tags == ("b:2",)
    assert choose(images, diff_ids=(digest(one),)).tags == ("a:1",)
    with pytest.raises(UnknownNameError, match="b:2"):
        choose(images, "c:3")


def test_old_format_with_linked_layers() -> None:
    """Los motores antiguos enlazan una capa repetida con la de otra imagen."""
    one = layer(entry("uno", "1"))
    settings = config([one, one])
    manifest = b'[{"Config":"c.json","RepoTags":null,"Layers":["x/layer.tar","y/layer.tar"]}]'
    data = layer(
        entry("x/layer.tar", one),
        entry("y/layer.tar", "../x/layer.tar", "symlink"),
        entry("c.json", settings),
        entry("manifest.json", manifest),
    )
    measured = measure_archive(io.BytesIO(data))
    assert measured.image_id == digest(settings)
    assert measured.unpacked_bytes == 2
    assert measured.transfer_bytes == measured.layers[0].transfer_bytes


def test_kinds_of_entry() -> None:
    """Cada entrada con su clase, sus permisos y los bytes que añade."""
    found = read(
        layer(
            folder("d"),
            entry("./d/a", "12345", mode=0o4755, uid=7, gid=8),
            entry("/d/b", "d/a", "hardlink"),
            entry("d/c", "d/b", "hardlink"),
            entry("s", "destino", "symlink"),
            entry("n", kind="device"),
            entry("d/.wh.viejo", "nada"),
            entry("d/.wh..wh..opq"),
        )
    )
    kinds = {(e.path, e.kind): (e.size, e.own_bytes, e.link) for e in found.files}
    assert kinds == {
        ("d", "dir"): (0, 0, ""),
        ("d/a", "file"): (5, 5, ""),
        ("d/b", "hardlink"): (5, 0, "d/a"),
        ("d/c", "hardlink"): (5, 0, "d/a"),
        ("s", "symlink"): (7, 7, "destino"),
        ("n", "device"): (0, 0, ""),
        ("d/viejo", "whiteout"): (0, 0, ""),
        ("d", "opaque"): (0, 0, ""),
    }
    assert (found.unpacked_bytes, found.symlink_bytes, found.transfer_bytes) == (12, 7, NOT_MEASURED)
    owned = next(e for e in found.files if e.path == "d/a")
    assert (owned.mode, owned.uid, owned.gid) == (0o4755, 7, 8)


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_names_and_numbers_of_each_format(format: int) -> None:
    """Nombres largos, con tilde y números grandes, en ustar, PAX y GNU."""
    name = "n" * 90 + "/" + "ñ" * 40
    found = read(
        layer(entry(name, "1", uid=2_000_000), entry("s", "y" * 90, "symlink"), format=format),
    )
    assert [(e.path, e.size, e.uid) for e in found.files] == [(name, 1, 2_000_000), ("s", 90, 0)]


@pytest.mark.parametrize("version", ["0.1", "1.0"])
def test_sparse_files_count_their_logical_size(version: str) -> None:
    """Un archivo disperso cuenta entero, como en el motor, aunque en el tar ocupe poco."""
    if version == "1.0":
        info, data = entry("GNUSparseFile.0/f", b"1\n99\n1\n".ljust(512, b"\0") + b"x")
        info.pax_headers = {
            "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "f",
            "GNU.sparse.realsize": "100",
        }  # fmt: skip
    else:
        info, data = entry("f", b"x")
        info.pax_headers = {"GNU.sparse.size": "100", "GNU.sparse.map": "99,1", "GNU.sparse.numblocks": "1"}
    (found,) = read(layer((info, data))).files
    assert (found.path, found.size) == ("f", 100)


def test_documents_are_kept() -> None:
    """Se guarda el texto de los manifiestos de npm y de los inventarios, y de nada más."""
    kept = {
        "app/package.json": "1",
        "app/package-lock.json": "2",
        "app/node_modules/.package-lock.json": "3",
        "app/node_modules/@t/x/package.json": "4",
        "app/node_modules/a/node_modules/b/package.json": "5",
        "var/lib/dpkg/status": "6",
    }
    other = ("app/node_modules/a/lib/package.json", "app/node_modules/a/package-lock.json", "app/server.js")
    content = {**kept, **dict.fromkeys(other, "no")}
    found = read(layer(*(entry(path, text) for path, text in content.items())))
    assert dict(found.documents) == kept
    small = read(layer(entry("package.json", "x" * 100)), limits=Limits(document_bytes=99))
    assert dict(small.documents) == {}


def bad_number(field: slice, text: bytes) -> bytes:
    """Una capa cuya primera cabecera miente en un campo y aun así suma bien."""
    data = bytearray(layer(entry("a", "12345")))
    data[field] = text
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


HOSTILE = {
    "sale de la raíz": layer(entry("../x", "1")),
    "sale de la raíz por dentro": layer(entry("a/../../x", "1")),
    "tamaño imposible": bad_number(slice(124, 136), b"\x80" + b"\0" * 3 + b"\x7f" * 8),
    "tamaño mayor que el archivo": bad_number(slice(124, 136), b"77777777777\0"),
    "tamaño negativo": bad_number(slice(124, 136), b"\xff" * 12),
    "tamaño sin sentido": bad_number(slice(124, 136), b"9z999999999\0"),
    "tamaño PAX": layer(entry("a", "1", pax_headers={"size": "9" * 19})),
    "tamaño PAX negativo": layer(entry("a", "1", pax_headers={"size": "-5"})),
    "nombre enorme": layer(entry("n" * 5000, "1")),
    "suma falsa": layer(entry("a", "1")).replace(b"a\0", b"b\0", 1),
    "cortada en un archivo": layer(entry("a", "x" * 5000))[:2048],
    "cortada en una cabecera": layer(entry("a", "1"))[:300],
    "no es un tar": b"<html>" * 200,
    "gzip cortado": gzip.compress(layer(entry("a", "x" * 5000)))[:60],
    "gzip roto": gzip.compress(layer(entry("a", "x" * 5000)))[:40] + b"\xff" * 100,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_layers(name: str) -> None:
    """Una capa imposible da un ``ArchiveError`` en español, no un fallo de Python."""
    with pytest.raises(ArchiveError) as caught:
        read(HOSTILE[name])
    assert "Por qué" in str(caught.value)
    assert "Qué hacer" in str(caught.value)


def test_wrong_digest() -> None:
    """Una capa cambiada no se mide: su SHA-256 no es el que dice la imagen."""
    good, other = layer(entry("a", "bueno")), layer(entry("a", "malos"))
    with pytest.raises(ArchiveError, match="digest"):
        measure_archive(io.BytesIO(archive([good]).replace(good[512:600], other[512:600])))


def test_gzip_bomb_is_bounded() -> None:
    """Una capa de pocos bytes que se hincha sin fin se corta en el límite, sin llenar la memoria."""
    plain = layer(entry("ceros", bytes(96 << 20)))
    bomb, name = gzip.compress(plain, 9), digest(plain)
    del plain
    tracemalloc.start()
    with pytest.raises(ArchiveError, match=r"al descomprimirla|dice ocupar"):
        read(bomb, limits=Limits(layer_bytes=16 << 20), diff_id=name)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 24 << 20


def test_pax_bomb_is_bounded() -> None:
    """Un megabyte de registros PAX diminutos no tarda más que leerlo."""
    records = b"6 a=b\n" * ((1 << 20) // 6)
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, len(records)
    data = header.tobuf() + records.ljust(-(-len(records) // 512) * 512, b"\0") + layer(entry("a", "1"))
    start = time.perf_counter()
    assert [e.path for e in read(data).files] == ["a"]
    assert time.perf_counter() - start < 5


def test_too_many_entries() -> None:
    """Hay un tope de entradas por capa y por imagen, y se dice cuál; por defecto, caben más de un millón."""
    layers = [layer(*(entry(f"{n}-{i}") for i in range(60))) for n in range(3)]
    with pytest.raises(ArchiveError, match="más de 50 entradas"):
        read(layers[0], limits=Limits(entries=50))
    with pytest.raises(ArchiveError, match="más de 100 entradas") as caught:
        measure_archive(io.BytesIO(archive(layers)), limits=Limits(entries=100))
    assert "demasiados archivos" in caught.value.what
    assert Limits().entries > 1_000_000


def test_the_headers_of_a_name_are_not_entries() -> None:
    """Un nombre largo lleva una cabecera o dos delante: no cuentan como entradas, pero tienen su tope."""
    long = "carpeta/" * 30
    for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        many = layer(*(entry(f"{long}{n}", long, "symlink") for n in range(50)), format=form)
        assert len(read(many, limits=Limits(entries=50)).files) == 50
    (info, _) = entry("x")
    bare = info.create_pax_global_header({"comment": "x"})
    with pytest.raises(ArchiveError, match="más cabeceras extendidas que entradas"):
        read(bare * 200 + layer(entry("x")), limits=Limits(entries=50))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"otra.txt": b"hola"},
        {"manifest.json": b"{"},
        {"manifest.json": b"[" * 100_000},
        {"manifest.json": b'[{"Config":7,"Layers":[]}]'},
        {"manifest.json": b'[{"Config":"c.json","Layers":["../../etc/passwd"]}]', "c.json": config([b""])},
        {"manifest.json": b'[{"Config":"c.json","Layers":[]}]', "c.json": config([b""])},
        {"manifest.json": b"[" + b"{}," * 300 + b"{}]"},
        {"index.json": b'{"manifests":[{"digest":5}]}'},
        {
            "index.json": b'{"manifests":[{"digest":"sha256:yo"}]}',
            "blobs/sha256/yo": b'{"manifests":[{"digest":"sha256:yo"}]}',
        },
    ],
)
def test_hostile_manifests(files: dict[str, bytes]) -> None:
    """Manifiestos vacíos, anidados sin fin, que se contienen a sí mismos o que mienten."""
    with pytest.raises(ArchiveError):
        read_images(io.BytesIO(tar_of(files)))


def test_every_cut_and_many_mutations() -> None:
    """Un archivo real cortado o cambiado en cualquier sitio da la misma medida o un ``ArchiveError``."""
    for store in RECORDED:
        whole = (DATA / f"imagen_{store}.tar").read_bytes()
        expected = measure_archive(io.BytesIO(whole), transfer=False).layers
        dice = random.Random(7)
        changed = [whole[:cut] for cut in range(0, len(whole), 512)]
        for _ in range(300):
            altered = bytearray(whole)
            altered[dice.randrange(len(altered))] = dice.randrange(256)
            changed.append(bytes(altered))
        same = 0
        for data in changed:
            try:
                found = measure_archive(io.BytesIO(data), transfer=False).layers
            except ArchiveError:
                continue
            same += 1
            assert [layer.files for layer in found] == [layer.files for layer in expected]
        assert same


def test_interruption_leaves_nothing(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> None:
    """Interrumpir mientras el motor guarda la imagen no deja ningún archivo, ni terminar tampoco."""

    def interrupt(_phase: str, done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        saved(engine, base_image, folder=tmp_path, progress=interrupt),
    ):
        pytest.fail("no debía terminar")
    assert list(tmp_path.iterdir()) == []
    with saved(engine, base_image, folder=tmp_path) as file:
        assert choose(read_images(file), base_image).layers
    assert list(tmp_path.iterdir()) == []


def test_unknown_image_lists_the_known(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> None:
    """Pedir una imagen que no está nombra las que sí."""
    with (
        pytest.raises(UnknownNameError, match=base_image),
        saved(engine, "multietapa-pruebas/nadie:1", folder=tmp_path),
    ):
        pytest.fail("no debía existir")
