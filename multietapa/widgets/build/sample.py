"""Construcciones de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Los pasos, tiempos y bytes se parecen a los de la tienda; no son los de ninguna construcción concreta.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from multietapa.build.events import (
    MAIN_FOLDER,
    BuildFailed,
    BuildFinished,
    BuildWarning,
    ContextSent,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.memory.why import Cause, Place, Why
from multietapa.build.progress import DOWNLOADING, OPENED, OPENING, WAITING
from multietapa.build.state import BuildState, cancelling, reduce, sized
from multietapa.widgets.build.build import BuildView
from multietapa.widgets.build.words import Request, recording_label

_ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
REQUEST = Request("tienda:multietapa", _ENGINE)
_RECORDED = Request(
    "tienda:multietapa", "", recording=recording_label(_ENGINE, "amd64", "2026-03-01T10:00:00+00:00")
)
_LONG = (
    "RUN node --max-old-space-size=512 ./node_modules/.bin/tsc --project tsconfig.json && node scripts/x.js"
)

_WARNING = BuildWarning(
    'Mejor en forma de lista, como ["npm", "start"]: el proceso recibe las señales. (JSONArgsRecommended)',
    14,
    "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
)
_PLAN: tuple[Event, ...] = (
    StepDeclared("contexto", "[interno] recibir el contexto", StepKind.INTERNAL, folder=MAIN_FOLDER),
    StepDeclared("b1", "FROM node:14", StepKind.FROM, "build", 2),
    StepDeclared("b2", "WORKDIR /app", StepKind.INSTRUCTION, "build", 3),
    StepDeclared("b3", "COPY package.json package-lock.json ./", StepKind.INSTRUCTION, "build", 4),
    StepDeclared("b4", "RUN npm ci", StepKind.INSTRUCTION, "build", 5),
    StepDeclared("b5", _LONG, StepKind.INSTRUCTION, "build", 7),
    StepDeclared("f1", "FROM node:14-alpine", StepKind.FROM, "stage-1", 10),
    StepDeclared("f2", "COPY --from=build /app/dist ./dist", StepKind.INSTRUCTION, "stage-1", 12),
    StepDeclared("exportar", "exportar la imagen", StepKind.EXPORT),
    _WARNING,
)
_HALF: tuple[Event, ...] = (
    *_PLAN,
    StepStarted("contexto", 0.0),
    ContextSent(MAIN_FOLDER, 1, 1_204, 31, 92_817, complete=True),
    StepFinished("contexto", 0.42, 0.42),
    StepFinished("b1", 0.5, 0.0),
    StepFinished("f1", 0.5, 0.0),
    StepFinished("b2", 0.6, 0.0, cached=True),
    StepFinished("b3", 0.9, 0.3),
    StepStarted("b4", 0.9),
    LogLine("b4", "npm WARN deprecated har-validator@5.1.5: this library is no longer supported"),
)
_ARRIVING: tuple[Event, ...] = (
    *_PLAN,
    StepStarted("contexto", 0.1),
    ContextSent(MAIN_FOLDER, 1_204, 37_200_000, 3_120, 91_400_000),
    StepStarted("b1", 0.2),
    StepProgress("b1", "04cf545ee114", 53_500_000, 53_500_000, OPENED),
    StepProgress("b1", "37131433c894", 19_900_000, 19_900_000, OPENING),
    StepProgress("b1", "fd79e8318ca4", 31_400_000, 198_000_000, DOWNLOADING),
    StepProgress("b1", "a1d0c7532777", 0, 2_400_000, WAITING),
)
_DONE: tuple[Event, ...] = (
    *_HALF,
    LogLine("b4", "added 412 packages in 11s"),
    StepFinished("b4", 12.3, 11.4),
    StepStarted("b5", 12.3),
    StepFinished("b5", 71.9, 59.6),
    StepStarted("f2", 71.9),
    StepFinished("f2", 72.3, 0.4),
    StepFinished("exportar", 72.9, 0.6),
    BuildFinished("sha256:8c1e5d7f2b90aa34", 73.0),
)
_FAILED: tuple[Event, ...] = (
    *_HALF,
    LogLine("b4", "npm ERR! code ERESOLVE"),
    StepFinished("b4", 12.0, 11.1, error="exit code: 1"),
    BuildFailed("La orden «npm ci» terminó con el código 1.", 12.0, "b4", 5),
)


def _state(*events: Event) -> BuildState:
    return functools.reduce(reduce, events, BuildState())


def _shown(request: Request, state: BuildState, elapsed: float) -> BuildView:
    view = BuildView(request)
    if state.phase.over:
        view.finish(state)
    else:
        view.show(state, elapsed)
    return view


def views() -> dict[str, BuildView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    running = _state(*_HALF, StepProgress("b4", "descargar paquetes", 31_400_000, 84_000_000))
    done = sized(_state(*_DONE), 124_300_000, {"f1": 117_200_000, "f2": 7_100_000})
    why = Why(Cause.FILES, changed=("package.json",), new=("package-lock.json",))
    because = {"b3": why, "b4": why.blaming(Place("COPY package.json package-lock.json ./", 4))}
    steps = {id_: replace(step, why=because.get(id_)) for id_, step in done.steps.items()}
    return {
        "en marcha": _shown(REQUEST, running, 9.4),
        "cancelando": _shown(REQUEST, cancelling(running), 9.6),
        "terminada": _shown(REQUEST, done, 0.0),
        "con razones": _shown(REQUEST, replace(done, steps=steps), 0.0),
        "falló": _shown(REQUEST, _state(*_FAILED), 0.0),
        "grabación": _shown(_RECORDED, done, 0.0),
        "recibiendo": _shown(REQUEST, _state(*_ARRIVING), 4.2),
    }
