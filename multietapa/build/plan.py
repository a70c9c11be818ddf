"""Qué se va a construir: la carpeta abierta y su Dockerfile leído, una sola vez y antes de empezar.

Todo lo que hay que saber del Dockerfile sale de un mismo ``Plan``: las etiquetas de la imagen, las bases que
hay que traer y lo que se pide al motor. Así no puede haber dos lecturas que digan cosas distintas.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from multietapa.build.failure import needs_buildkit, unknown_target
from multietapa.dockerfile.context import Context, open_context
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile, final_base, final_chain, parse
from multietapa.errors import BuildError, DockerfileError, UnknownNameError

BUILDERS = ("buildkit", "clasico")
_DOMAIN = r"(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w.-]+(?=:)|\[[\da-fA-F:]+\])(?::\d+)?/"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = re.compile(rf"(?:{_DOMAIN})?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?", re.ASCII)


@dataclass(frozen=True)
class Plan:
    """Una construcción ya decidida.

    ``context`` es la carpeta abierta y ``source`` su Dockerfile leído; ``target``, hasta qué etapa se
    construye (``None``: la última); ``buildargs``, los valores de ``ARG``; ``builder``, uno de ``BUILDERS``;
    ``architecture``, la del motor en los nombres de Docker (``arm64``).
    """

    tag: str
    context: Context
    source: Dockerfile
    target: str | None
    buildargs: Mapping[str, str]
    builder: str
    architecture: str

    @property
    def chain(self) -> tuple[str, ...]:
        """Cómo llama el constructor a las etapas cuyas capas lleva la imagen, en su orden."""
        return tuple(stage.label for stage in final_chain(self.source, self.target))

    @property
    def base(self) -> str:
        """La imagen de fuera sobre la que acaba la imagen, o ``""`` si es ``scratch``."""
        return final_base(self.source, self.target, self.buildargs, architecture=self.architecture)

    @property
    def images(self) -> dict[str, Instruction]:
        """Las imágenes de fuera que hay que traer, cada una con la instrucción que la pide."""
        return self.source.images(
            buildargs=self.buildargs,
            target=self.target,
            all_stages=self.builder == "clasico",
            architecture=self.architecture,
        )

    @property
    def engine_target(self) -> str | None:
        """El objetivo como lo entiende el motor: acepta nombres e índices, pero no ``stage-1``."""
        stage = self.source.stage(self.target) if self.target else None
        return (stage.name or str(stage.index)) if stage else None


def plan_build(
    context: str | os.PathLike[str],
    *,
    tag: str,
    architecture: str,
    dockerfile: str = "Dockerfile",
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
    builder: str = "buildkit",
) -> Plan:
    """Abre la carpeta ``context``, lee su Dockerfile y comprueba lo que se puede comprobar sin motor.

    Args:
        tag: etiqueta de la imagen.
        architecture: la del motor, en los nombres de Docker: decide ``$TARGETARCH`` y compañía.
        dockerfile: nombre de un archivo de la carpeta, o el texto entero si lleva un salto de línea.
        target: hasta qué etapa construir; si falta, la última.
        buildargs: valores de ``ARG``.
        builder: ``"buildkit"`` o ``"clasico"``.

    Raises:
        BuildError: la etiqueta, la carpeta (``ContextError``), el Dockerfile (``DockerfileError``) o el
            objetivo no valen, o el clásico tendría que hacer algo que es de BuildKit.
        UnknownNameError: el constructor no existe.
    """
    if builder not in BUILDERS:
        raise UnknownNameError(builder, BUILDERS, kind="el constructor")
    _check_tag(tag)
    opened = open_context(context, dockerfile=dockerfile)
    source = parse(opened.text)
    if target and source.stage(target) is None:
        raise unknown_target(target, source)
    if builder == "clasico":
        _check_heredocs(source, target)
    plan = Plan(tag, opened, source, target, dict(buildargs or {}), builder, architecture)
    _check_case(source, plan.images)
    return plan


def _check_tag(tag: str) -> None:
    """Lanza ``BuildError`` si el motor no aceptaría ``tag`` como nombre de la imagen."""
    if _TAG.fullmatch(tag):
        return
    plain = unicodedata.normalize("NFKD", tag).encode("ascii", "ignore").decode().lower()
    tidy = re.sub(r"[^a-z0-9/:._-]+", "-", plain).strip("-._/:")
    raise BuildError(
        f"La etiqueta «{tag}» no es válida.",
        why="Es un nombre en minúsculas, sin espacios ni acentos, y si acaso «:» y una versión.",
        next_step=f"Usa por ejemplo «{tidy if _TAG.fullmatch(tidy) else 'tienda:1'}».",
    )


def _check_heredocs(source: Dockerfile, target: str | None) -> None:
    """Lanza ``BuildError`` si el clásico, que los ignora sin decirlo, tendría que ejecutar un heredoc."""
    last = source.stage(target) if target else None
    for stage in source.stages[: last.index + 1 if last else None]:
        for line in (i.line for i in stage.instructions if i.heredocs):
            raise needs_buildkit(line, f"{line} | {source.line_text(line).strip()}")


def _check_case(source: Dockerfile, asked: Mapping[str, Instruction]) -> None:
    """Lanza ``DockerfileError`` si un ``FROM`` pide una imagen con mayúsculas en el nombre."""
    for name, asker in asked.items():
        domain, slash, path = name.partition("/")
        if not slash or not (set(".:") & set(domain) or domain == "localhost"):
            domain, slash, path = "", "", name
        wrong = re.split(r"[:@]", path)[0]
        if asker.keyword == "FROM" and wrong != wrong.lower():
            right = f"{domain}{slash}{wrong.lower()}{path[len(wrong) :]}"
            raise DockerfileError(
                f"El Dockerfile no se entiende en la línea {asker.line}.",
                why=f"El nombre de una imagen va en minúsculas, y «{name}» no lo está.",
                next_step=f"Escribe «{right}».",
                detail=f"{asker.line} | {source.line_text(asker.line).strip()}",
                line=asker.line,
            )
