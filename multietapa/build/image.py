"""BuildKit para quien usa el SDK de Docker en sus programas, sin cuadernos: una función y nada más."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing

import docker
from docker.models.images import Image

from multietapa.build.engine_facts import architecture
from multietapa.build.events import BuildFinished, Event
from multietapa.build.pipeline import run
from multietapa.build.plan import plan_build
from multietapa.build.session.extras import wanted_extras


def build_image(
    client: docker.DockerClient,
    path: str | os.PathLike[str],
    *,
    tag: str,
    dockerfile: str = "Dockerfile",
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
    nocache: bool = False,
    labels: Mapping[str, str] | None = None,
    secrets: Mapping[str, str | bytes | os.PathLike[str]] | None = None,
    ssh: bool | str | os.PathLike[str] = False,
    output: str | os.PathLike[str] | None = None,
    platform: str | None = None,
    cache_from: str | Sequence[str] = (),
    contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancel: threading.Event | None = None,
) -> Image:
    """Construye una imagen con BuildKit y una sesión, como la orden ``docker build``, y la devuelve.

    Con el mismo Dockerfile y los mismos archivos sale la misma imagen y se usa la misma caché que con la
    orden. Donde el motor no ofrece sesiones (Podman), construye con su ``POST /build``.

    Args:
        client: el del SDK (``docker.from_env()``), por el camino que sea: socket, TCP, TLS o ssh.
        path: la carpeta; viaja solo lo que el motor pide y no tiene ya.
        tag: la etiqueta de la imagen (``"tienda:1"``).
        dockerfile: el nombre de un archivo de la carpeta, o el texto entero.
        target: hasta qué etapa; si falta, la última.
        buildargs: valores de ``ARG``.
        nocache: repite todos los pasos.
        labels: etiquetas de la imagen.
        secrets: por su nombre, un ``Path`` (el contenido de ese archivo) o el texto mismo; los lee
            ``RUN --mount=type=secret,id=NOMBRE`` y no quedan en la imagen. Si un paso los escribe, en los
            sucesos se tapan. Cambiar uno no repite el paso: la caché no los mira.
        ssh: ``True`` ofrece el agente de ssh de esta máquina a ``RUN --mount=type=ssh``; o la ruta de su
            socket.
        output: una carpeta, que no existe o está vacía, donde dejar los archivos de la última etapa (o de
            ``target``): todos o, si algo falla, ninguno. Lo que no cabe en ella llega como ``BuildWarning``.
        platform: para cuál se construye (``"linux/arm64"``); si falta, la del motor.
        cache_from: imágenes cuya caché, que llevan dentro, se puede aprovechar (las construidas con
            ``buildargs={"BUILDKIT_INLINE_CACHE": "1"}``).
        contexts: por su nombre, otras carpetas (o imágenes, ``"node:24-alpine"``) para ``FROM NOMBRE`` y
            ``COPY --from=NOMBRE``.
        on_event: se llama con cada suceso (``multietapa.build.events``), en este hilo: pasos, líneas,
            bytes que viajan.
        cancel: al activarlo, el motor para y se lanza ``BuildCancelled``. Ctrl-C hace lo mismo.

    Returns:
        La imagen (``docker.models.images.Image``).

    Raises:
        BuildError: (o una de sus hijas) la construcción falló; ``what``, ``why`` y ``next_step`` dicen qué
            pasó, por qué y qué hacer, ``line`` en qué línea del Dockerfile y ``log`` lo último que escribió.
        BaseImageError, NetworkError: falta una imagen de la que se parte, o no contesta su registro.
        EngineLostError: el motor dejó de contestar.

    Example:
        >>> image = build_image(docker.from_env(), "tienda", tag="tienda:1", secrets={"npm": Path(".npmrc")})
    """
    native = architecture(client)
    extras = wanted_extras(
        secrets=secrets,
        ssh=ssh,
        output=output,
        platform=platform,
        cache_from=cache_from,
        contexts=contexts,
        architecture=native,
    )
    plan = plan_build(
        path,
        tag=tag,
        architecture=native,
        dockerfile=dockerfile,
        target=target,
        buildargs=buildargs,
        extras=extras,
    )
    image_id = ""
    with closing(run(client, plan, nocache=nocache, labels=labels, cancel=cancel, marked=False)) as events:
        for event in events:
            if isinstance(event, BuildFinished):
                image_id = event.image_id
            if on_event is not None:
                on_event(event)
    return client.images.get(image_id)
