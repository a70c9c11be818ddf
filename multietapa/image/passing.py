"""Lee las capas de una imagen mientras el motor la entrega, sin esperar a tenerla entera.

Vale para las que van en el archivo sin comprimir y con su ``diff_id`` por nombre, que es como las guardan
Docker con overlay2 y Podman. Las demás se leen después, del archivo ya escrito.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from multietapa.image.layer import Inspector, Layer, read_passing
from multietapa.image.stored import Blocks
from multietapa.image.tarwalk import Limits, walk

_DIGEST = re.compile(r"(?:^|[/:])([0-9a-f]{64})(?:\.tar)?$")


def passing_layers(
    chunks: Iterator[bytes],
    inspectors: Mapping[str, Inspector | None],
    *,
    limits: Limits | None = None,
    begins: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Layer]:
    """Las capas de ``inspectors``, por su ``diff_id``, que se han podido leer al pasar, sin comprimirlas.

    ``chunks`` son los trozos del archivo de la imagen; se consumen. ``begins`` recibe de cada una su
    ``diff_id``, dónde empieza en el archivo y lo que ocupa, cuando va a leerse. Lanza ``ArchiveError``
    si el archivo o una de las capas está rota, o entre todas pasan de ``limits``.
    """
    limits = limits or Limits()
    left = limits
    found: dict[str, Layer] = {}

    def look(path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Lee un archivo del exterior, si es una de las capas."""
        nonlocal left
        named = _DIGEST.search(path)
        diff_id = f"sha256:{named[1]}" if named else ""
        if diff_id in inspectors and diff_id not in found:
            begins(diff_id, source.tell(), size)
            layer = read_passing(pieces, diff_id=diff_id, limits=left, inspector=inspectors[diff_id])
            left = replace(left, used=left.used + len(layer.files))
            found[diff_id] = layer

    outer = replace(limits, layer_bytes=1 << 42)
    source = Blocks(chunks)
    for _ in walk(source, limits=outer, look=look):
        pass
    return found
