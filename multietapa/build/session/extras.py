"""Lo que una construcción con sesión puede llevar además de la carpeta: secretos, ssh, salidas, contextos."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from multietapa.build.session.agent import find_agent
from multietapa.build.session.named import IMAGE, check_cache_from, check_contexts, check_platform
from multietapa.build.session.output import check_output
from multietapa.build.session.secrets import read_secrets
from multietapa.errors import BuildError, EngineLimitError
from multietapa.text import join


@dataclass(frozen=True)
class Extras:
    """Todo ya comprobado: ``secrets``, el contenido de cada uno; ``contexts``, la carpeta o la referencia.

    ``ssh`` es el socket del agente; ``output``, la carpeta donde se dejan los archivos; ``platform``, la de
    la imagen (``linux/arm64``); ``cache_from``, imágenes que traen su caché.
    """

    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    ssh: Path | None = None
    output: Path | None = None
    platform: str = ""
    cache_from: Sequence[str] = ()
    contexts: Mapping[str, Path | str] = field(default_factory=dict)

    @property
    def images(self) -> dict[str, str]:
        """Las imágenes que hacen de contexto, por el nombre de este."""
        pairs = ((name, place) for name, place in self.contexts.items() if isinstance(place, str))
        return {name: place.removeprefix(IMAGE) for name, place in pairs}

    @property
    def asked(self) -> tuple[str, ...]:
        """Las palabras con las que ``construir`` las pide, de las que se pidieron."""
        pairs = (
            ("secretos", self.secrets),
            ("ssh", self.ssh),
            ("salida", self.output),
            ("plataforma", self.platform),
            ("cache_desde", self.cache_from),
            ("contextos", self.contexts),
        )
        return tuple(name for name, value in pairs if value)


def wanted_extras(
    *,
    secrets: Mapping[str, str | bytes | os.PathLike[str]] | None = None,
    ssh: bool | str | os.PathLike[str] = False,
    output: str | os.PathLike[str] | None = None,
    platform: str | None = None,
    cache_from: str | Sequence[str] = (),
    contexts: Mapping[str, str | os.PathLike[str]] | None = None,
    architecture: str = "amd64",
) -> Extras:
    """Comprueba lo que se pide de más. Lanza :class:`BuildError` con lo que no vale, y por qué.

    ``architecture`` es la del motor: la que vale para ``plataforma="linux"``.
    """
    return Extras(
        secrets=read_secrets(secrets or {}),
        ssh=find_agent(ssh),
        output=check_output(output),
        platform=check_platform(platform, architecture=architecture),
        cache_from=check_cache_from(cache_from),
        contexts=check_contexts(contexts or {}),
    )


def needs_session(asked: Sequence[str]) -> EngineLimitError:
    """El error de pedir algo de una sesión de BuildKit a quien no la tiene."""
    names = join([f"«{name}»" for name in asked])
    return EngineLimitError(
        f"Este motor no puede construir con {names}.",
        why="Hace falta una sesión de BuildKit, y la ofrecen los motores de Docker desde la versión 18.09; "
        "Podman y el constructor clásico, no.",
        next_step=f"Construye sin {names}, o con un motor de Docker.",
    )


def needs_newer_frontend() -> BuildError:
    """El error de dar contextos con nombre a un BuildKit que los pasaría por alto sin decirlo."""
    return BuildError(
        "Este motor no entiende «contextos».",
        why="Los contextos con nombre llegaron con Docker 23; el BuildKit de los de antes no los mira.",
        next_step="Escribe «# syntax=docker/dockerfile:1» en la primera línea del Dockerfile: esa imagen, "
        "que el motor baja, sí los entiende. O usa un motor más nuevo.",
    )
