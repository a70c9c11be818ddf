"""Los paquetes de Python: lo que dice su ``METADATA`` (o ``PKG-INFO``), que deja pip al instalarlos."""

from __future__ import annotations

from multietapa.image.packages.model import Reading

_FIELDS = ("name", "version")


def is_metadata(path: str) -> bool:
    """Si ``path`` es la ficha de un paquete: ``x.dist-info/METADATA``, ``x.egg-info`` o la de dentro."""
    folder, _, name = path.rpartition("/")
    if name == "METADATA":
        return folder.endswith(".dist-info")
    if name == "PKG-INFO":
        return folder.endswith((".egg-info", "/EGG-INFO"))
    return name.endswith(".egg-info")


def header(text: str) -> str:
    """Las líneas de una ficha con el nombre y la versión, que van antes de la primera en blanco."""
    kept: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.strip():
            break
        field, colon, value = line.partition(":")
        if colon and field.lower() in _FIELDS:
            kept.setdefault(field.lower(), f"{field}: {value.strip()[:1024]}\n")
    return "".join(kept.values()) or text[:64]


def read_python(text: str) -> Reading:
    """El paquete de una ficha."""
    reading = Reading()
    fields: dict[str, str] = {}
    for line in text.split("\n"):
        field, _, value = line.partition(":")
        fields.setdefault(field.lower(), value.strip())
    if fields.get("name"):
        reading.add(fields["name"], fields.get("version", ""))
    else:
        reading.problems.append("La ficha del paquete no dice su nombre.")
    return reading
