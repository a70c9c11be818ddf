"""``etapas``: el grafo de las etapas de un Dockerfile, antes de construir y sin motor."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from multietapa import text
from multietapa.build.failure import misplaced
from multietapa.build.plan import BUILDERS, Plan, plan_build
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion
from multietapa.cells.cronologia import Cronologia, chronology
from multietapa.dockerfile.context import is_text
from multietapa.dockerfile.graph import Graph, graph
from multietapa.dockerfile.platforms import PlatformError, read_platform
from multietapa.engine.session import known
from multietapa.errors import CallError, UnknownNameError
from multietapa.widgets.base import open_view
from multietapa.widgets.stages.stages import StagesView
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import headline, lines, reason
from multietapa.widgets.where import ShownInCell, check_view

_EXAMPLE = 'etapas("../apps/tienda-node")'
_OTHER = ("amd64", "arm64")


@dataclass(frozen=True)
class Etapas(ShownInCell):
    """Las etapas de un Dockerfile para un ``objetivo``; una sin nombre se llama por su número.

    ``necesarias`` son las que se hacen, en el orden del archivo (BuildKit, las que hacen falta; el clásico,
    todas hasta el objetivo); ``sobran``, las que no, cada una con su porqué; ``imagenes``, las de fuera que
    hay que traer; ``aristas``, una fila por cada cosa que una etapa toma de otra o de una imagen, lista para
    una tabla de datos; y ``texto``, todo eso en frases, para ``print``.
    """

    objetivo: str
    necesarias: tuple[str, ...]
    sobran: dict[str, str]
    imagenes: tuple[str, ...]
    aristas: list[dict[str, str | int | bool]] = field(repr=False)
    texto: str = field(repr=False)
    vista: StagesView | None = field(default=None, repr=False, compare=False)
    _frase: str = field(default="", repr=False)

    def __repr__(self) -> str:
        left = [f"«{name}» no se hace: {why}." for name, why in self.sobran.items()]
        return "\n".join([self._frase, *left])


@overload
def etapas(
    contexto: Construccion,
    *otras: Construccion,
    vista: bool | str = True,
) -> Cronologia:
    """Con construcciones ya terminadas."""


@overload
def etapas(
    contexto: str | os.PathLike[str] = ".",
    *,
    dockerfile: str = "Dockerfile",
    objetivo: str | None = None,
    argumentos: Mapping[str, object] | None = None,
    constructor: str = "buildkit",
    vista: bool | str = True,
) -> Etapas:
    """Con una carpeta, o con el texto de un Dockerfile."""


@offered(_EXAMPLE)
def etapas(
    contexto: str | os.PathLike[str] | Construccion = ".",
    *otras: Construccion,
    dockerfile: str = "Dockerfile",
    objetivo: str | None = None,
    argumentos: Mapping[str, object] | None = None,
    constructor: str = "buildkit",
    vista: bool | str = True,
) -> Etapas | Cronologia:
    """Enseña qué etapas tiene un Dockerfile, qué toma cada una de las demás y cuáles no se harían.

    No construye nada ni necesita motor: es lo que dice el texto. Lo que una imagen de fuera dispare con sus
    ``ONBUILD`` no se ve hasta construir.

    Con construcciones ya terminadas (lo que da ``construir``) enseña cuándo trabajó cada etapa: de una, con
    su grafo, su camino crítico y lo que repetiría un cambio; de varias, en un mismo eje de tiempo.

    Args:
        contexto: la carpeta, o el texto entero de un Dockerfile. Si falta, la carpeta en la que estás. O una
            construcción terminada, y en ``otras``, las demás: entonces solo se puede elegir ``vista``.
        dockerfile: un archivo de la carpeta, o el texto entero de un Dockerfile.
        objetivo: hasta qué etapa; si falta, la última. En el widget se puede elegir otro.
        argumentos: valores para los ``ARG``.
        constructor: ``"buildkit"``, que hace solo lo que hace falta, o ``"clasico"``, que hace todo lo que va
            antes del objetivo.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        ContextError: no existe la carpeta, o no hay Dockerfile.
        DockerfileError: no se entiende, o una etapa copia de sí misma, de otra posterior o en círculo.
        BuildError: no existe el objetivo.
        UnknownNameError: el constructor o la vista no existen.
    """
    if constructor not in BUILDERS:
        raise UnknownNameError(constructor, BUILDERS, kind="el constructor")
    check_view(vista)
    if isinstance(contexto, Construccion):
        if options := _unusable(otras, dockerfile, objetivo, argumentos, constructor):
            raise CallError(*options, example="etapas(en_frio, en_caliente)")
        return chronology([contexto, *otras], vista)
    if otras:
        raise CallError(
            f"«etapas» no sabe qué hacer con {otras[0]!r:.60}.",
            "sin nombre van una sola carpeta, o una o varias construcciones.",
            example=_EXAMPLE,
        )
    folder, asked = _asked(contexto, dockerfile)
    values = {name: str(value) for name, value in (argumentos or {}).items() if value is not None}
    engine = known()
    architecture = engine.architecture if engine else _own_architecture()
    plan = plan_build(
        folder,
        tag="etapas",
        architecture=architecture,
        dockerfile=asked,
        target=objetivo,
        buildargs=values,
        builder=constructor,
    )
    if problem := misplaced(plan.source, objetivo, classic=constructor == "clasico"):
        raise problem
    stages = _stages(plan, _named(plan.context.root, asked), known=engine is not None)
    view = open_view(vista, lambda: StagesView(stages), lambda: _write(stages))
    return _result(stages, view if isinstance(view, StagesView) else None)


def _unusable(
    others: tuple[object, ...],
    dockerfile: str,
    target: str | None,
    arguments: Mapping[str, object] | None,
    builder: str,
) -> tuple[str, str] | None:
    """Qué sobra cuando se dan construcciones terminadas, y por qué; ``None`` si nada."""
    if wrong := [each for each in others if not isinstance(each, Construccion)]:
        return (
            f"«etapas» no puede poner {wrong[0]!r:.60} junto a una construcción.",
            "todo tienen que ser construcciones terminadas: lo que da «construir».",
        )
    given = {"dockerfile": dockerfile != "Dockerfile", "objetivo": target is not None}
    given |= {"argumentos": arguments is not None, "constructor": builder != "buildkit"}
    if named := [name for name, asked in given.items() if asked]:
        return f"Con una construcción terminada, «etapas» no usa «{named[0]}».", "ya se decidió al construir."
    return None


def _asked(context: str | os.PathLike[str], dockerfile: str) -> tuple[str | os.PathLike[str], str]:
    """La carpeta y el Dockerfile que se piden, aunque el texto venga el primero."""
    if not isinstance(context, str) or not is_text(Path(), context):
        return context, dockerfile
    if dockerfile != "Dockerfile":
        raise CallError(
            "A «etapas» se le dan dos Dockerfile.",
            "el primer argumento ya es un texto entero, y «dockerfile» dice otro.",
            example=_EXAMPLE,
        )
    return ".", context


def _named(folder: Path, dockerfile: str) -> str:
    """Cómo se llama lo que se mira: la carpeta y, si no es el de siempre, su Dockerfile."""
    if is_text(folder, dockerfile):
        return "este Dockerfile"
    return folder.name if dockerfile == "Dockerfile" else f"{folder.name} ({dockerfile})"


def _own_architecture() -> str:
    """La de esta máquina, que es la que tendría un motor puesto en ella."""
    try:
        return read_platform(f"linux/{platform.machine()}").architecture
    except PlatformError:
        return "amd64"


def _stages(plan: Plan, name: str, *, known: bool) -> Stages:
    classic = plan.builder == "clasico"
    asked = graph(plan.source, plan.target, all_before=classic)
    found = []
    for stage in plan.source.stages:
        label = stage.name or str(stage.index)
        source = plan.source.resolved(plan.buildargs, target=label, architecture=plan.architecture)
        one = graph(source, str(stage.index), all_before=classic)
        same = (one.nodes, one.edges) == (asked.nodes, asked.edges)  # con TARGETSTAGE podría ser otro
        if one.target == asked.target:
            found.append(asked)
        elif same and source.stage(label) == stage and not misplaced(source, label, classic=classic):
            found.append(one)
    depends = len({_drawn(plan, other) for other in (*_OTHER, plan.architecture)}) > 1
    assumed = plan.architecture if depends and not known else ""
    return Stages(name, plan.source, asked, tuple(found), classic, assumed)


def _drawn(plan: Plan, architecture: str) -> tuple[object, ...]:
    """Lo que se dibujaría con un motor de otro procesador."""
    found = graph(plan.source.resolved(plan.buildargs, target=plan.target, architecture=architecture))
    return found.nodes, found.edges


def _write(stages: Stages) -> None:
    """Escribe el gemelo en texto."""
    sys.stdout.write("\n".join(lines(stages)) + "\n")


def _result(stages: Stages, view: StagesView | None) -> Etapas:
    found: Graph = stages.graph
    names = {node.key: node.name for node in found.nodes}
    rows: list[dict[str, str | int | bool]] = [
        {
            "de": names[edge.source],
            "a": names[edge.target],
            "como": edge.kind.value,
            "que": text.join(edge.paths),
            "linea": edge.line,
            "se_hace": edge.target in found.needed,
        }
        for edge in found.edges
    ]
    return Etapas(
        names[found.target],
        tuple(node.name for node in stages.stages if node.key in found.needed),
        {node.name: reason(stages, found, node) for node in stages.stages if node.key not in found.needed},
        tuple(node.name for node in stages.images),
        rows,
        "\n".join(lines(stages)),
        view,
        f"Etapas de {stages.name}. {headline(stages)}",
    )
