"""Lee un archivo pequeño de una imagen que está en un motor, lo vea un contenedor o esté escondido."""

from __future__ import annotations

import docker

from multietapa.containers.created import created, file_in
from multietapa.errors import ContainerError
from multietapa.image.archive import choose, read_images
from multietapa.image.content import MAX_TEXT, Content, read_content, shown, unreadable
from multietapa.image.image import MeasuredImage, ProgressCallback
from multietapa.image.layer import FileEntry
from multietapa.measure.export import saved


def peek(
    client: docker.DockerClient,
    image: MeasuredImage,
    layer: int,
    entry: FileEntry,
    *,
    visible: bool,
    progress: ProgressCallback | None = None,
) -> Content:
    """El contenido de una entrada de la capa ``layer`` (desde 0), si se puede enseñar.

    Lo que ve un contenedor (``visible``) se le pide a uno que se crea, no se arranca y se borra. Lo escondido
    solo está en la imagen guardada, y hay que pedirla entera: ``progress`` recibe (fase, bytes hechos, bytes
    totales).

    Lanza ``EngineLostError`` si el motor se corta y ``ArchiveError`` si lo que guarda no se puede leer.
    """
    said = unreadable(entry)
    if said is not None:
        return said
    data = _seen(client, image, entry) if visible else None
    if data is not None:
        return shown(entry, data)
    with saved(client, image.image_id, progress=progress) as file:
        diff_ids = tuple(one.diff_id for one in image.layers)
        archived = choose(read_images(file), image.image_id, diff_ids=diff_ids)
        return read_content(file, archived.layers[layer], entry)


def _seen(client: docker.DockerClient, image: MeasuredImage, entry: FileEntry) -> bytes | None:
    """Lo que ve un contenedor en esa ruta, si es del tamaño que dice la capa."""
    try:
        with created(client, image.image_id, ["-"], network_mode="none") as container:
            data = file_in(container, f"/{entry.path}", limit=MAX_TEXT)
    except ContainerError:
        return None  # una imagen para otra plataforma, por ejemplo: queda la guardada
    return data if data is not None and len(data) == entry.size else None
