"""Los ejercicios: ``ejercicio("02.1").comprobar(...)``, ``.pista()`` y ``.solucion()``.

Una comprobación construye (o recibe) una imagen, la mide, la arranca si hace falta y dice qué vio. Nunca
lanza un error por culpa de la respuesta: un Dockerfile que no construye es un «todavía no» con su porqué.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import requests

from multietapa.cells.motor import Motor
from multietapa.cells.motor import motor as session_motor
from multietapa.errors import (
    ArchiveError,
    BaseImageError,
    BuildCancelled,
    DiskFullError,
    EngineError,
    MultietapaError,
    UnknownNameError,
)
from multietapa.exercises import content as exercise_content
from multietapa.exercises.bench import CHECKS, Bench, Check, build
from multietapa.exercises.content import Content
from multietapa.exercises.outcome import Observation, Outcome, Resultado, Texto
from multietapa.identity import session_id

# De aquí no tiene culpa quien responde: no se puede comprobar.
_NOT_THEIRS = (
    EngineError,
    BaseImageError,
    DiskFullError,
    BuildCancelled,
    ArchiveError,
    requests.RequestException,
)


@dataclass
class Ejercicio:
    """Un ejercicio: recuerda la última comprobación para que las pistas hablen de ella."""

    content: Content
    check: Check
    engine: Callable[[], Motor]
    _last: Resultado | None = field(default=None, repr=False)
    _given: int = field(default=0, repr=False)

    @property
    def enunciado(self) -> str:
        """Qué hay que conseguir, en Markdown."""
        return self.content.statement

    @property
    def plantilla(self) -> str:
        """El Dockerfile del que se parte."""
        return self.content.template

    @property
    def etiqueta(self) -> str:
        """La etiqueta con la que se construye la respuesta."""
        return f"ejercicio-{self.content.id.replace('.', '-')}:{session_id()}"

    def comprobar(self, x: Any = None) -> Resultado:
        """Comprueba una respuesta.

        ``x`` es el texto de un Dockerfile (se construye con la carpeta de la tienda), un ``Path`` a uno, la
        etiqueta de una imagen o lo que devuelve ``construir``. Vacío o igual que la plantilla: sin empezar.
        """
        self._last, self._given = self._check(x), 0
        return self._last

    def pista(self) -> Texto:
        """Una pista sobre lo observado en la última comprobación; la segunda vez, otra que dice más."""
        hints: tuple[str, ...] = self.content.hints
        if self._last is not None:
            if self._last.passed:
                return Texto("Pista", "Ya lo tienes. Mira .solucion() y compárala con la tuya.")
            hints = next((o.hints for o in self._last.observations if not o.ok and o.hints), hints)[:2]
        number = min(self._given, len(hints) - 1)
        self._given += 1
        return Texto(f"Pista {number + 1} de {len(hints)}", hints[number])

    def solucion(self) -> Texto:
        """Una solución, explicada. Hay más de una."""
        return Texto(
            f"Una solución del ejercicio {self.content.id} (hay otras)",
            self.content.explanation,
            self.content.solution,
        )

    def __repr__(self) -> str:
        return f"Ejercicio {self.content.id}: {self.content.title}\n\n{self.content.statement.strip()}"

    def _repr_markdown_(self) -> str:
        return f"### Ejercicio {self.content.id}: {self.content.title}\n\n{self.content.statement.strip()}"

    def _check(self, x: Any) -> Resultado:
        try:
            x = _read(x) if isinstance(x, Path) else x
        except MultietapaError as problem:
            return self._result(Outcome.NOT_YET, (_broken(problem),))
        if _untouched(x, self.content.template):
            return self._result(Outcome.NOT_STARTED, note="Escribe tu respuesta y vuelve a comprobarla.")
        try:
            engine = self.engine()
            if not engine.available or engine.choice.kind == "grabacion":
                return self._result(
                    Outcome.UNKNOWN, note="Aquí no hay un motor de Docker, y una grabación no demuestra nada."
                )
            try:
                observations = self.check(Bench(engine, self._image(engine, x)))
            except _NOT_THEIRS:
                raise
            except MultietapaError as problem:
                observations = (_broken(problem),)
        except _NOT_THEIRS as problem:
            return self._result(Outcome.UNKNOWN, note=_explain(problem))
        except docker.errors.DockerException as problem:
            return self._result(Outcome.UNKNOWN, note=f"El motor respondió con un error: {problem}")
        passed = bool(observations) and all(o.ok for o in observations)
        result = self._result(Outcome.PASSED if passed else Outcome.NOT_YET, observations)
        return replace(result, engine=engine.info.label if engine.info else "")

    def _result(
        self, outcome: Outcome, observations: tuple[Observation, ...] = (), *, note: str = ""
    ) -> Resultado:
        if outcome is Outcome.NOT_YET:
            note = "Pide una .pista(): habla de lo que se acaba de ver."
        return Resultado(self.content.id, outcome, observations, note)

    def _image(self, engine: Motor, x: Any) -> str:
        """La imagen que hay que mirar; la construye si ``x`` es un Dockerfile."""
        if isinstance(x, str) and _is_dockerfile(x):
            build(engine, x.rstrip() + "\n", self.etiqueta)
            return self.etiqueta
        names = (x, *(getattr(x, name, None) for name in ("imagen", "etiqueta", "id")))
        image = next((name.strip() for name in names if isinstance(name, str) and name.strip()), "")
        try:
            return str(engine.client.api.inspect_image(image)["Id"]) if image else _reject(x)
        except docker.errors.APIError as problem:
            raise UnknownNameError(image, _tags(engine), kind="la imagen") from problem


def ejercicio(id: str, *, motor: Callable[[], Motor] | None = None) -> Ejercicio:
    """El ejercicio con ese número: ``ejercicio("02.1")``; dos llamadas dan el mismo.

    ``motor`` cambia de dónde sale el motor (para pruebas). Lanza :class:`UnknownNameError` con los que hay.
    """
    contents = {content.id: content for content in exercise_content.CONTENTS}
    if id not in contents:
        raise UnknownNameError(id, contents, kind="el ejercicio")
    if motor is not None:
        return Ejercicio(contents[id], CHECKS[id], motor)
    if id not in _open:
        _open[id] = Ejercicio(contents[id], CHECKS[id], session_motor)
    return _open[id]


_open: dict[str, Ejercicio] = {}


def _session_motor() -> Motor:
    from multietapa.cells.motor import motor

    return motor()


def _read(path: Path) -> str:
    """El texto de un Dockerfile guardado. Lanza :class:`MultietapaError` si no se puede leer."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as problem:
        raise MultietapaError(
            f"No existe el archivo «{path}».",
            why=f"se buscó en {path.absolute()}.",
            next_step="Comprueba el nombre y la carpeta, y vuelve a comprobar el ejercicio.",
        ) from problem
    except UnicodeDecodeError as problem:
        raise MultietapaError(
            f"El archivo «{path}» no es texto UTF-8.",
            next_step="Ábrelo en un editor, guárdalo con la codificación UTF-8 y vuelve a comprobarlo.",
        ) from problem
    except OSError as problem:
        raise MultietapaError(
            f"No se puede leer el archivo «{path}».",
            detail=str(problem),
            next_step="Pasa la ruta de un Dockerfile que tu usuario pueda leer, o su texto.",
        ) from problem


