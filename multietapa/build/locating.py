"""Qué paso es cada uno de los de BuildKit, por el nombre que les da: su clase, su etapa y su línea."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from multietapa.build.events import StepKind
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile, Stage

_STEP = re.compile(
    r"^\[(?:\w+/[\w/]+(?:->\S+)? )?(?:(?P<stage>[^\s\]/]+) )?\s*(?P<n>\d+)/(?P<total>\d+)\] (?P<text>.*)$",
    re.DOTALL,
)
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}")
# Cómo empieza el nombre que da BuildKit a lo que hace por su cuenta, cómo se dice y qué clase de paso es.
_PHRASES = (
    ("[internal] load remote build context", "[interno] recibir el contexto", StepKind.INTERNAL),
    ("copy /context /", "[interno] abrir el contexto", StepKind.INTERNAL),
    ("[internal] load metadata for ", "[interno] consultar ", StepKind.INTERNAL),
    ("resolve image config for ", "[interno] consultar ", StepKind.INTERNAL),
    ("[internal] ", "[interno] ", StepKind.INTERNAL),
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

    ``spot`` es el índice de su etapa y el número que BuildKit le da en ella, si se sabe cuál es. La línea de
    un ``ONBUILD`` es la de quien lo arrastra: el ``FROM``, o el ``ONBUILD`` de una etapa de este Dockerfile.
    """

    kind: StepKind
    text: str
    stage: str = ""
    line: int | None = None
    spot: tuple[int, int] | None = field(default=None, compare=False)


def locate(name: str, source: Dockerfile | None, inputs: Iterable[Located] = ()) -> Located:
    """Qué paso es, a partir del nombre que le da BuildKit.

    ``inputs`` son los pasos de los que depende: dicen de qué etapa es cuando dos se llaman igual.
    """
    match = _STEP.match(name)
    if not match:
        text, kind = spanish(name)
        return Located(kind, text)
    text, label = _DIGEST.sub("", match["text"]), match["stage"] or ""
    kind = StepKind.FROM if _keyword(text) == "FROM" else StepKind.INSTRUCTION
    if source is None:
        return Located(kind, text, label or "stage-0")
    stages = _called(source, label) if label else source.stages[:1]
    if not stages:
        return Located(kind, text, label)
    number, total = int(match["n"]), int(match["total"])
    before = {found.spot for found in inputs if found.spot}
    places = [place for stage in stages for place in _places(source, stage, number, total, text)]
    if not places:
        return Located(kind, text, stages[-1].label)
    stage, line = max(places, key=lambda place: _likely(source, place, number, text, before))
    return Located(kind, text, stage.label, line, (stage.index, number))


def spanish(text: str) -> tuple[str, StepKind]:
    """Lo mismo en español y qué clase de paso es; lo que no se conoce se queda como está."""
    for english, said, kind in _PHRASES:
        if text.startswith(english):
            return said + _DIGEST.sub("", text[len(english) :]), kind
    return text, StepKind.INTERNAL


def _called(source: Dockerfile, label: str) -> tuple[Stage, ...]:
    """Las etapas que BuildKit llama así: si dos se llaman igual, puede ser cualquiera de ellas."""
    found = source.stage(label)
    same = tuple(stage for stage in source.stages if stage.label == label.lower())
    return same or ((found,) if found else ())


def _places(
    source: Dockerfile, stage: Stage, number: int, total: int, text: str
) -> Iterator[tuple[Stage, int]]:
    """La línea de esa etapa donde puede estar el paso ``number`` de ``total``: una o ninguna."""
    steps = source.counted_steps(stage)
    external = bool(steps) and steps[0] is stage.opening
    triggers = total - len(steps)  # los ONBUILD de la base van justo detrás de FROM
    if external < number <= external + triggers:
        yield stage, _trigger_line(source, stage, text)
        return
    index = number - 1 if number <= external else number - 1 - triggers
    if triggers >= 0 and 0 <= index < len(steps) and steps[index].keyword == _keyword(text):
        yield stage, steps[index].line
    else:
        same = (step.line for step in steps if step.text.split() == text.split())
        yield from ((stage, line) for line in list(same)[:1])


def _trigger_line(source: Dockerfile, stage: Stage, text: str) -> int:
    """La línea que arrastra un ``ONBUILD``: la suya si es de una etapa de aquí, o la del ``FROM``."""
    parent = source.parent(stage)
    own = parent.instructions if parent else ()
    written = (i.line for i in own if i.keyword == "ONBUILD" and i.arguments.split() == text.split())
    return next(written, stage.line)


def _likely(
    source: Dockerfile, place: tuple[Stage, int], number: int, text: str, before: set[tuple[int, int]]
) -> tuple[bool, bool, int]:
    """Cuánto se parece: que siga a otro paso de su etapa, que diga lo mismo y, si no, la última."""
    stage, line = place
    follows = (stage.index, number - 1) in before
    parent = source.parent(stage)
    starts = number == 1 and parent is not None and any(index == parent.index for index, _ in before)
    written: Instruction | None = next((i for i in source.instructions if i.line == line), None)
    return follows or starts, written is not None and written.text.split() == text.split(), stage.index


def _keyword(text: str) -> str:
    return (text.split(maxsplit=1) or [""])[0].upper()
