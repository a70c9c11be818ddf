"""``motor().registro()``: el registro de la sesión, visto por quien aprende."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from multietapa import text
from multietapa.bases.families.registry import REFERENCE
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError
from multietapa.registry.local import Registry
from multietapa.registry.manifest import RegistryClient


@dataclass(frozen=True)
class Registro:
    """Un registro en marcha en tu motor; ``direccion`` es como lo nombra él: ``127.0.0.1:NNNN``.

    Con ese nombre delante se sube y se baja: ``images.push(f"{registro.direccion}/tienda", tag="mia")``.
    ``procedencia`` dice de dónde salió su imagen. ``limpiar()`` lo borra, con lo que guarda.
    """

    direccion: str
    procedencia: str
    _registry: Registry = field(repr=False)

    @property
    @talking("preguntaba al registro")
    def imagenes(self) -> list[str]:
        """Lo que guarda ahora: ``["tienda:ingenua", "tienda:multietapa"]``.

        Lanza :class:`RegistryError` si no contesta.
        """
        with closing(RegistryClient(self._registry.address)) as asking:
            return asking.images()

    def __repr__(self) -> str:
        try:
            kept = f"guarda {text.count(len(self.imagenes), 'imagen', 'imágenes')}"
        except MultietapaError:
            kept = "ahora no contesta"
        return f"Registro en {self.direccion} · {kept} · {REFERENCE}: {self.procedencia}"
