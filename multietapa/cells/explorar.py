"""``explorar``: qué hay dentro de una imagen, cuánto pesa cada cosa y qué viaja sin que nadie lo vea."""

from __future__ import annotations

import os
import time
from pathlib import Path

import docker

from multietapa.cells.asked import Ticker, asked_images, ending, reference, refuse_recordings
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion
from multietapa.cells.exploracion import Exploracion
from multietapa.cells.exploring import Session
from multietapa.cells.motor import motor
from multietapa.engine.model import EngineInfo
from multietapa.engine.session import info_of
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError
from multietapa.image.many import many_values
from multietapa.measure.measure import quick_sizes
from multietapa.widgets.base import open_view
from multietapa.widgets.explorer.explorer import ExplorerView
from multietapa.widgets.explorer.twin import lines
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.reading import TextView, View
from multietapa.widgets.where import check_view

_PATHS = ("./", "../", "/", "~", ".\\", "..\\")


@offered(
    'explorar("tienda:ingenua")',
    interrupted="se dejó de leer la imagen; las capas que ya se leyeron no se vuelven a pedir.",
)
@talking("leía la imagen")
def explorar(
    imagen: str | Construccion | os.PathLike[str],
    *,
    nombre: str = "",
    cliente: docker.DockerClient | None = None,
    vista: bool | str = True,
) -> Exploracion:
    """Enseña una imagen por dentro: cada capa, carpeta y archivo, tan grande como lo que pesa.

    Se ve de dónde sale cada cosa, qué la trajo y cuántos bytes viajan sin que ningún contenedor los vea. Los
    tamaños son de Desempaquetado. La primera vez tarda, porque hay que leer las capas; después se guardan.

    Args:
        imagen: una etiqueta (``"tienda:ingenua"``), lo que devuelve ``construir``, o un archivo de imagen (de
            ``docker save`` o de OCI) o una carpeta de OCI. Se toma por archivo un ``Path``, y un texto que
            acaba en ``.tar`` o empieza por ``./``, ``../``, ``/`` o ``~``. Un archivo se lee sin motor.
        nombre: en un archivo con varias imágenes, la etiqueta de la que se quiere; si falta, la primera.
        cliente: un cliente del SDK; si falta, el del motor del kit.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        UnknownNameError: la imagen o la vista no existen.
        NoEngineError: no hay motor, o la imagen es una grabación.
        EngineLostError: el motor se apagó a medias.
        ArchiveError: el archivo, o lo que guarda el motor, está roto.
        MultietapaError: no hay ningún archivo en esa ruta.
    """
    check_view(vista)
    if (place := archive_path(imagen)) is not None:
        return _archive(place, nombre, vista)
    asked = imagen if isinstance(imagen, str | Construccion) else os.fspath(imagen)
    wanted = asked_images("explorar", "explorar", (asked,), None)
    refuse_recordings(wanted, "explorar")
    engine = motor() if cliente is None else None
    client = engine.client if engine else cliente
    info = (engine.info if engine else None) or info_of(client)
    quick = quick_sizes(client, reference(asked))  # la que no existe se dice antes de dibujar nada
    session = Session.of_engine(client, info, quick, asked)
    return _explored(session, vista, info)


def archive_path(image: object) -> Path | None:
    """La ruta de un archivo de imagen o una carpeta de OCI, si eso es lo que se pide.

    Lanza ``MultietapaError`` si no hay nada en ella.
    """
    if isinstance(image, str):
        if not image.endswith(".tar") and not image.startswith(_PATHS):
            return None
        place = Path(image).expanduser()
    elif isinstance(image, os.PathLike):
        place = Path(image)
    else:
        return None
    if place.exists():
        return place
    raise MultietapaError(
        f"No hay ningún archivo «{place}».",
        next_step="Comprueba la ruta. Si es una imagen del motor, escríbela con su etiqueta: "
        f'explorar("{place.name}:latest").',
    )


def _archive(place: Path, name: str, vista: bool | str) -> Exploracion:
    return _explored(Session.of_archive(place, name), vista, None)


def _explored(session: Session, vista: bool | str, info: EngineInfo | None) -> Exploracion:
    """Abre la vista con lo que se sabe, lee la imagen y la enseña entera."""
    opening = session.opening
    view = open_view(vista, lambda: ExplorerView(opening, session.answer), lambda: TextView(lines))
    found = _read(session, view, opening)
    return Exploracion.of(found, session, info, view)


def _read(session: Session, view: View[Explored], opening: Explored) -> Explored:
    found = opening
    tick = Ticker(view, opening.name, 1, 1, time.monotonic())
    with many_values(), ending(lambda phase, reason: view.finish(found, phase, reason)):
        tick("Consultando lo ya leído", 0, 0)
        found = session.read(tick)
    return found
