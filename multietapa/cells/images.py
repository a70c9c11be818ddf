"""Las imágenes que se le dan a una función de una celda: etiquetas, o lo que devolvió ``construir``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multietapa.cells.construccion import Construccion
from multietapa.errors import MultietapaError, NoEngineError

Given = str | Construccion


def named(images: Sequence[Given], names: Sequence[str] | None) -> dict[str, Given]:
    """Cada imagen por su nombre: el de ``names`` o, si falta, su etiqueta.

    Lanza :class:`MultietapaError` si algo no es una imagen, si sobran o faltan nombres, o si dos se llaman
    igual.
    """
    given = [_checked(image) for image in images]
    called = [tag(image) for image in given] if names is None else [str(name) for name in names]
    if len(called) != len(given):
        raise MultietapaError(
            f"Hay {len(given)} imágenes y {len(called)} nombres.",
            next_step="Da en nombres=[...] uno para cada imagen, en el mismo orden.",
        )
    if repeated := [name for name in called if called.count(name) > 1]:
        raise MultietapaError(
            f"Dos imágenes se llaman igual: «{repeated[0]}».",
            next_step='Dale a cada una su nombre: nombres=["antes", "después"].',
        )
    return dict(zip(called, given, strict=True))


def refuse_recordings(wanted: Mapping[str, Given], what: str) -> None:
    """Lanza :class:`NoEngineError` si alguna es de una grabación: con ella no se puede hacer ``what``."""
    for image in wanted.values():
        if isinstance(image, Construccion) and image.grabacion:
            raise NoEngineError(
                f"«{image.etiqueta}» es una grabación y no se puede {what}.",
                why=f"Se construyó en otra máquina ({image.grabacion}) y su imagen no existe aquí.",
                next_step="Con un motor en marcha, constrúyela de verdad con construir y repite.",
            )


def tag(image: Given) -> str:
    """Su etiqueta."""
    return image.etiqueta if isinstance(image, Construccion) else image


def reference(image: Given) -> str:
    """Por lo que la conoce el motor: lo que se construyó va por su id, aunque su etiqueta sea ya de otra."""
    return image.imagen if isinstance(image, Construccion) else image


def _checked(image: object) -> Given:
    if isinstance(image, Construccion) or (isinstance(image, str) and image.strip()):
        return image
    raise MultietapaError(
        f"Esto no es una imagen: {image!r}.",
        next_step='Pasa su etiqueta ("tienda:multietapa") o lo que devolvió construir.',
    )
