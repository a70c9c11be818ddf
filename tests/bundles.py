"""Paquetes del motor diminutos, con su lista, para probar cómo se comprueban y se copian."""

from __future__ import annotations

from pathlib import Path

from multietapa.engine.bundle import make as bundle
from multietapa.engine.bundle import manifest as bundle_manifest


def small_bundle(root: Path) -> Path:
    """Un paquete con un archivo, un programa, un enlace y una carpeta vacía, y la receta de este taller."""
    (root / "usr/bin").mkdir(parents=True)
    (root / "proc").mkdir()
    (root / "usr/datos").write_text("hola\n")
    (root / "usr/bin/programa").write_text("#!/bin/sh\n")
    (root / "usr/bin/programa").chmod(0o755)
    (root / "bin").symlink_to("usr/bin")
    bundle_manifest.write(root, key=bundle.recipe_key())
    return root
