"""De un plan, las instrucciones que se van a hacer y de qué depende la caché de cada una."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from multietapa.build.memory.record import Element, Record, StageRecord
from multietapa.build.plan import Plan
from multietapa.dockerfile.arguments import ArgumentError, global_values
from multietapa.dockerfile.instructions import Instruction, copy_paths, mount_fields, mount_origin
from multietapa.dockerfile.references import short_name
from multietapa.dockerfile.shell import Lexer, WordError, split_words
from multietapa.dockerfile.stages import Stage

LONGEST = 1000
"""Letras de una instrucción que se guardan para decir cómo era."""
_REMOTE = re.compile(r"^(https?://|git@|git://|ssh://)|\.git(#.*)?$", re.IGNORECASE)
_UNFOLLOWED = ("exclude",)  # lo que cambia qué se copia sin que aquí se sepa
Spot = tuple[str, int]
"""Una instrucción: la etapa, como la llama BuildKit, y su lugar en ella (el 0 es su ``FROM``)."""


@dataclass(frozen=True)
class Portrait:
    """``record`` aún no sabe qué archivos toma cada instrucción: ``wanted`` son los caminos que nombran."""

    record: Record
    wanted: Mapping[Spot, tuple[str, ...]]

    def filled(
        self, taken: Mapping[Spot, Mapping[str, str] | None], images: Callable[[str], str]
    ) -> dict[str, StageRecord]:
        """Las etapas, con lo que toma cada instrucción y los id de las imágenes."""
        found = {}
        for label, stage in self.record.stages.items():
            elements = tuple(
                replace(
                    element,
                    taken=taken.get((label, n)) if (label, n) in self.wanted else element.taken,
                    images={name: images(name) for name in element.images},
                )
                for n, element in enumerate(stage.elements)
            )
            found[label] = replace(stage, elements=elements)
        return found


def portrait(plan: Plan, hide: Callable[[str], str], key: str) -> Portrait:
    """Lo que se va a hacer. ``hide`` tapa los secretos en los textos; ``key``, la sal de las huellas."""
    return _Painter(plan, hide, key).done()


def mark(text: str, key: str) -> str:
    """La huella de un texto."""
    return hashlib.blake2b(
        text.encode("utf-8", "surrogateescape"), digest_size=12, key=key.encode()[:64]
    ).hexdigest()


class _Painter:
    def __init__(self, plan: Plan, hide: Callable[[str], str], key: str) -> None:
        self._plan, self._source, self._hide, self._key = plan, plan.source, hide, key
        self._scopes: dict[str, dict[str, str]] = {}
        self._wanted: dict[Spot, tuple[str, ...]] = {}
        try:
            self._globals = global_values(
                self._source.global_args,
                plan.buildargs,
                architecture=plan.architecture,
                platform=plan.platform,
                target=plan.target or self._source.stages[-1].name,
                escape=self._source.escape,
            )
        except ArgumentError:
            self._globals = {}

    def done(self) -> Portrait:
        stages = {}
        for stage in self._source.stages:
            if self._plan.builds(stage):
                stages[self._source.called(stage)] = self._stage(stage)
        return Portrait(Record(stages), self._wanted)

    def _stage(self, stage: Stage) -> StageRecord:
        parent = self._source.parent(stage)
        scope = dict(self._scopes.get(self._source.called(parent), {})) if parent else {}
        elements = [self._opening(stage, parent)]
        for instruction in self._source.done_in(stage):
            elements.append(self._element(stage, len(elements), instruction, scope))
        self._scopes[self._source.called(stage)] = scope
        return StageRecord(self._source.called(parent) if parent else "", tuple(elements))

    def _opening(self, stage: Stage, parent: Stage | None) -> Element:
        outside = parent is None and stage.image != "scratch"
        given = bool({stage.name, short_name(stage.image)} & set(self._plan.extras.contexts))
        base = self._source.called(parent) if parent else stage.image
        return Element(
            "FROM",
            self._shown(stage.opening.text.replace(stage.base, stage.image, 1)),
            mark(f"{base}\0{self._plan.platform_in(stage)}", self._key),
            stage.line,
            images={stage.image: ""} if outside and not given else {},
            opaque=given,
        )

    def _element(self, stage: Stage, at: int, instruction: Instruction, scope: dict[str, str]) -> Element:
        whole = self._whole(instruction)
        element = Element(instruction.keyword, self._shown(whole), mark(whole, self._key), instruction.line)
        if instruction.keyword == "ARG":
            return replace(element, values=self._arguments(instruction, scope))
        if instruction.keyword == "ENV":
            self._environment(instruction, scope)
            return element
        if instruction.keyword not in ("COPY", "ADD", "RUN"):
            return element
        paths, opaque = self._paths(instruction, scope)
        if paths:
            self._wanted[self._source.called(stage), at] = paths
        stages, images = [], {}
        for name in instruction.froms:
            origin = self._source.origin(instruction, name)
            if name in self._plan.extras.contexts or (origin and origin.name in self._plan.extras.contexts):
                opaque = True
            elif origin:
                stages.append(self._source.called(origin))
            elif name != "scratch":
                images[name] = ""
        return replace(element, paths=paths, images=images, stages=tuple(stages), opaque=opaque)

    def _whole(self, instruction: Instruction) -> str:
        """Su texto y, si lleva documentos, lo que dicen."""
        if not instruction.heredocs:
            return instruction.text
        return "\n".join(self._source.lines[instruction.line - 1 : instruction.end_line])

    def _shown(self, text: str) -> str:
        return self._hide(" ".join(text.split()))[:LONGEST]

    def _arguments(self, instruction: Instruction, scope: dict[str, str]) -> dict[str, str]:
        found = {}
        for word in split_words(instruction.arguments, self._source.escape):
            name, equals, default = word.partition("=")
            value = self._plan.buildargs.get(name)
            if value is None and equals:
                value = self._word(default, scope)
            elif value is None:
                value = self._globals.get(name)
            if value is not None:
                scope[name] = value
            found[name] = "" if value is None else mark(value, self._key)
        return found

    def _environment(self, instruction: Instruction, scope: dict[str, str]) -> None:
        words = split_words(instruction.arguments, self._source.escape)
        if words and "=" not in words[0]:
            scope[words[0]] = self._word(" ".join(words[1:]), scope)
            return
        before = dict(scope)
        for word in words:
            name, _, value = word.partition("=")
            scope[name] = self._word(value, before)

    def _word(self, text: str, scope: Mapping[str, str]) -> str:
        try:
            return Lexer(scope, self._source.escape, keep_unset=True).word(text)
        except WordError:
            return text

    def _paths(self, instruction: Instruction, scope: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
        """Los caminos de la carpeta que toma, y si además depende de algo que no se puede comparar."""
        if instruction.keyword == "RUN":
            return self._mounted(instruction)
        if instruction.flag("from"):
            return (), False
        found, opaque = [], any(key in _UNFOLLOWED for key, _ in instruction.flags)
        for written in copy_paths(instruction)[:-1]:
            path = self._word(written, scope)
            if path.startswith("<<"):
                continue
            opaque = opaque or "$" in path or (instruction.keyword == "ADD" and bool(_REMOTE.search(path)))
            found.append(_inside(path.replace("/./", "/")))
        return tuple(found), opaque

    def _mounted(self, instruction: Instruction) -> tuple[tuple[str, ...], bool]:
        found, opaque = [], False
        for key, value in instruction.flags:
            fields = mount_fields(value) if key == "mount" else {}
            if not fields or fields.get("type", "bind").lower() != "bind" or mount_origin(fields):
                opaque = opaque or "$" in fields.get("type", "")
                continue
            path = next((fields[name] for name in ("source", "src") if fields.get(name)), "/")
            opaque = opaque or "$" in path
            found.append(_inside(path))
        return tuple(found), opaque


def _inside(path: str) -> str:
    """El camino, limpio y relativo a la carpeta, de la que no se sale; ``"."`` es toda."""
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/") or "."
