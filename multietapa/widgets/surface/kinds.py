"""Cómo se llama cada clase de cosas: en una frase, en ``lista(...)`` y para quien pregunta qué es."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from multietapa import text
from multietapa.errors import UnknownNameError
from multietapa.measure.surface.face import Kind


@dataclass(frozen=True)
class Called:
    """``short`` es cómo se pide en ``lista``; ``one`` y ``many``, en una frase; ``meaning``, qué es."""

    short: str
    one: str
    many: str
    meaning: str
    feminine: bool = False

    def count(self, amount: int) -> str:
        """Cuántas hay, con su nombre: ``1 secreto``, ``431 paquetes del sistema``."""
        return text.count(amount, self.one, self.many)

    def all(self, amount: int) -> str:
        """Todas las que había: ``el único secreto``, ``las 6 herramientas de red``."""
        if amount == 1:
            return f"{'la única' if self.feminine else 'el único'} {self.one}"
        return f"{self.article} {self.count(amount)}"

    @property
    def article(self) -> str:
        """``los`` o ``las``."""
        return "las" if self.feminine else "los"


CALLED: Mapping[Kind, Called] = {
    Kind.SYSTEM: Called(
        "sistema",
        "paquete del sistema",
        "paquetes del sistema",
        "Los que instaló el gestor de la distribución. Cada uno puede traer fallos y hay que ponerlo al día.",
    ),
    Kind.NPM: Called(
        "npm", "paquete de npm", "paquetes de npm", "Los que hay en alguna carpeta node_modules."
    ),
    Kind.PIP: Called("python", "paquete de Python", "paquetes de Python", "Los que instaló pip."),
    Kind.GO: Called(
        "go", "módulo de Go", "módulos de Go", "Los que llevan dentro los programas hechos con Go."
    ),
    Kind.EXECUTABLES: Called(
        "ejecutables", "ejecutable", "ejecutables", "Los archivos que se pueden ejecutar, cada uno una vez."
    ),
    Kind.SHELLS: Called(
        "intérpretes",
        "intérprete de órdenes",
        "intérpretes de órdenes",
        "Con uno, quien entra puede teclear órdenes; sin ninguno, tiene que traerse el suyo.",
    ),
    Kind.MANAGERS: Called(
        "gestores",
        "gestor de paquetes",
        "gestores de paquetes",
        "Con ellos se instala lo que falte, si hay red.",
    ),
    Kind.COMPILERS: Called(
        "compiladores",
        "compilador o constructor",
        "compiladores y constructores",
        "Hacen falta para construir, no para que la aplicación funcione.",
    ),
    Kind.NETWORK: Called(
        "red",
        "herramienta de red",
        "herramientas de red",
        "Sirven para traer programas y para llegar a otras máquinas.",
        feminine=True,
    ),
    Kind.SETUID: Called(
        "setuid",
        "archivo setuid",
        "archivos setuid",
        "Quien los ejecuta pasa a ser su dueño, casi siempre root.",
    ),
    Kind.SETGID: Called(
        "setgid", "archivo setgid", "archivos setgid", "Quien los ejecuta toma el grupo del archivo."
    ),
    Kind.CAPABLE: Called(
        "permisos",
        "archivo con permisos sueltos",
        "archivos con permisos sueltos",
        "Dan a quien los ejecuta una parte de lo que puede root (capabilities).",
    ),
    Kind.ANYONE: Called(
        "escribibles",
        "ruta que cualquiera puede escribir",
        "rutas que cualquiera puede escribir",
        "Archivos y carpetas con permiso de escritura para todos; las que son como /tmp no cuentan.",
        feminine=True,
    ),
    Kind.SECRETS: Called(
        "secretos",
        "secreto",
        "secretos",
        "En alguna capa o en la historia: quien descarga la imagen los tiene, aunque después se borraran.",
    ),
    Kind.VULNERABILITIES: Called(
        "vulnerabilidades",
        "vulnerabilidad conocida",
        "vulnerabilidades conocidas",
        "Las que encuentra un escáner de los que tienes instalados. El taller no trae ninguno.",
        feminine=True,
    ),
}


def kind_called(name: str | Kind) -> Kind:
    """La clase que se pide por su nombre corto o su título; lanza ``UnknownNameError`` si no es ninguna."""
    if isinstance(name, Kind):
        return name
    wanted = _bare(name)
    for kind, called in CALLED.items():
        if wanted in (_bare(called.short), _bare(kind.value)):
            return kind
    raise UnknownNameError(name, [called.short for called in CALLED.values()], kind="la clase")


def _bare(name: str) -> str:
    """Sin tildes ni mayúsculas: en una celda se escribe como se puede."""
    split = unicodedata.normalize("NFD", name.strip().casefold())
    return "".join(letter for letter in split if not unicodedata.combining(letter))
