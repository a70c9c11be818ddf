"""Las firmas de Debian: un índice o un paquete que no es el suyo no se usa."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from multietapa.engine.bundle import apt
from multietapa.engine.bundle.apt import PrivateApt
from multietapa.engine.bundle.make import SUITE
from multietapa.errors import BundleError
from tests.conftest import unavailable

PACKAGE = "tini-static"
pytestmark = pytest.mark.motor
HELPER = "/usr/lib/apt/apt-helper"


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> PrivateApt:
    """Un apt que ya leyó el índice de verdad y bajó un paquete."""
    if reason := apt.missing_reason():
        unavailable(reason)
    source = PrivateApt(tmp_path_factory.mktemp("genuino"), suite=SUITE)
    source.update()
    source.download([PACKAGE])
    return source


@pytest.fixture
def mirror(genuine: PrivateApt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Un espejo en una carpeta con ese índice firmado, que pasa a ser el único del sistema."""
    folder = tmp_path / "debian"
    release = folder / f"dists/{SUITE}"
    lists = genuine.work / "state/lists"
    (found,) = lists.glob("*_InRelease")
    (index,) = lists.glob("*_Packages*")
    binary = index.name.split("_main_")[1].split("_")[0]
    packages = release / "main" / binary / "Packages"
    packages.parent.mkdir(parents=True)
    (release / "InRelease").write_bytes(found.read_bytes())
    with packages.open("wb") as output:
        subprocess.run([HELPER, "cat-file", index], stdout=output, check=True)
    (deb,) = (genuine.work / "cache/archives").glob(f"{PACKAGE}_*.deb")
    place = folder / re.findall(rf"^Filename: (.*/{PACKAGE}_.*)$", packages.read_text(), re.MULTILINE)[0]
    place.parent.mkdir(parents=True)
    place.write_bytes(deb.read_bytes())
    monkeypatch.setattr(apt, "system_mirrors", lambda: (f"copy:{folder}",))
    return folder


def _sign_away(release: Path) -> None:
    """Deja el índice sin firma, con el nombre que llevan los que no la tienen."""
    text = (release / "InRelease").read_text()
    body = text.split("\n\n", 1)[1].split("-----BEGIN PGP SIGNATURE", 1)[0]
    (release / "Release").write_text(body)
    (release / "InRelease").unlink()


def _change_a_sum(release: Path) -> None:
    path = release / "InRelease"
    path.write_text(path.read_text().replace("SHA256:\n ", "SHA256:\n 0", 1))


def _change_the_packages(release: Path) -> None:
    (path,) = release.glob("main/*/Packages")
    path.write_bytes(path.read_bytes().replace(b"Package: ", b"Package: x", 1))


@pytest.mark.parametrize("tamper", [_sign_away, _change_a_sum, _change_the_packages])
def test_an_unsigned_or_changed_index_is_refused(
    mirror: Path, tmp_path: Path, tamper: Callable[[Path], None]
) -> None:
    """Sin firma, con la firma de otro contenido o con una lista que no cuadra, no se lee nada."""
    tamper(mirror / f"dists/{SUITE}")
    with pytest.raises(BundleError, match="índice"):
        PrivateApt(tmp_path / "apt", suite=SUITE).update()


def test_a_changed_package_is_refused(mirror: Path, tmp_path: Path) -> None:
    """Con el índice bueno, un ``.deb`` con un byte cambiado no se acepta; el de verdad, sí."""
    (deb,) = mirror.glob("pool/**/*.deb")
    source = PrivateApt(tmp_path / "bueno", suite=SUITE)
    source.update()
    assert [path.read_bytes() for path in source.download([PACKAGE])] == [deb.read_bytes()]
    content = bytearray(deb.read_bytes())
    content[-1] ^= 1
    deb.write_bytes(content)
    source = PrivateApt(tmp_path / "malo", suite=SUITE)
    source.update()
    with pytest.raises(BundleError, match="descargar"):
        source.download([PACKAGE])
