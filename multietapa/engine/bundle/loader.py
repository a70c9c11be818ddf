"""Cómo ejecutar en este equipo un programa del paquete, sea cual sea su glibc."""

from __future__ import annotations

from pathlib import Path

from multietapa.errors import BundleError

_LOADERS = ("usr/lib64/ld-linux*", "usr/lib/ld-linux*")
_LIBRARIES = ("usr/lib/*-linux-gnu",)


def command(root: Path, program: str, *arguments: str) -> list[str]:
    """La orden que ejecuta ``program`` (su ruta desde ``root``) con el cargador del paquete y ``cwd=root``.

    Por eso las rutas de ``arguments`` tienen que ser absolutas. Es relativa a propósito: el cargador parte su
    lista de carpetas por «:», y la ruta del paquete podría llevar uno. No vale para ``linux.uml``, que se
    vuelve a ejecutar a sí mismo: ese ya trae puesto su cargador. Lanza :class:`BundleError` si al paquete le
    faltan piezas.
    """
    return [_first(root, _LOADERS), "--library-path", _first(root, _LIBRARIES), program, *arguments]


def _first(root: Path, patterns: tuple[str, ...]) -> str:
    for pattern in patterns:
        for found in sorted(root.glob(pattern)):
            return str(found.relative_to(root))
    raise BundleError(
        "El paquete del motor está incompleto.",
        why=f"En {root} no hay nada que encaje con «{patterns[0]}».",
        next_step="Borra esa carpeta y repite la orden: se vuelve a hacer.",
    )
