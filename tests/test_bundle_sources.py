"""De dónde sale el paquete del motor, y qué pasa cuando está dañado o no se puede hacer."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from multietapa.engine.bundle import apt
from multietapa.engine.bundle import archive as bundle_archive
from multietapa.engine.bundle import contents as bundle_contents
from multietapa.engine.bundle import make as bundle
from multietapa.engine.bundle import manifest as bundle_manifest
from multietapa.errors import BundleError
from tests.bundles import small_bundle


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Una caché vacía, y un «apt» que hace paquetes diminutos en vez de bajar los de verdad."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv(bundle.VARIABLE, raising=False)
    monkeypatch.setattr(apt, "missing_reason", lambda: "")
    monkeypatch.setattr(bundle, "_download", lambda _, root, *__: small_bundle(root))
    held: dict[tuple[int, int], int] = {}
    monkeypatch.setattr(bundle, "_held", held)
    yield tmp_path / "cache"
    for handle in held.values():
        os.close(handle)


def _others(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if path.is_dir() and path != bundle.bundle_path())


@pytest.mark.usefixtures("cache")
def test_is_made_once_and_checked_every_time() -> None:
    """La segunda vez no se hace de nuevo; si se dañó, se vuelve a hacer y lo dice."""
    said: list[str] = []
    root = bundle.make()
    before = root.stat().st_ino
    assert bundle.ready()
    assert bundle.make(log=said.append, verify=True) == root
    assert root.stat().st_ino == before
    assert said == []
    (root / "usr/datos").write_text("roto")
    assert bundle.make(log=said.append) == root
    assert (root / "usr/datos").read_text() == "hola\n"
    assert len(said) == 1
    assert "usr/datos" in said[0]
    assert "se vuelve a hacer" in said[0]


@pytest.mark.usefixtures("cache")
def test_damaged_and_without_apt_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Un paquete dañado que no se puede volver a hacer no se usa, y el error dice por qué y qué hacer."""
    root = bundle.make()
    monkeypatch.setattr(apt, "missing_reason", lambda: "falta el programa apt-get")
    assert bundle.missing_reason() == ""
    (root / "usr/bin/programa").unlink()
    with pytest.raises(BundleError, match=r"usr/bin/programa[^.]*\. Y no .*apt-get") as raised:
        bundle.make()
    assert bundle.VARIABLE in raised.value.next_step


def test_old_ones_are_removed_unless_someone_uses_them(cache: Path) -> None:
    """Al hacer uno nuevo se borran los de otras recetas, pero no el que usa un motor en marcha."""
    old, used = small_bundle(cache / "paquete-viejo"), small_bundle(cache / "paquete-en-uso")
    foreign = cache / "paquete-sin-lista"
    foreign.mkdir()
    (cache / "haciendo-roto").mkdir()
    with _locked(used):
        bundle.make()
        assert _others(cache) == ["paquete-en-uso", "paquete-sin-lista"]
        assert (used / "usr/datos").exists()
    assert not old.exists()


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    """Un paquete en uso por otro proceso."""
    handle = os.open(root, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    yield
    os.close(handle)


@pytest.mark.usefixtures("cache")
def test_a_used_one_is_held_until_the_process_ends() -> None:
    """Mientras viva quien llamó a ``make``, nadie puede tomar su paquete para borrarlo."""
    handle = os.open(bundle.make(), os.O_RDONLY)
    try:
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(handle)


def test_a_folder_is_used_in_place(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """La carpeta de MULTIETAPA_PAQUETE se usa donde está, sin tocarla, y se comprueba."""
    given = small_bundle(tmp_path / "dado")
    before = sorted(path.stat().st_mtime_ns for path in [given, *given.rglob("*")])
    monkeypatch.setenv(bundle.VARIABLE, str(given))
    monkeypatch.setattr(apt, "missing_reason", lambda: "no hay apt")
    assert bundle.missing_reason() == ""
    assert bundle.ready()
    assert bundle.make() == given
    assert _others(cache) == []
    assert sorted(path.stat().st_mtime_ns for path in [given, *given.rglob("*")]) == before
    (given / "usr/datos").write_text("roto")
    with pytest.raises(BundleError, match="usr/datos"):
        bundle.make()


def test_an_archive_is_unpacked_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """El archivo de MULTIETAPA_PAQUETE se abre en la caché una vez, y otra si lo abierto se daña."""
    given = small_bundle(tmp_path / "dado")
    archive = bundle_archive.write_archive(given, tmp_path, key=bundle.recipe_key(), preset=0)
    monkeypatch.setenv(bundle.VARIABLE, str(archive))
    monkeypatch.setattr(apt, "missing_reason", lambda: "no hay apt")
    assert bundle.missing_reason() == ""
    assert not bundle.ready()
    root = bundle.make()
    assert root.parent == cache
    assert bundle.ready()
    before = root.stat().st_ino
    assert bundle.make().stat().st_ino == before
    (root / "usr/datos").unlink()
    assert bundle.make() == root
    assert (root / "usr/datos").read_text() == "hola\n"
    bundle_manifest.check(root, key=bundle.recipe_key())


@pytest.mark.usefixtures("cache")
def test_reasons_name_the_variable_and_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cuando no hay paquete posible se dice por qué, y ``make`` lo convierte en un error."""
    monkeypatch.setattr(apt, "missing_reason", lambda: "no hay apt")
    reasons = [bundle.missing_reason()]
    for name in ("nada", "vacia"):
        monkeypatch.setenv(bundle.VARIABLE, str(tmp_path / name))
        (tmp_path / "vacia").mkdir(exist_ok=True)
        reasons.append(bundle.missing_reason())
        with pytest.raises(BundleError, match=name):
            bundle.make()
    assert "no hay apt" in reasons[0]
    assert all(bundle.VARIABLE in reason for reason in reasons)


@pytest.mark.usefixtures("cache")
def test_without_patchelf_it_is_said_before_downloading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Si falta patchelf y hace falta, se dice antes de bajar nada."""
    monkeypatch.setattr(bundle_contents, "has_uml", lambda: True)
    monkeypatch.setattr(bundle_contents, "patchelf", lambda: None)
    assert "patchelf" in bundle.missing_reason()
