"""La lista de un paquete del motor: qué daños ve y cuándo se ahorra las sumas."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from multietapa.engine.bundle import make as bundle
from multietapa.engine.bundle import manifest as bundle_manifest
from multietapa.errors import BundleError
from tests.bundles import small_bundle

KEY = bundle.recipe_key()


def _replace_keeping_size_and_date(root: Path) -> None:
    path = root / "usr/datos"
    status = path.stat()
    path.write_text("hole\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def _relink(root: Path) -> None:
    (root / "bin").unlink()
    (root / "bin").symlink_to("/usr/bin")


def _file_by_link(root: Path) -> None:
    (root / "usr/datos").rename(root / "usr/otros")
    (root / "usr/datos").symlink_to("otros")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "falta un archivo": (lambda root: (root / "usr/datos").unlink(), "usr/datos"),
    "otro contenido, igual de largo": (_replace_keeping_size_and_date, "usr/datos"),
    "un enlace a otro sitio": (_relink, "bin apunta"),
    "un enlace donde había un archivo": (_file_by_link, "usr/datos ya no es un archivo"),
    "falta una carpeta vacía": (lambda root: (root / "proc").rmdir(), "proc"),
    "sin permiso de ejecución": (lambda root: (root / "usr/bin/programa").chmod(0o644), "ejecutar"),
    "la lista cortada": (lambda root: os.truncate(root / "paquete.sha256", 40), "paquete.sha256"),
    "sin lista": (lambda root: (root / "paquete.sha256").unlink(), "paquete.sha256"),
}


@pytest.mark.parametrize("name", DAMAGES)
@pytest.mark.parametrize("sealed", [True, False])
def test_every_damage_is_named(tmp_path: Path, name: str, sealed: bool) -> None:
    """Cada daño se ve, con sello o sin él, y el error dice qué archivo es."""
    root, seal = small_bundle(tmp_path / "raiz"), tmp_path / "sello.json"
    if sealed:
        bundle_manifest.set_seal(root, key=KEY, seal=seal)
    damage, mentioned = DAMAGES[name]
    damage(root)
    with pytest.raises(BundleError, match=mentioned):
        bundle_manifest.check(root, key=KEY, seal=seal)


def test_sums_are_saved_while_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Las sumas se hacen la primera vez, al pedirlo y cuando algo cambia; si no, no se lee ningún archivo."""
    root, seal = small_bundle(tmp_path / "raiz"), tmp_path / "sello.json"
    summed: list[str] = []
    real = bundle_manifest.digest_of

    def counted(path: Path) -> str:
        summed.append(path.name)
        return real(path)

    monkeypatch.setattr(bundle_manifest, "digest_of", counted)
    steps = []
    for thorough, touched in ((False, False), (False, False), (True, False), (False, True), (False, False)):
        if touched:
            os.utime(root / "usr/datos")
        summed.clear()
        bundle_manifest.check(root, key=KEY, seal=seal, thorough=thorough)
        steps.append(len(summed))
    assert steps == [2, 0, 2, 2, 0]


def test_a_seal_of_another_place_does_not_count(tmp_path: Path) -> None:
    """El sello de otro paquete, o uno roto, no evita las sumas."""
    root, seal = small_bundle(tmp_path / "raiz"), tmp_path / "sello.json"
    bundle_manifest.set_seal(small_bundle(tmp_path / "otra"), key=KEY, seal=seal)
    _replace_keeping_size_and_date(root)
    with pytest.raises(BundleError):
        bundle_manifest.check(root, key=KEY, seal=seal)
    seal.write_text("{")
    with pytest.raises(BundleError):
        bundle_manifest.check(root, key=KEY, seal=seal)


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    """Un paquete sano de otra versión del taller se rechaza diciendo cuál hace falta."""
    with pytest.raises(BundleError, match="otra-receta"):
        bundle_manifest.check(small_bundle(tmp_path / "raiz"), key="otra-receta")


def test_sha256sum_understands_the_list(tmp_path: Path) -> None:
    """Cualquiera puede comprobar el paquete sin el taller, con ``sha256sum -c``."""
    root = small_bundle(tmp_path / "raiz")
    codes = []
    for text in ("hola\n", "otra cosa"):
        (root / "usr/datos").write_text(text)
        done = subprocess.run(
            ["sha256sum", "-c", "--strict", "paquete.sha256"], cwd=root, capture_output=True
        )
        codes.append(done.returncode)
    assert codes == [0, 1]
