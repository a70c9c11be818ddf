"""La imagen que se está explorando: cómo se abre, cómo se lee y cómo se le pregunta después."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import docker

from multietapa import text
from multietapa.cells.asked import tag_of
from multietapa.cells.construccion import Construccion
from multietapa.cells.hechas import Paso
from multietapa.cells.lines import layer_lines
from multietapa.engine.model import EngineInfo
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError
from multietapa.image.content import Content
from multietapa.image.image import MeasuredImage, ProgressCallback
from multietapa.image.many import many_values
from multietapa.image.nodes import Node
from multietapa.image.owners import Owners
from multietapa.image.tree import tree
from multietapa.measure.measure import QuickSizes, measure
from multietapa.measure.opened import Opened, open_archive
from multietapa.measure.peek import peek
from multietapa.widgets.explorer.answers import Answers
from multietapa.widgets.explorer.value import NO_ENGINE, Explored, LayerRow, explored, masked

_FROM = re.compile(r"^(?:COPY|ADD)\s(?:.*?\s)?--from=(\S+)", re.IGNORECASE)
_KEPT = 2  # imágenes leídas que se guardan en memoria, para abrirlas otra vez al instante
_read: OrderedDict[Hashable, Explored] = OrderedDict()


@dataclass
class Session:
    """Una imagen que se explora. ``opening`` es lo que se sabe de ella antes de leerla."""

    opening: Explored
    _client: docker.DockerClient | None = None
    _info: EngineInfo | None = None
    _quick: QuickSizes | None = None
    _steps: tuple[Paso, ...] = ()
    _place: Path | None = None
    _name: str = ""
    _opened: Opened | None = None
    _found: Explored | None = None
    _answers: Answers | None = field(default=None, repr=False)

    @classmethod
    def of_engine(
        cls,
        client: docker.DockerClient,
        info: EngineInfo,
        quick: QuickSizes,
        asked: str | Construccion,
    ) -> Session:
        """La de una imagen del motor, con los tamaños que él dice."""
        steps = [step for step in quick.steps if step.leaves_layer]
        if len(steps) == len(quick.diff_ids):
            told = masked([step.created_by for step in steps])
            layers = tuple(
                LayerRow(said, step.reported_bytes) for said, step in zip(told, steps, strict=True)
            )
        else:
            layers = ()
        opening = Explored(tag_of(asked), info.label, layers, quick.reported_bytes)
        made = asked.pasos if isinstance(asked, Construccion) else ()
        return cls(opening, _client=client, _info=info, _quick=quick, _steps=made)

    @classmethod
    def of_archive(cls, place: Path, name: str) -> Session:
        """La de un archivo de imagen o una carpeta de OCI: hasta leerlo no se sabe nada."""
        return cls(Explored(name or place.name, NO_ENGINE), _place=place, _name=name)

    def read(self, progress: ProgressCallback) -> Explored:
        """La imagen leída entera; si se leyó hace poco en este proceso, la misma."""
        key = self._key()
        if self._place is not None:
            self._opened = open_archive(self._place, self._name, progress=progress)
        found = _read.pop(key, None) or self._build(progress)
        _read[key] = found
        while len(_read) > _KEPT:
            _read.popitem(last=False)
        self._found, self._answers = found, Answers(found, self._peek, self._card)
        return found

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Lo que se contesta a la página. Lanza ``MultietapaError`` si no se puede."""
        if self._answers is None:
            raise MultietapaError("Todavía se está leyendo la imagen.")
        with talking("leía un archivo de la imagen"), many_values():
            return self._answers(asked)

    def content(self, node: Node, layer: int, *, whole: bool) -> Content:
        """El contenido de una versión de un archivo; ``whole``: aunque haya que pedir la imagen entera."""
        version = next(one for one in reversed(node.versions) if one.layer == layer)
        if self._opened is not None:
            return self._opened.content(layer, version.entry)
        visible = version.hidden_by is None
        if not visible and not whole:
            why = (
                "Ningún contenedor ve esta versión: para leerla hay que pedir al motor la imagen entera, con "
                f'resultado.contenido("/{node.path}", capa={layer + 1}).'
            )
            return Content(node.path, version.entry.size, None, why)
        assert self._client is not None  # no es de un archivo
        return peek(self._client, self._image, layer, version.entry, visible=visible)

    @property
    def _image(self) -> MeasuredImage:
        assert self._found is not None  # solo se pregunta por lo que se leyó
        assert self._found.tree is not None
        return self._found.tree.image

    def _key(self) -> Hashable:
        if self._place is not None:
            status = self._place.stat()
            return (str(self._place.resolve()), status.st_mtime_ns, status.st_size, self._name)
        assert self._quick is not None  # no es de un archivo
        return (self._quick.image_id, self.opening.name, self.opening.source, self._steps)

    def _build(self, progress: ProgressCallback) -> Explored:
        image, stages = self._measured(progress)
        progress("Poniendo unas capas sobre otras", 0, 0)
        stacked = tree(image, stages=stages)
        progress("Sumando lo que pesa cada carpeta", 0, 0)
        return explored(self.opening.name, self.opening.source, stacked)

    def _measured(self, progress: ProgressCallback) -> tuple[MeasuredImage, Mapping[int, str] | None]:
        """La imagen, y de qué etapa copia cada línea si se sabe con qué pasos se construyó."""
        if self._opened is not None:
            return self._opened.image, None
        assert self._client is not None  # no es de un archivo
        assert self._quick is not None
        image = measure(
            self._client,
            self._quick.image_id,
            info=self._info,
            transfer=False,
            progress=progress,
            quick=self._quick,
        )
        if not self._steps:
            return image, None
        return replace(image, lines=layer_lines(image, self._steps)), copied(self._steps)

    def _peek(self, layer: int, node: Node) -> tuple[str | None, str]:
        content = self.content(node, layer, whole=False)
        if content.text is None:
            return None, content.why
        hidden = text.count(content.masked, "secreto tapado", "secretos tapados")
        return content.text, f"{text.size(content.size)}{f', con {hidden}' if content.masked else ''}"

    def _card(self, _layer: int, node: Node) -> str:
        return f"Lo trajo {brought}" if (brought := self.package(node)) else ""

    def package(self, node: Node) -> str:
        """El paquete que trajo un archivo que se ve, con su versión y su familia, o ``""`` si no se sabe."""
        found = self._owners.package(node.path) if node.entry is not None else None
        return f"{found.name} {found.version}".strip() + f" ({found.family})" if found else ""

    @cached_property
    def _owners(self) -> Owners:
        assert self._found is not None  # solo se pregunta por lo que se leyó
        assert self._found.tree is not None
        return Owners(self._found.tree)


def copied(steps: tuple[Paso, ...]) -> dict[int, str]:
    """De qué etapa o imagen copia cada línea, por los pasos con los que se construyó."""
    found = ((step.linea, _FROM.match(step.texto)) for step in steps)
    return {line: match[1] for line, match in found if line is not None and match}
