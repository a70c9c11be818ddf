"""El tar de la salida se abre sin fiarse de él: nada fuera de la carpeta, y lo que falta se dice."""

from __future__ import annotations

import errno
import io
import os
import random
import stat
import sys
import tarfile
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from multietapa.build.session.unpacking import Written, unpack
from multietapa.errors import EngineError
from tests.crafted import entry, folder, layer

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 300)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="enlaces y permisos que Windows no tiene")
Made = tuple[tarfile.TarInfo, bytes]


@pytest.fixture(params=["corriente", "de seguridad"], autouse=True)
def _two_ways_of_reading_headers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Como lee ``tarfile`` las cabeceras, y como en los arreglos de seguridad de 2026: sin ``frombuf``."""
    if request.param == "de seguridad":
        whole: Any = tarfile.TarInfo.frombuf
        plain = whole.__func__

        def read(cls: type[tarfile.TarInfo], tar: Any) -> Any:
            found = plain(cls, tar.fileobj.read(tarfile.BLOCKSIZE), tar.encoding, tar.errors)
            found.offset = tar.fileobj.tell() - tarfile.BLOCKSIZE
            return found._proc_member(tar)  # noqa: SLF001  lo mismo que hace él

        monkeypatch.setattr(tarfile.TarInfo, "frombuf", None)
        monkeypatch.setattr(tarfile.TarInfo, "fromtarfile", classmethod(read))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """La carpeta donde se abre, vacía; a su lado, un archivo que nadie debe tocar."""
    (tmp_path / "fuera").write_text("intacto")
    (tmp_path / "dentro").mkdir()
    return tmp_path / "dentro"


def put(place: Path, *entries: Made, **settings: Any) -> Written:
    """Abre en ``place`` un tar con esas entradas."""
    return unpack(io.BytesIO(layer(*entries, **settings)), place)


def photo(root: Path, *, but: Path) -> dict[str, tuple[object, ...]]:
    """Todo lo que hay en ``root`` menos ``but``, con lo que cambiaría si alguien lo tocara."""
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        if but not in (path, *path.parents):
            seen = path.lstat()
            kept = path.read_bytes() if stat.S_ISREG(seen.st_mode) else b""
            found[str(path)] = (seen.st_mode, seen.st_nlink, seen.st_mtime_ns, kept)
    return found


def test_what_an_image_holds_lands_as_it_is(place: Path) -> None:
    """Archivos, carpetas, enlaces de las dos clases, permisos y fechas; nunca setuid ni dueño."""
    written = put(
        place,
        entry("bin", kind="dir", mode=0o555, mtime=1_000_000_000),
        entry("bin/app", "hola", mode=0o4755, mtime=1_234_567_890.5, uid=12345),
        entry("bin/otra", "bin/app", "hardlink"),
        entry("enlace", "bin/app", "symlink"),
        entry("bin/arriba", "../enlace", "symlink"),
        entry("sin/carpeta/antes", "x", mode=0o600),
    )
    assert (written.files, written.bytes, written.links, written.left) == (3, 5, 2, {})
    app = (place / "bin/app").stat()
    assert stat.S_IMODE(app.st_mode) == 0o755
    assert (app.st_mtime, app.st_uid, app.st_nlink) == (1_234_567_890.5, os.getuid(), 2)
    assert (place / "bin/arriba").read_text() == "hola"
    assert (place / "bin").stat().st_mtime == 1_000_000_000
    assert stat.S_IMODE((place / "bin").stat().st_mode) == 0o755  # si no, no se podría ni borrar
    assert stat.S_IMODE((place / "sin/carpeta/antes").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "entries",
    [
        [entry("/etc/x", "malo")],
        [entry("../fuera", "malo")],
        [entry("a/../../fuera", "malo")],
        [folder("a"), entry("a/..", "malo")],
        [entry("l", ".", "symlink"), entry("l/fuera", "malo")],
        [entry("a", "x"), entry("a/b", "malo")],
        [entry("otro", "../fuera", "hardlink")],
        [entry("otro", "/etc/passwd", "hardlink")],
        [entry("", "malo")],
        [entry("a", "x", pax_headers={"size": "-5"})],
        [entry("a", "x", pax_headers={"GNU.sparse.size": "99999999999", "GNU.sparse.map": "0,1"})],
    ],
    ids=[
        "absoluto", "arriba", "arriba-desde-dentro", "la-carpeta-misma", "por-un-enlace", "por-un-archivo",
        "otro-nombre-arriba", "otro-nombre-absoluto", "sin-nombre", "tamaño-negativo", "disperso",
    ],
)  # fmt: skip
def test_a_hostile_entry_stops_everything(place: Path, entries: list[Made]) -> None:
    """Lo que un motor de verdad no manda nunca corta la salida, y fuera no cambia nada."""
    before = photo(place.parent, but=place)
    with pytest.raises(EngineError):
        put(place, *entries)
    assert photo(place.parent, but=place) == before


def test_what_does_not_fit_is_told_and_the_rest_lands(place: Path) -> None:
    """Un dispositivo o un enlace hacia fuera no se crean: se cuentan y se nombran."""
    outside = ["/etc/passwd", "../fuera", "a/../../fuera", "l/../../fuera", ""]
    links = [entry(f"sale{n}", target, "symlink") for n, target in enumerate(outside)]
    written = put(
        place,
        folder("a"),
        *links,
        entry("null", kind="device"),
        entry("tubo", kind="fifo"),
        entry("raro", type=b"V"),
        entry("copia", "no-está", "hardlink"),
        entry("a/dentro", "../b", "symlink"),
        entry("b", "uno"),
        entry("b", "dos"),
        entry("a/" + "n" * 300, "largo"),
    )
    assert sorted(path.name for path in place.rglob("*")) == ["a", "b", "dentro"]
    assert (place / "b").read_text() == "uno"
    assert written.sentences() == [
        "5 enlaces que apuntan fuera de la carpeta: «sale0», «sale1», «sale2» y 2 más.",
        "3 dispositivos, tuberías o sockets: «null», «tubo» y «raro».",
        "1 nombre de un archivo que no está en ella: «copia».",
        "1 nombre que ya estaba: «b».",
        f"1 nombre que este disco no admite: «a/{'n' * 198}».",
    ]


def test_an_empty_image_leaves_an_empty_folder(place: Path) -> None:
    """Sin entradas no hay archivos, y no es un error."""
    assert put(place) == Written()
    assert list(place.iterdir()) == []


def test_names_may_be_any_bytes(place: Path) -> None:
    """Un nombre que no es UTF-8 se guarda como es, en un disco que lo admita."""
    put(place, entry(os.fsdecode(b"mal\xff"), "x"), format=tarfile.GNU_FORMAT)
    assert os.listdir(os.fsencode(place)) == [b"mal\xff"]  # noqa: PTH208  los bytes mismos


@pytest.mark.parametrize("cut", [0, 100, 512, 700, 1024, 1536, 2047])
def test_a_cut_stream_is_not_a_whole_one(place: Path, cut: int) -> None:
    """Un tar que se corta no pasa por entero, tampoco en el límite justo de una entrada."""
    whole = layer(entry("a", "x" * 300), entry("b", "y" * 300))[:2048]
    with pytest.raises(EngineError, match="no se entienden"):
        unpack(io.BytesIO(whole[:cut]), place)


def test_a_damaged_header_is_not_the_end(place: Path) -> None:
    """Una cabecera que no cuadra en medio no se toma por el final."""
    data = bytearray(layer(entry("a", "x"), entry("b", "y")))
    data[1024 + 20] ^= 0xFF
    with pytest.raises(EngineError):
        unpack(io.BytesIO(bytes(data)), place)


class Endless:
    """Un tar que no acaba: ``head`` y después bloques iguales, hasta ``size`` bytes."""

    def __init__(self, head: bytes, block: bytes, size: int, end: bytes = b"") -> None:
        self._pieces = self._all(head, block, size, end)

    @staticmethod
    def _all(head: bytes, block: bytes, size: int, end: bytes) -> Iterator[bytes]:
        yield head
        for _ in range(size // len(block)):
            yield block
        yield end

    def read(self, _size: int, /) -> bytes:
        return next(self._pieces, b"")


def header(size: int, type_: bytes) -> bytes:
    """Una cabecera que dice llevar detrás ``size`` bytes."""
    info = tarfile.TarInfo("x")
    info.size, info.type = size, type_
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize("type_", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE, b"S"])
def test_a_huge_header_is_refused(place: Path, type_: bytes) -> None:
    """Una cabecera que dice ocupar gigas no se guarda en la memoria."""
    tracemalloc.start()
    try:
        with pytest.raises(EngineError):
            unpack(Endless(header(8 << 30, type_), b"9" * 10_240, 1 << 30), place)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_headers_that_chain_for_ever_are_refused(place: Path) -> None:
    """Miles de cabeceras seguidas que describen la misma entrada tampoco."""
    one = tarfile.TarInfo.create_pax_global_header({"a": "b"}).replace(b"g", b"x", 1)
    named = header(100, tarfile.GNUTYPE_LONGNAME) + b"n" * 99 + b"\0" * 413
    for chain in (one, named):
        with pytest.raises(EngineError):
            unpack(Endless(b"", chain, 64 << 20), place)


@pytest.mark.lenta
def test_memory_does_not_grow_with_the_files(place: Path) -> None:
    """200 MB en un archivo, o miles de archivos, pasan sin quedarse en la memoria."""
    size, end = 200 << 20, b"\0" * 1024
    tracemalloc.start()
    try:
        assert unpack(Endless(header(size, b"0"), b"z" * 10_240, size, end), place).bytes == size
        (place / "x").unlink()
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
        many = b"".join(layer(entry(f"{n}", "x"))[:1024] for n in range(3000)) + end
        grown = []
        for attempt in "abc":  # la menor: lo que reserve a la vez otro hilo no es suyo
            (place / attempt).mkdir()
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            assert unpack(io.BytesIO(many), place / attempt).files == 3000
            grown.append(tracemalloc.get_traced_memory()[1] - before)
        assert min(grown) < 2_000_000
    finally:
        tracemalloc.stop()


NAMES = (
    "a",
    "b",
    "a/b",
    "b/a",
    "a/b/c",
    "./a",
    "a//b",
    "..",
    "a/..",
    "../fuera",
    "a/../b",
    "/abs",
    "ñ",
    "l/x",
)
TARGETS = (
    "a", "b", "..", "../..", "a/..", "../fuera", "../../fuera", "/etc", "a/b", "a/../..", "l/..", ".", "",
    "l", "b/../../fuera", "../dentro/a",
)  # fmt: skip
KINDS = ("file", "file", "dir", "symlink", "symlink", "hardlink", "fifo", "device")


def random_entry(draw: random.Random) -> Made:
    """Una entrada cualquiera."""
    kind = draw.choice(KINDS)
    name = draw.choice((*NAMES, "l", "l", f"{draw.choice('abl')}/{draw.choice('abl')}"))
    content = (
        draw.choice((*TARGETS, *NAMES)) if kind in ("symlink", "hardlink") else "x" * draw.randint(0, 900)
    )
    content = "" if kind in ("dir", "fifo", "device") else content
    return entry(name, content, kind, mode=draw.choice([0, 0o644, 0o755, 0o7777]))


def leads_outside(path: Path, place: Path) -> bool:
    """Si por ahí se llega a algo de fuera de ``place``, exista o no."""
    try:
        return not Path(os.path.realpath(path, strict=True)).is_relative_to(place)
    except OSError as error:  # un bucle no lleva a ninguna parte
        return error.errno != errno.ELOOP and not path.resolve().is_relative_to(place)


@pytest.mark.sin_ramas
def test_random_archives_never_leave_the_folder(tmp_path: Path) -> None:
    """Traiga lo que traiga, fuera no cambia nada, y ningún enlace de los que se crean lleva fuera."""
    seed = random.randrange(10**9)
    print("semilla", seed)
    draw = random.Random(seed)
    whole = 0
    for case in range(CASES):
        place = tmp_path / str(case) / "dentro"
        place.mkdir(parents=True)
        (place.parent / "fuera").write_text("intacto")
        (place.parent / "abs").mkdir()
        before = photo(place.parent, but=place)
        calm = draw.random() < 0.5  # sin lo que lo corta todo, se llega más lejos
        entries = [random_entry(draw) for _ in range(draw.randint(0, 14))]
        if calm:
            entries = [e for e in entries if ".." not in e[0].name.split("/") and e[0].name[0] != "/"]
        with suppress(EngineError):
            put(place, *entries)
            whole += 1
        assert photo(place.parent, but=place) == before, f"semilla {seed}, caso {case}"
        for path in place.rglob("*"):
            assert not leads_outside(path, place), f"semilla {seed}, caso {case}: {path}"
            assert stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
    assert whole > CASES / 10


def test_random_bytes_are_an_error_in_spanish(place: Path) -> None:
    """Un tar estropeado al azar acaba en su error, o se abre dentro; nunca en un rastro de Python."""
    seed = random.randrange(10**9)
    print("semilla", seed)
    draw = random.Random(seed)
    good = layer(folder("a"), entry("a/b", "x" * 2000), entry("ñ" * 60, "y", pax_headers={"z": "1"}))
    for case in range(CASES):
        bad = bytearray(good)
        for _ in range(draw.randint(1, 4)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        root = place / str(case)
        root.mkdir()
        with suppress(EngineError):
            unpack(io.BytesIO(bytes(bad)), root)