def _meaningful(source: str) -> list[str]:
    lines = (line.strip() for line in source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _untouched(x: Any, template: str) -> bool:
    if x is None or x is ...:
        return True
    return isinstance(x, str) and (not _meaningful(x) or _meaningful(x) == _meaningful(template))


def _is_dockerfile(source: str) -> bool:
    return "\n" in source.strip() or "FROM" in source.upper().split()


def _reject(x: Any) -> str:
    raise MultietapaError(
        f"No sé comprobar un valor de tipo «{type(x).__name__}».",
        next_step=(
            "Pasa el texto de un Dockerfile, la etiqueta de una imagen o lo que devuelve construir(...)."
        ),
    )


def _tags(engine: Motor) -> list[str]:
    return sorted(tag for image in engine.client.images.list() for tag in image.tags)[:12]


def _broken(problem: MultietapaError) -> Observation:
    line = getattr(problem, "line", None)
    where = f" Mira la línea {line} de tu Dockerfile." if line else ""
    second = problem.next_step or "Arregla primero ese error: hasta entonces no hay imagen que mirar."
    return Observation(False, str(problem), (f"Todavía no hay imagen: {problem.what}{where}", second))


def _explain(problem: BaseException) -> str:
    if isinstance(problem, MultietapaError):
        return str(problem)
    return (
        f"Se perdió la conexión con el motor ({type(problem).__name__}). Comprueba que sigue "
        "encendido y repite."
    )
