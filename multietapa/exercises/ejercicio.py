"""Los ejercicios: ``ejercicio("02.1").comprobar(...)``, ``.pista()`` y ``.solucion()``.

Una comprobación construye (o recibe) una imagen, la mide, la arranca si hace falta y dice qué vio. Nunca
lanza un error por culpa de la respuesta: un Dockerfile que no construye es un «todavía no» con su porqué.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import requests

from multietapa.apps import app as find_app
from multietapa.bases.reporting import ReportProgress
from multietapa.cells.calls import offered
from multietapa.cells.motor import Motor
from multietapa.cells.motor import motor as session_motor
from multietapa.containers.crash import of_step
from multietapa.errors import (
    ArchiveError,
    BuildCancelled,
    BuildError,
    ContextError,
    DeployError,
    DiskFullError,
    EngineError,
    EngineLimitError,
    MultietapaError,
    NetworkError,
    RegistryError,
    UncheckableError,
)
from multietapa.exercises import answer, catalogue
from multietapa.exercises.bench import Bench
from multietapa.exercises.buttons import Buttons
from multietapa.exercises.content import Content
from multietapa.exercises.excuses import excuse
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.form import DOCKERFILE, Form
from multietapa.exercises.outcome import Observation, Outcome, Resultado, Texto
from multietapa.exercises.status import status_line
from multietapa.identity import session_id
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.adapters.ipython import variable

# De aquí no tiene culpa quien responde: no se puede comprobar.
_NOT_THEIRS = (
    EngineError,
    EngineLimitError,
    NetworkError,
    DiskFullError,
    BuildCancelled,
    ArchiveError,
    RegistryError,
    DeployError,
    UncheckableError,
    requests.RequestException,
)


@dataclass
class Ejercicio:
    """Un ejercicio: recuerda la última comprobación para que las pistas hablen de ella."""

    exercise: Exercise
    engine: Callable[[], Motor]
    _last: Resultado | None = field(default=None, repr=False)
    _given: int = field(default=0, repr=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def content(self) -> Content:
        """Sus textos."""
        return self.exercise.content

    @property
    def enunciado(self) -> str:
        """Qué hay que conseguir, en Markdown."""
        return self.content.statement

    @property
    def plantilla(self) -> str:
        """La respuesta de la que se parte: un Dockerfile, casi siempre."""
        return self.content.template

    @property
    def etiqueta(self) -> str:
        """La etiqueta con la que se construye la respuesta."""
        return f"ejercicio-{self.exercise.id.replace('.', '-')}:{session_id()}"

    @offered(
        'ejercicio("02.1").comprobar(respuesta_1)',
        interrupted="el ejercicio se quedó sin comprobar, y no queda nada en marcha.",
    )
    def comprobar(self, x: Any = None) -> Resultado:
        """Comprueba una respuesta.

        ``x`` es el texto de un Dockerfile (se construye en la carpeta de su aplicación), un ``Path`` a uno,
        la etiqueta de una imagen o lo que devuelve ``construir``. Si el ejercicio pide otro archivo, su texto
        o un ``Path`` a él. Vacío o igual que la plantilla, sin empezar.
        """
        if not self._one_at_a_time.acquire(blocking=False):
            note = "Ya se está comprobando (con su botón, o en otra celda): espera a que acabe y repite."
            return self._result(Outcome.UNKNOWN, note=note)
        try:
            self._last, self._given = self._check(x), 0
            return self._last
        finally:
            self._one_at_a_time.release()

    @offered('ejercicio("02.1").pista()')
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

    @offered('ejercicio("02.1").solucion()')
    def solucion(self) -> Texto:
        """Una solución, explicada. Hay más de una."""
        return Texto(
            f"Una solución del ejercicio {self.exercise.id} (hay otras)",
            self.content.explanation,
            self.content.solution,
            self.exercise.form.language,
        )

    def __repr__(self) -> str:
        return f"Ejercicio {self.exercise.id}: {self.content.title}\n\n{self.content.statement.strip()}"

    def _repr_markdown_(self) -> str:
        return f"### Ejercicio {self.exercise.id}: {self.content.title}\n\n{self.content.statement.strip()}"

    def buttons(self) -> Buttons:
        """Los botones que hacen lo mismo que ``comprobar``, ``pista`` y ``solucion``."""
        return Buttons(
            self.exercise.id,
            name=f"respuesta_{int(self.exercise.id.rpartition('.')[2])}",
            value=variable,
            check=self.comprobar,
            hint=self.pista,
            solution=self.solucion,
        )

    def _ipython_display_(self) -> None:
        """El enunciado y, en un cuaderno, sus botones."""
        from IPython.display import display

        display({"text/plain": repr(self), "text/markdown": self._repr_markdown_()}, raw=True)
        if in_notebook():
            display(self.buttons())

    def _check(self, x: Any) -> Resultado:
        try:
            x = answer.read(x) if isinstance(x, Path) else x
        except MultietapaError as problem:
            return self._result(Outcome.NOT_YET, (_broken(problem),))
        if answer.untouched(x, self.content.template):
            return self._result(Outcome.NOT_STARTED, note="Escribe tu respuesta y vuelve a comprobarla.")
        tell = status_line()
        try:
            return self._judge(x, tell)
        except docker.errors.DockerException as problem:  # primero: también es de requests
            return self._result(Outcome.UNKNOWN, note=f"El motor respondió con un error: {problem}")
        except _NOT_THEIRS as problem:
            return self._result(Outcome.UNKNOWN, note=_explain(problem))
        finally:
            tell.close()

    def _judge(self, x: Any, tell: ReportProgress) -> Resultado:
        """Construye (si hace falta), mira y dice cómo acabó. Lo que no es culpa suya, lo lanza."""
        app, engine = find_app(self.exercise.app), self.engine()
        if not engine.available or engine.choice.kind == "grabacion":
            return self._result(
                Outcome.UNKNOWN, note="Aquí no hay un motor de Docker, y una grabación no demuestra nada."
            )
        try:
            given, form = self.exercise.given, self.exercise.form
            built = answer.image_of(engine, x, app=app, tag=self.etiqueta, given=given, form=form)
            bench = Bench(
                engine,
                built.image,
                app,
                steps=built.steps,
                unused=built.unused,
                dockerfile=built.dockerfile,
                given=built.given,
                tell=tell,
            )
            observations = self.exercise.check(bench)
        except _NOT_THEIRS:
            raise
        except MultietapaError as problem:
            if limit := excuse(engine.client, x, problem):
                return self._result(Outcome.UNKNOWN, note=limit)
            observations = (_broken(problem, form),)
        passed = bool(observations) and all(o.ok for o in observations)
        result = self._result(Outcome.PASSED if passed else Outcome.NOT_YET, observations)
        return replace(result, engine=engine.info.label if engine.info else "")

    def _result(
        self, outcome: Outcome, observations: tuple[Observation, ...] = (), *, note: str = ""
    ) -> Resultado:
        if outcome is Outcome.NOT_YET:
            note = "Pide una .pista(): habla de lo que se acaba de ver."
        return Resultado(self.exercise.id, outcome, observations, note)


@offered('ejercicio("02.1")')
def ejercicio(id: str, *, motor: Callable[[], Motor] | None = None) -> Ejercicio:
    """El ejercicio con ese número: ``ejercicio("02.1")``; dos llamadas dan el mismo.

    ``motor`` cambia de dónde sale el motor (para pruebas). Lanza :class:`UnknownNameError` con los que hay.
    """
    if motor is not None:
        return Ejercicio(catalogue.exercise(id), motor)
    if id not in _open:
        _open[id] = Ejercicio(catalogue.exercise(id), session_motor)
    return _open[id]


_open: dict[str, Ejercicio] = {}


def _broken(problem: MultietapaError, form: Form = DOCKERFILE) -> Observation:
    """Lo que no construye: la primera pista nombra la línea decisiva de lo que escribió el paso que falló."""
    line = getattr(problem, "line", None)
    told = not line or f"línea {line}" in problem.what
    where = "" if told else f" Mira la línea {line} de tu Dockerfile."
    second = problem.next_step or "Arregla primero ese error: hasta entonces no hay imagen que mirar."
    said = ""
    if isinstance(problem, BuildError) and (crash := of_step(problem.log)):
        said, second = f" {crash.said}", crash.step
    if form.file and isinstance(problem, BuildError) and not isinstance(problem, ContextError):
        second = (
            "El Dockerfile está dado y no le falta nada: mira qué archivo necesita ese paso, y qué línea de "
            f"tu {form.name} lo deja fuera."
        )
    return Observation(False, str(problem), (f"Todavía no hay imagen: {problem.what}{where}{said}", second))


def _explain(problem: BaseException) -> str:
    if isinstance(problem, MultietapaError):
        return str(problem)
    return (
        f"Se perdió la conexión con el motor ({type(problem).__name__}). Comprueba que sigue "
        "encendido y repite."
    )
