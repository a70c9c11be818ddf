"""Cómo se ejecuta en este equipo un programa del paquete."""

from __future__ import annotations

from pathlib import Path

import pytest

from multietapa.engine.bundle import loader
from multietapa.errors import BundleError


@pytest.mark.parametrize(
    ("dynamic", "library"),
    [
        ("usr/lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu"),
        ("usr/lib/ld-linux-aarch64.so.1", "usr/lib/aarch64-linux-gnu"),
    ],
)
def test_command_is_relative_to_the_bundle(tmp_path: Path, dynamic: str, library: str) -> None:
    """El cargador y las bibliotecas van por su ruta desde la raíz, así que un «:» en ella no estorba."""
    root = tmp_path / "con: dos puntos"
    (root / library).mkdir(parents=True)
    (root / dynamic).parent.mkdir(parents=True, exist_ok=True)
    (root / dynamic).touch()
    expected = [dynamic, "--library-path", library, "usr/bin/zstd", "-d", "/un/archivo"]
    assert loader.command(root, "usr/bin/zstd", "-d", "/un/archivo") == expected


def test_an_incomplete_bundle_is_explained(tmp_path: Path) -> None:
    """Sin cargador en el paquete, el error dice qué falta y dónde."""
    with pytest.raises(BundleError, match="ld-linux") as raised:
        loader.command(tmp_path, "usr/bin/zstd")
    assert str(tmp_path) in str(raised.value)
