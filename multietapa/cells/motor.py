"""``motor()``: el motor, visto por quien aprende."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from multietapa.bases.sources import Bases, available_bases, ensure_base
from multietapa.cells import budget, cell_errors
from multietapa.cells.calls import offered
from multietapa.cells.registro import Registro
from multietapa.console import Steps
from multietapa.containers.address import Direccion
from multietapa.containers.commands import run_command
from multietapa.containers.ended import check_running
from multietapa.containers.http import wait_for_answer
from multietapa.containers.ports import published
from multietapa.engine import session
from multietapa.engine.talking import talking
from multietapa.errors import ContainerError
from multietapa.identity import labels
from multietapa.registry.local import local_registry


@dataclass(frozen=True)
class Motor(session.Engine):
    """El motor con el que trabaja el taller (o la razón de que no lo haya)."""

    @property
    def etiquetas(self) -> dict[str, str]:
        """Las que lleva todo lo que se crea en el taller: ``labels=motor().etiquetas``."""
        return labels()

    @offered('motor().bases("node:24")', interrupted="la imagen base no llegó a estar. Repite la celda.")
    @talking("miraba las imágenes base")
    def bases(self, *traer: str) -> Bases:
        """Qué imágenes base del taller están en el motor y cuáles son equivalentes locales.

        ``construir`` trae sola la que falte. Para usarla antes con el SDK se pide por su nombre:
        ``motor().bases("node:24")``. Lanza :class:`BaseImageError` si no se consigue, y
        :class:`EngineLostError` si el motor se apagó.
        """
        for reference in traer:
            steps = Steps()
            try:
                ensure_base(self.client, reference, progress=steps)
            finally:
                steps.close()
        return available_bases(self.client, engine=self.info.label if self.info else "")

    @offered("motor().direccion(contenedor)", interrupted="se dejó de esperar a que el contenedor conteste.")
    @talking("buscaba el puerto de un contenedor")
    def direccion(self, contenedor: Any, puerto: int = 3000, *, plazo: float = 30.0) -> Direccion:
        """La dirección de un puerto publicado, ya contestando: ``http://127.0.0.1:NNNN``.

        Al mostrarla en un cuaderno es un enlace que se puede abrir, también en Binder.

        ``contenedor`` es el del SDK o su nombre; ``plazo``, los segundos que se espera a que
        conteste. Lanza :class:`ContainerError` si se cerró, no se publicó, no se pudo abrir o nadie contesta,
        y :class:`EngineLostError` si el motor se apagó.
        """
        url = published(self, contenedor, puerto)
        problem = wait_for_answer(url, seconds=plazo, check=lambda: check_running(self, contenedor))
        if problem:
            raise ContainerError(
                f"En {url} no contesta nadie.",
                why=problem,
                next_step=f"Mira su registro con .logs(); el programa debe escuchar en 0.0.0.0:{puerto}.",
            )
        return Direccion(url)

    @offered(
        'motor().ejecutar("tienda:multietapa", "ls")',
        interrupted="la orden se cortó y su contenedor se borró.",
    )
    @talking("ejecutaba una orden")
    def ejecutar(self, imagen: str, orden: str) -> str:
        """Lo que escribe una orden de ``sh`` en un contenedor que se borra al terminar.

        Lanza :class:`ContainerError`, con lo que escribió, si no existe la imagen o la orden acaba mal, y
        :class:`EngineLostError` si el motor se apagó.
        """
        return run_command(self.client, imagen, orden)

    @offered("motor().registro()", interrupted="el registro no llegó a estar en marcha. Repite la celda.")
    @talking("ponía en marcha el registro")
    def registro(self, puerto: int | None = None) -> Registro:
        """El registro de esta sesión: un sitio de verdad al que subir imágenes y del que bajarlas.

        La primera vez lo pone en marcha en tu motor, en ``puerto`` de 127.0.0.1 o en uno libre; después da el
        mismo. Si se paró, vuelve con lo que guardaba. Lanza :class:`RegistryError` si no arranca o el puerto
        está ocupado, :class:`BaseImageError` si no se consigue su imagen, y :class:`EngineLostError` si el
        motor se apagó.
        """
        steps = Steps()
        try:
            found = local_registry(self, port=puerto, progress=steps)
        finally:
            steps.close()
        return Registro(found.host, found.origin, found)

    def __repr__(self) -> str:
        lines = [f"Motor: {self.info.label}" if self.info else "Motor: ninguno (se verán grabaciones)"]
        lines += [f"  no se eligió {r.name}: {r.reason}" for r in self.choice.rejected]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *rest = repr(self).splitlines()
        items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in rest)
        why = f"<details><summary>Por qué este motor y no otro</summary><ul>{items}</ul></details>"
        return f"<p><strong>{html.escape(head)}</strong></p>" + (why if items else "")


@offered("motor()", interrupted="el motor no llegó a estar listo. Repite la celda cuando quieras.")
def motor(*, log: Callable[[str], None] | None = None) -> Motor:
    """El motor de este proceso. La primera vez lo busca y, si hace falta, lo pone en marcha.

    Si hay que esperarlo, se ven sus fases (``log`` las recibe; si no se da, se escriben).

    Si no hay ninguno posible devuelve un ``Motor`` con ``available`` falso: no es una excepción. El tuyo no
    se cambia por otro: si se apaga lanza :class:`EngineLostError`, y cuando vuelve se sigue con él. En un
    cuaderno, desde entonces los errores del SDK se explican en español y, si el servidor es compartido, se
    avisa de cuánto procesador se gasta.
    """
    cell_errors.install()
    budget.install()
    found = session.current(log=log)
    return Motor(found.choice, found.info, found.client if found.available else None)
