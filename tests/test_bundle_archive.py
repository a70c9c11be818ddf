"""El paquete del motor en un archivo: se escribe siempre igual y no se abre si algo no cuadra."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import tarfile
from pathlib import Path

import pytest

from multietapa.engine.bundle import archive as bundle_archive
from multietapa.engine.bundle import make as bundle
from multietapa.engine.bundle import manifest as bundle_manifest
from multietapa.engine.bundle.archive import DIGEST_VARIABLE, unpack_archive, write_archive
from multietapa.errors import BundleError
from tests.bundles import small_bundle

KEY = bundle.recipe_key()


@pytest.fixture(autouse=True)
def no_pinned_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin suma fijada por el entorno de quien prueba."""
    monkeypatch.delenv(DIGEST_VARIABLE, raising=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """El archivo de un paquete diminuto."""
    return write_archive(small_bundle(tmp_path / "raiz"), tmp_path / "salida", key=KEY, preset=0)


def _hostile(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with lzma.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path, archive: Path) -> None:
    """Dos copias del mismo paquete, hechas en otro momento, dan archivos idénticos byte a byte."""
    again = small_bundle(tmp_path / "otra")
    os.utime(again / "usr/datos", (1, 1))
    second = write_archive(again, tmp_path / "salida2", key=KEY, preset=0)
    assert second.name == archive.name
    assert second.read_bytes() == archive.read_bytes()
    sums = archive.with_name(f"{archive.name}.sha256").read_text()
    assert sums == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"


def test_what_comes_out_is_what_went_in(tmp_path: Path, archive: Path) -> None:
    """Al abrirlo sale el mismo paquete: contenidos, permisos, enlaces y carpetas, y todos lo pueden leer."""
    root = tmp_path / "abierto"
    previous = os.umask(0o077)
    try:
        unpack_archive(archive, root, key=KEY)
    finally:
        os.umask(previous)
    bundle_manifest.check(root, key=KEY)
    assert (root / "paquete.sha256").read_text() == (tmp_path / "raiz/paquete.sha256").read_text()
    modes = {
        name: (root / name).stat().st_mode & 0o777 for name in ("usr/datos", "bin/programa", "proc", ".")
    }
    assert modes == {"usr/datos": 0o644, "bin/programa": 0o755, "proc": 0o755, ".": 0o755}


def test_a_damaged_bundle_is_not_archived(tmp_path: Path) -> None:
    """De un paquete dañado no se hace un archivo, ni queda nada a medias."""
    root = small_bundle(tmp_path / "raiz")
    (root / "usr/datos").write_text("roto")
    with pytest.raises(BundleError, match="usr/datos"):
        write_archive(root, tmp_path / "salida", key=KEY)
    assert not list(tmp_path.glob("salida/*"))


def test_the_sum_beside_it_is_checked(tmp_path: Path, archive: Path) -> None:
    """Un solo byte cambiado y no se abre: lo dice el ``.sha256`` que viaja con él."""
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    with pytest.raises(BundleError, match="suma sha256"):
        unpack_archive(archive, tmp_path / "abierto", key=KEY)
    assert not (tmp_path / "abierto").exists()


def test_the_pinned_sum_is_checked_too(
    tmp_path: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """La suma fijada en el entorno manda aunque el ``.sha256`` de al lado cuadre, y vale sin él."""
    monkeypatch.setenv(DIGEST_VARIABLE, "0" * 64)
    with pytest.raises(BundleError, match=DIGEST_VARIABLE):
        unpack_archive(archive, tmp_path / "abierto", key=KEY)
    archive.with_name(f"{archive.name}.sha256").unlink()
    monkeypatch.setenv(DIGEST_VARIABLE, bundle_manifest.digest_of(archive).upper())
    unpack_archive(archive, tmp_path / "abierto", key=KEY)


def test_a_cut_archive_is_refused(tmp_path: Path, archive: Path) -> None:
    """Una copia a medias, sin suma que la delate, tampoco se abre."""
    archive.with_name(f"{archive.name}.sha256").unlink()
    os.truncate(archive, archive.stat().st_size // 2)
    with pytest.raises(BundleError, match="cortado"):
        unpack_archive(archive, tmp_path / "abierto", key=KEY)


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (_member("/etc/passwd"), "sale del paquete"),
        (_member("usr/../../fuera"), "sale del paquete"),
        (_member("usr/fuera", tarfile.SYMTYPE, "../../fuera"), "sale del paquete"),
        (_member("usr/fuera", tarfile.SYMTYPE, "/etc/passwd"), "sale del paquete"),
        (_member("usr/duro", tarfile.LNKTYPE, "/etc/passwd"), "no es un archivo"),
        (_member("usr/disco", tarfile.BLKTYPE), "no es un archivo"),
        (_member("usr/teclado", tarfile.CHRTYPE), "no es un archivo"),
        (_member("usr/tubo", tarfile.FIFOTYPE), "no es un archivo"),
        (_member("usr/bucle", tarfile.SYMTYPE, "bucle"), "no vale"),
    ],
    ids=lambda value: value.name if isinstance(value, tarfile.TarInfo) else "",
)
def test_hostile_members_are_refused(tmp_path: Path, member: tarfile.TarInfo, said: str) -> None:
    """Rutas y enlaces que salen del paquete, y todo lo que no es archivo, carpeta o enlace, se rechaza."""
    path = _hostile(tmp_path / "malo.tar.xz", (member, b""))
    with pytest.raises(BundleError, match=said):
        unpack_archive(path, tmp_path / "raiz", key=KEY)
    assert not (tmp_path / "fuera").exists()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """Un enlace seguido de un archivo que pasa por él no escribe fuera: se rechaza."""
    outside = tmp_path / "fuera"
    outside.mkdir()
    link = (_member("puerta", tarfile.SYMTYPE, "../fuera"), b"")
    path = _hostile(tmp_path / "malo.tar.xz", link, (_member("puerta/robado"), b"x"))
    with pytest.raises(BundleError, match="puerta"):
        unpack_archive(path, tmp_path / "raiz", key=KEY)
    assert not list(outside.iterdir())


def test_links_that_climb_through_another_link_are_refused(tmp_path: Path) -> None:
    """Dos enlaces que por separado parecen quedarse dentro y juntos salen, se rechazan."""
    first = (_member("a/b/c/arriba", tarfile.SYMTYPE, "../../.."), b"")
    second = (_member("salida", tarfile.SYMTYPE, "a/b/c/arriba/../fuera"), b"")
    path = _hostile(tmp_path / "malo.tar.xz", first, second)
    with pytest.raises(BundleError, match="salida"):
        unpack_archive(path, tmp_path / "raiz", key=KEY)


@pytest.mark.usefixtures("archive")
def test_repeated_and_unlisted_files_are_refused(tmp_path: Path) -> None:
    """Un archivo que viene dos veces, o que no está en la lista del paquete, se rechaza."""
    twice = _hostile(tmp_path / "dos.tar.xz", (_member("uno"), b"1"), (_member("uno"), b"2"))
    with pytest.raises(BundleError, match="dos veces"):
        unpack_archive(twice, tmp_path / "dos", key=KEY)
    both = _hostile(tmp_path / "ambos.tar.xz", (_member("uno"), b"1"), (_member("uno/dos"), b"2"))
    with pytest.raises(BundleError, match="como carpeta"):
        unpack_archive(both, tmp_path / "ambos", key=KEY)
    root = tmp_path / "raiz"
    members = [(_member(name), (root / name).read_bytes()) for name in ("paquete.sha256", "usr/datos")]
    program = _member("usr/bin/programa")
    program.mode = 0o755
    members += [(program, (root / "usr/bin/programa").read_bytes())]
    members += [(_member("proc", tarfile.DIRTYPE), b""), (_member("bin", tarfile.SYMTYPE, "usr/bin"), b"")]
    unpack_archive(_hostile(tmp_path / "bien.tar.xz", *members), tmp_path / "bien", key=KEY)
    members += [(_member("etc/docker/daemon.json"), b"{}")]
    with pytest.raises(BundleError, match=r"etc/docker/daemon\.json"):
        unpack_archive(_hostile(tmp_path / "mas.tar.xz", *members), tmp_path / "mas", key=KEY)


def test_an_archive_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un archivo que abierto ocupa más que cualquier paquete se deja de leer a tiempo."""
    monkeypatch.setattr(bundle_archive, "MAXIMUM_BYTES", 1000)
    path = _hostile(tmp_path / "bomba.tar.xz", (_member("ceros"), bytes(1001)))
    with pytest.raises(BundleError, match="mucho más"):
        unpack_archive(path, tmp_path / "raiz", key=KEY)
    assert not (tmp_path / "raiz/ceros").exists()
