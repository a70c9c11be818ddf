"""Lo que devuelve una construcción."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from multietapa import text
from multietapa.build.events import MAIN_FOLDER, ContextSent
from multietapa.build.follow import View
from multietapa.build.memory.why import phrase
from multietapa.build.state import BuildState
from multietapa.build.step import Status
from multietapa.dockerfile.stages import Dockerfile
from multietapa.engine.model import EngineInfo
from multietapa.errors import BuildError
from multietapa.widgets.build.travel import sent_phrase, summary
from multietapa.widgets.build.words import short_id
from multietapa.widgets.where import ShownInCell

_MAIN = "contexto"


@dataclass(frozen=True)
class Paso:
    """Un paso de una construcción terminada.

    ``segundos`` de trabajo, ``linea`` del Dockerfile o ``None``, y ``bytes`` que añade a la imagen según el
    motor (``None`` si no se sabe, o si su etapa no acaba en la imagen). ``porque``: por qué no salió de la
    caché, comparado con la última construcción de esa carpeta que se recuerda; ``""`` si no se sabe.
    """

    texto: str
    etapa: str
    linea: int | None
    estado: str
    segundos: float
    bytes: int | None = None
    porque: str = ""


@dataclass(frozen=True)
class Envio:
    """Lo que viajó al motor de una carpeta: ``archivos`` y ``bytes``, de los que esa construcción necesitaba.

    Los que faltan hasta ``de_archivos`` ya los tenía el motor, de otra vez. ``carpeta`` es ``"contexto"`` o
    el nombre que se le dio en ``contextos``.
    """

    carpeta: str
    archivos: int
    bytes: int
    de_archivos: int
    de_bytes: int

    def __str__(self) -> str:
        return sent_phrase(self.counted)

    @property
    def counted(self) -> ContextSent:
        """Lo mismo, como lo contó la construcción."""
        numbers = (self.archivos, self.bytes, self.de_archivos, self.de_bytes)
        return ContextSent(self.carpeta, *numbers, complete=True)


@dataclass(frozen=True)
class Construccion(ShownInCell):
    """Una imagen recién construida.

    ``imagen`` es su id (``sha256:...``); ``segundos``, los de pared; ``registro``, todo lo que escribieron
    los pasos; ``motor``, con qué se construyó; ``etapas_sin_usar``, las etapas que nadie usa (por su nombre,
    o su número si no tienen); ``enviado``, lo que viajó de cada carpeta (vacío si el motor no tiene sesiones
    de BuildKit: entonces viaja todo); ``salida``, la carpeta donde quedaron los archivos, si se pidió, y
    ``escrito``, cuántos son y sus bytes. En una grabación, ``grabacion`` es su rótulo y la imagen no existe
    aquí.
    """

    imagen: str
    etiqueta: str
    segundos: float
    pasos: tuple[Paso, ...]
    registro: str = field(repr=False)
    motor: EngineInfo
    grabacion: str = ""
    vista: View | None = field(default=None, repr=False, compare=False)
    etapas_sin_usar: tuple[str, ...] = ()
    enviado: tuple[Envio, ...] = ()
    salida: Path | None = None
    escrito: tuple[int, int] = field(default=(0, 0), repr=False)

    @property
    def de_cache(self) -> int:
        """Cuántos pasos salieron de la caché."""
        return sum(paso.estado == Status.CACHED.value for paso in self.pasos)

    def resumir(self, frase: str) -> None:
        """Pone una frase al final de su vista, en lugar del tamaño provisional: ``Desempaquetado 612 MB``."""
        if self.vista is not None:
            self.vista.note(frase)

    def __repr__(self) -> str:
        cached = f", {self.de_cache} de {len(self.pasos)} pasos de la caché" if self.de_cache else ""
        label = f"{self.grabacion}: " if self.grabacion else ""
        took = text.duration(self.segundos)
        unused = text.join([f"«{name}»" for name in self.etapas_sin_usar])
        many = "las etapas" if len(self.etapas_sin_usar) > 1 else "la etapa"
        left = f"; nadie usa {many} {unused}" if unused else ""
        travelled = summary([each.counted for each in self.enviado])
        sent = f"; {travelled}" if travelled else ""
        built = f"{self.etiqueta} construida en {took}{cached} (imagen {short_id(self.imagen)})"
        return "\n".join([f"{label}{built}{sent}{left}", *self._where_the_files_are()])

    def _where_the_files_are(self) -> list[str]:
        if self.salida is None:
            return []
        files, size = self.escrito
        return [f"{text.count(files, 'archivo', 'archivos')} ({text.size(size)}) en {self.salida}"]


def finished(
    state: BuildState,
    log: str,
    tag: str,
    info: EngineInfo,
    view: View | None,
    *,
    source: Dockerfile | None = None,
    target: str | None = None,
) -> Construccion:
    """Lo que devuelve una construcción terminada. Lanza ``BuildError`` si no dijo qué imagen hizo.

    ``source`` es el Dockerfile, si se pudo leer, y ``target`` hasta qué etapa se construyó.
    """
    if not state.image_id:
        raise BuildError("La construcción acabó sin decir qué imagen hizo.", next_step="Repite la celda.")
    steps = tuple(
        Paso(
            step.name,
            step.stage,
            step.line,
            step.status.value,
            step.seconds or 0.0,
            step.size,
            phrase(step.why) if step.why else "",
        )
        for group in state.groups
        for step in group.steps
        if step.is_instruction
    )
    unused = tuple(stage.name or str(stage.index) for stage in source.unused(target)) if source else ()
    seconds = state.seconds or 0.0
    sent = tuple(
        Envio(
            _MAIN if each.folder == MAIN_FOLDER else each.folder,
            each.files,
            each.bytes,
            each.of_files,
            each.of_bytes,
        )
        for each in state.sent.values()
        if each.complete
    )
    output = state.output
    return Construccion(
        state.image_id,
        tag,
        seconds,
        steps,
        log,
        info,
        vista=view,
        etapas_sin_usar=unused,
        enviado=sent,
        salida=Path(output.folder) if output else None,
        escrito=(output.files, output.bytes) if output else (0, 0),
    )
