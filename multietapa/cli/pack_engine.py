"""``motor --empaquetar``: el paquete del motor en un archivo, para máquinas sin apt o sin red."""

from __future__ import annotations

from pathlib import Path

from multietapa import text
from multietapa.console import Steps, phase
from multietapa.engine.bundle import make as bundle
from multietapa.engine.bundle.archive import write_archive


def pack(folder: str) -> str:
    """Hace el paquete si falta, lo escribe en ``folder`` con su ``.sha256`` y lo cuenta.

    Lanza :class:`BundleError` si no se puede hacer, y ``OSError`` si no se puede escribir ahí.
    """
    with phase("Escribiendo el paquete del motor en un archivo"):
        steps = Steps()
        root = bundle.make(log=steps)
        target = write_archive(root, Path(folder), key=bundle.recipe_key(), log=steps)
        steps.close()
    found = (path.lstat() for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    unpacked = sum(status.st_size for status in found)
    return (
        f"{target}: {text.size(target.stat().st_size)} ({text.size(unpacked)} abierto)\n"
        f"Para usarlo en otra máquina, cópialo con su .sha256 y pon {bundle.VARIABLE} con su ruta."
    )
