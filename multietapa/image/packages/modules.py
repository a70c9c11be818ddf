"""Los módulos de un programa de Go, según lo que el compilador dejó en él (``gobuild``)."""

from __future__ import annotations

from multietapa.image.packages.gobuild import CUT, OLD, PACKED
from multietapa.image.packages.model import Reading

STANDARD_LIBRARY = "stdlib"
"""El nombre con que los escáneres llaman a la biblioteca de Go, que va dentro de cada programa."""
_UNKNOWN = "(devel)"


def read_go(text: str) -> Reading:
    """La biblioteca estándar, el módulo del programa y sus dependencias, con los cambios (``replace``).

    La versión de Go pierde el ``go`` y lo que añade quien lo compiló (``go1.24.4 X:...``). La de un módulo
    que se compiló desde su carpeta (``(devel)``) no se sabe.
    """
    reading = Reading()
    lines = text.split("\n")
    if lines[0] == OLD:
        reading.problems.append(
            "Se compiló con un Go anterior a la 1.18, que guarda sus módulos de otra manera: no se puede "
            "comprobar cuáles lleva."
        )
        return reading
    if lines[0] == PACKED:
        reading.problems.append("Está comprimido con UPX: no se puede comprobar si es de Go ni qué lleva.")
        return reading
    if lines[0].startswith("go"):
        reading.add(STANDARD_LIBRARY, lines[0].split()[0].removeprefix("go"))
    else:
        reading.packages.append((STANDARD_LIBRARY, "", ""))
    modules: list[tuple[str, str]] = []
    for line in lines[1:]:
        kind, *rest = line.split("\t")
        name, version = (*rest, "", "")[:2]
        if kind in ("mod", "dep") and name:
            modules.append((name, version))
        elif kind == "=>" and name and modules:
            modules[-1] = (name, version)
        elif kind == CUT:
            reading.problems.append("La lista de sus módulos está cortada: faltan los últimos.")
    if not modules:
        reading.problems.append("Se compiló sin módulos, como hace Debian: no dice qué otros paquetes lleva.")
    for name, version in modules:
        if version in (_UNKNOWN, ""):
            reading.packages.append((name, "", ""))
        else:
            reading.add(name, version)
    return reading
