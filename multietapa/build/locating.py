"""Qué paso es cada uno de los de BuildKit, por el nombre que les da: su clase, su etapa y su línea."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from multietapa.build.events import MAIN_FOLDER, StepKind
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile, Stage
from multietapa.keywords import WITH_LAYER

_STEP = re.compile(
    r"^\[(?:\w+/[\w/]+(?:->\S+)? )?(?:(?P<stage>[^\s\]/]+) )?\s*(?P<n>\d+)/(?P<total>\d+)\] (?P<text>.*)$",
    re.DOTALL,
)
_DECORATION = re.compile(r"[\[\]\",]+")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
# Lo que hace con otra carpeta (o imagen) de las que se le dan con nombre, y con un registro que pide permiso.
_NAMED = re.compile(r"\[context (?P<name>[^\]]+)\] (?P<text>.*)", re.DOTALL)
_AUTH = re.compile(r"\[auth\] (?P<repository>\S+):\S+ token for (?P<registry>\S+)")
_CONTEXT_STEP = "[interno] recibir el contexto"
_METADATA, _FROM_CLIENT = "load metadata for ", "load from client"
#: Cómo empieza el nombre del paso que lee la caché de una imagen.
IMPORTING = "importing cache manifest from "
# Cómo empieza el nombre que da BuildKit a lo que hace por su cuenta, cómo se dice y qué clase de paso es.
_PHRASES = (
    ("[internal] load remote build context", _CONTEXT_STEP, StepKind.INTERNAL),
    ("[internal] load build context", _CONTEXT_STEP, StepKind.INTERNAL),
    ("[internal] load build definition from ", "[interno] recibir ", StepKind.INTERNAL),
    ("[internal] load .dockerignore", "[interno] recibir .dockerignore", StepKind.INTERNAL),
    ("[internal] preparing inline document", "[interno] preparar el texto de un heredoc", StepKind.INTERNAL),
    ("copy /context /", "[interno] abrir el contexto", StepKind.INTERNAL),
    ("[internal] load metadata for ", "[interno] consultar ", StepKind.INTERNAL),
    ("resolve image config for docker-image://", "[interno] consultar ", StepKind.INTERNAL),
    ("resolve image config for ", "[interno] consultar ", StepKind.INTERNAL),
    ("resolve ", "consultar ", StepKind.INTERNAL),
    (IMPORTING, "[interno] consultar la caché de ", StepKind.INTERNAL),
    ("[internal] ", "[interno] ", StepKind.INTERNAL),
    ("exporting to client tarball", "preparar los archivos de la salida", StepKind.EXPORT),
    ("sending tarball", "mandar los archivos de la salida", StepKind.EXPORT),
    ("exporting to image", "exportar la imagen", StepKind.EXPORT),
    ("exporting layers", "exportar las capas", StepKind.EXPORT),
    ("exporting manifest list", "exportar la lista de manifiestos", StepKind.EXPORT),
    ("exporting manifest", "exportar el manifiesto", StepKind.EXPORT),
    ("exporting config", "exportar la configuración", StepKind.EXPORT),
    ("writing image", "escribir la imagen", StepKind.EXPORT),
    ("naming to", "poner la etiqueta", StepKind.EXPORT),
    ("unpacking to", "desempaquetar en", StepKind.EXPORT),
)


@dataclass(frozen=True)
class Located:
    """Lo que se sabe de un paso por su nombre: qué clase es, su etapa, su línea (o ``None``) y su texto.

    La línea de un ``ONBUILD`` es la de quien lo arrastra: el ``FROM``, o el ``ONBUILD`` de una etapa de este
    Dockerfile. ``spot`` son el índice de su etapa y su lugar entre las instrucciones que BuildKit cuenta.
    ``folder`` es la carpeta que recibe, como la llama la sesión, o ``""``.
    """

    kind: StepKind
    text: str
    stage: str = ""
    line: int | None = None
    spot: tuple[int, int] | None = field(default=None, compare=False)
    folder: str = ""


@dataclass(frozen=True)
class _Named:
    """El nombre de un paso: ``[label number/total] text``; ``extra``, los que el total no cuenta."""

    label: str
    number: int
    total: int
    text: str
    extra: int = 0

    @property
    def keyword(self) -> str:
        return (self.text.split(maxsplit=1) or [""])[0].upper()

    def says(self, instruction: Instruction) -> bool:
        """Si es el texto de esa instrucción, mientras no lleve variables.

        BuildKit pone en mayúsculas hasta el primer espacio, quita las comillas de una lista y enseña lo que
        dice un documento detrás de quien lo abre.
        """
        mine, written = _bare(self.text), _bare(instruction.text)
        return mine == written or (bool(instruction.heredocs) and mine.startswith(written))


@dataclass(frozen=True)
class _Place:
    """Dónde puede estar un paso: en qué etapa, detrás de cuántas de las que cuentan, y en qué línea."""

    stage: Stage
    index: int
    line: int
    written: Instruction | None = None


def uncounted(names: Iterable[str]) -> dict[str, int]:
    """Cuántos ``ONBUILD`` hay en cada etapa que BuildKit numera sin contarlos en el total (``[3/2] RUN a``).

    Así hacían los de antes de Docker 27, que tampoco decían cuáles eran.
    """
    found: dict[str, int] = {}
    for match in filter(None, map(_STEP.match, names)):
        label = match["stage"] or ""
        found[label] = max(found.get(label, 0), int(match["n"]) - int(match["total"]))
    return {label: extra for label, extra in found.items() if extra > 0}


def locate(
    name: str,
    source: Dockerfile | None,
    inputs: Iterable[Located] = (),
    extra: Mapping[str, int] = MappingProxyType({}),
) -> Located:
    """Qué paso es, a partir del nombre que le da BuildKit.

    Args:
        inputs: los pasos de los que depende: dicen cuál es si en dos sitios se llama igual.
        extra: lo que da ``uncounted`` con los nombres de los demás pasos.
    """
    match = _STEP.match(name)
    if not match:
        text, kind = spanish(name)
        return Located(kind, text, folder=_folder(name))
    text = _DIGEST.sub("", match["text"])
    label = match["stage"] or ""
    step = _Named(label, int(match["n"]), int(match["total"]), text, extra.get(label, 0))
    kind = StepKind.FROM if step.keyword == "FROM" else StepKind.INSTRUCTION
    if source is None:
        return Located(kind, text, step.label or "stage-0")
    stages = _called(source, step.label) if step.label else source.stages[:1]
    if not stages:
        return Located(kind, text, step.label)
    before = tuple(inputs)
    places = [place for stage in stages for place in _places(source, stage, step)]
    if not places:
        return Located(kind, text, source.called(stages[-1]))
    found = max(places, key=lambda place: _likely(source, place, step, before))
    if found.written and text.split(" ", 1)[0].upper() != step.keyword:  # «RUN<tabulador>orden»
        text = found.written.text
    return Located(kind, text, source.called(found.stage), found.line, (found.stage.index, found.index))


def spanish(text: str) -> tuple[str, StepKind]:
    """Lo mismo en español y qué clase de paso es; lo que no se conoce se queda como está."""
    if named := _NAMED.fullmatch(text):
        return f"[interno] {_with_name(**named.groupdict())}", StepKind.INTERNAL
    if asked := _AUTH.fullmatch(text):
        return f"[interno] pedir permiso a {asked['registry']} para {asked['repository']}", StepKind.INTERNAL
    for english, said, kind in _PHRASES:
        if text.startswith(english):
            return said + _DIGEST.sub("", text[len(english) :]), kind
    return text, StepKind.INTERNAL


def _with_name(name: str, text: str) -> str:
    """Lo que BuildKit hace con la carpeta o la imagen ``name``, en español."""
    if text == _FROM_CLIENT:
        return f"recibir la carpeta «{name}»"
    if text.startswith("load .dockerignore"):
        return f"recibir .dockerignore de «{name}»"
    if text.startswith(_METADATA):
        return f"consultar {_DIGEST.sub('', text.removeprefix(_METADATA))}"
    return f"traer «{name}»: {_DIGEST.sub('', text)}"


def _folder(name: str) -> str:
    """La carpeta que recibe el paso que BuildKit llama así, o ``""``."""
    if name == "[internal] load build context":
        return MAIN_FOLDER
    named = _NAMED.fullmatch(name)
    return named["name"] if named and named["text"] == _FROM_CLIENT else ""


def _called(source: Dockerfile, label: str) -> tuple[Stage, ...]:
    """Las etapas que BuildKit llama así: si dos se llaman igual, puede ser cualquiera de ellas."""
    found = source.stage(label)
    same = tuple(stage for stage in source.stages if stage.label == label.lower())
    return same or ((found,) if found else ())


def _places(source: Dockerfile, stage: Stage, step: _Named) -> Iterator[_Place]:
    """Dónde puede estar ese paso en una etapa.

    Los ``ONBUILD`` de la base van justo detrás de ``FROM``: el total los cuenta todos, y el número solo los
    que dejan capa.
    """
    steps = source.counted_steps(stage)
    external = int(bool(steps) and steps[0] is stage.opening)
    if step.keyword == "FROM":
        yield from ([_Place(stage, 0, stage.line)] if external and step.number == 1 else [])
        return
    triggers = step.total + step.extra - len(steps)
    first = external < step.number <= external + triggers
    skipped = [step.extra] if step.extra or triggers <= 0 else range(1, triggers + 1)
    if triggers > 0 and (parent := source.parent(stage)):  # los de una etapa de aquí se saben
        armed = sum(i.trigger is not None and i.trigger.keyword in WITH_LAYER for i in parent.instructions)
        first, skipped = external < step.number <= external + armed, [armed]
    wanted = [step.number - 1 - skip for skip in skipped] if triggers >= 0 else []
    wanted = [n for n in wanted if n >= external]
    found = [n for n in wanted if 0 <= n < len(steps) and steps[n].keyword == step.keyword]
    if step.keyword == "ONBUILD" or (first and not found):
        yield _Place(stage, external - 1, _trigger_line(source, stage, step))
        return
    found = found or [n for n, instruction in enumerate(steps) if step.says(instruction)]
    yield from (_Place(stage, n, steps[n].line, steps[n]) for n in found)


def _trigger_line(source: Dockerfile, stage: Stage, step: _Named) -> int:
    """La línea que arrastra un ``ONBUILD``: la suya si es de una etapa de aquí, o la del ``FROM``."""
    parent = source.parent(stage)
    own = parent.instructions if parent else ()
    return next((i.line for i in own if i.keyword == "ONBUILD" and step.says(i)), stage.line)


def _likely(
    source: Dockerfile, place: _Place, step: _Named, inputs: tuple[Located, ...]
) -> tuple[bool, bool, bool, int, int]:
    """Cuánto se parece: que siga a otro paso de su etapa, que diga lo mismo y, si no, el primero posible."""
    if step.keyword == "FROM":
        return False, step.text.split()[-1].endswith(place.stage.image), True, -place.stage.index, 0
    parent = source.parent(place.stage)
    before = {found.spot for found in inputs if found.spot}
    if parent is not None and place.index <= 0:
        follows = any(stage == parent.index for stage, _ in before)
    elif parent is None and place.index <= 1:  # dos etapas de la misma base comparten el paso de su FROM
        follows = any(found.kind is StepKind.FROM for found in inputs)
    else:
        follows = False
    follows = follows or (place.stage.index, place.index - 1) in before
    same = place.written is not None and step.says(place.written)
    exact = step.total + step.extra == len(source.counted_steps(place.stage))
    return follows, same, exact, place.stage.index, -place.index


def _bare(text: str) -> str:
    """Un texto sin mayúsculas, comillas, comas ni corchetes, y con un solo espacio entre palabras."""
    return " ".join(_DECORATION.sub(" ", text).casefold().split())
