"""Construcciones de muestra, por etapas: para mirar el widget sin motor y para las pruebas que lo dibujan.

Los pasos, tiempos y bytes se parecen a los de la tienda; no son los de ninguna construcción concreta.
"""

from __future__ import annotations

import functools

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
    StepStarted,
)
from multietapa.build.state import BuildState, cancelling, reduce, sized
from multietapa.dockerfile.stages import parse
from multietapa.widgets.build.words import Request, recording_label
from multietapa.widgets.lanes.words import Built
from multietapa.widgets.live.live import LiveView
from multietapa.widgets.live.value import Staged, stages_of

_ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
REQUEST = Request("tienda:multietapa", _ENGINE)
_RECORDED = Request(
    "tienda:multietapa", "", recording=recording_label(_ENGINE, "amd64", "2026-03-01T10:00:00+00:00")
)
TEXT = """\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:14-alpine AS deps
COPY package*.json ./
RUN npm ci --only=production

FROM build AS pruebas
RUN npm test

FROM node:14-alpine
WORKDIR /app
COPY --from=deps /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
"""
_I = StepKind.INSTRUCTION
_PLAN: tuple[Event, ...] = (
    StepDeclared("contexto", "[interno] recibir el contexto", StepKind.INTERNAL, folder=MAIN_FOLDER),
    StepDeclared("b1", "FROM node:14", StepKind.FROM, "build", 1),
    StepDeclared("b2", "WORKDIR /app", _I, "build", 2, ("b1",)),
    StepDeclared("b3", "COPY package*.json ./", _I, "build", 3, ("b2", "contexto")),
    StepDeclared("b4", "RUN npm ci", _I, "build", 4, ("b3",)),
    StepDeclared("b5", "COPY . .", _I, "build", 5, ("b4", "contexto")),
    StepDeclared("b6", "RUN npm run build", _I, "build", 6, ("b5",)),
    StepDeclared("d1", "FROM node:14-alpine", StepKind.FROM, "deps", 8),
    StepDeclared("d2", "COPY package*.json ./", _I, "deps", 9, ("d1", "contexto")),
    StepDeclared("d3", "RUN npm ci --only=production", _I, "deps", 10, ("d2",)),
    StepDeclared("f1", "FROM node:14-alpine", StepKind.FROM, "stage-3", 15),
    StepDeclared("f2", "WORKDIR /app", _I, "stage-3", 16, ("f1",)),
    StepDeclared("f3", "COPY --from=deps /app/node_modules ./node_modules", _I, "stage-3", 17, ("f2", "d3")),
    StepDeclared("f4", "COPY --from=build /app/dist ./dist", _I, "stage-3", 18, ("f3", "b6")),
)
_SENT = ContextSent(MAIN_FOLDER, 1, 1_204, 31, 92_817, complete=True)
HALF: tuple[Event, ...] = (
    *_PLAN,
    StepStarted("contexto", 0.0),
    _SENT,
    StepFinished("contexto", 0.4, 0.4),
    StepFinished("b1", 0.5, 0.0),
    StepFinished("d1", 0.5, 0.0),
    StepFinished("f1", 0.5, 0.0),
    StepFinished("b2", 0.6, 0.0, cached=True),
    StepFinished("f2", 0.6, 0.0, cached=True),
    StepFinished("b3", 0.9, 0.3),
    StepFinished("d2", 0.8, 0.2),
    StepStarted("b4", 0.9),
    StepStarted("d3", 0.9),
    LogLine("b4", "npm WARN deprecated har-validator@5.1.5: this library is no longer supported"),
    LogLine("d3", "added 85 packages in 4s"),
    BuildWarning('Mejor en forma de lista, como «["npm", "start"]». (JSONArgsRecommended)', 19),
)
DONE: tuple[Event, ...] = (
    *HALF,
    StepFinished("d3", 5.3, 4.4),
    StepFinished("b4", 12.3, 11.4),
    StepFinished("b5", 12.5, 0.2),
    StepFinished("b6", 18.9, 6.4),
    StepFinished("f3", 5.9, 0.6),
    StepFinished("f4", 19.1, 0.2),
    StepDeclared("exportar", "exportar la imagen", StepKind.EXPORT),
    StepStarted("exportar", 19.1),
    StepFinished("exportar", 19.7, 0.6),
    BuildFinished("sha256:8c1e5d7f2b90aa34", 19.8),
)
_FAILED: tuple[Event, ...] = (
    *HALF,
    LogLine("b4", "npm ERR! code ERESOLVE"),
    StepFinished("d3", 3.1, 2.2, error="process did not complete: context canceled"),
    StepFinished("b4", 3.0, 2.1, error="exit code: 1"),
    BuildFailed("La orden «npm ci» terminó con el código 1.", 3.1, "b4", 4),
)
_SIZES = {"f1": 117_200_000, "f2": 0, "f3": 6_900_000, "f4": 214_000}


def _state(*events: Event) -> BuildState:
    return functools.reduce(reduce, events, BuildState())


def running() -> BuildState:
    """A medias: dos etapas a la vez, y la última a la espera de las dos."""
    return _state(*HALF)


def cold(seconds: float = 19.8) -> BuildState:
    """Terminada, sin nada en la caché."""
    end = BuildFinished("sha256:8c1e5d7f2b90aa34", seconds)
    return sized(_state(*DONE[:-1], end), 124_314_000, _SIZES, 117_200_000)


def warm() -> BuildState:
    """La misma, otra vez y sin cambios: todo sale de la caché."""
    steps = [event.id for event in _PLAN if isinstance(event, StepDeclared)]
    events = [StepFinished(id_, 0.3, 0.0, cached=id_ not in ("contexto", "b1", "d1", "f1")) for id_ in steps]
    return sized(
        _state(*_PLAN, _SENT, *events, BuildFinished("sha256:8c1e5d7f2b90aa34", 0.6)),
        124_314_000,
        _SIZES,
        117_200_000,
    )


def failing() -> BuildState:
    """Falló una etapa, y la otra se paró."""
    return _state(*_FAILED)


def in_row() -> BuildState:
    """Con el constructor clásico: todas las etapas, una detrás de otra."""
    events: list[Event] = []
    source, at = parse(TEXT), 0.0
    for stage in source.stages:
        for n, instruction in enumerate((stage.opening, *stage.instructions)):
            id_, spent = f"paso-{len(events)}", 4.0 if instruction.keyword == "RUN" else 0.2
            kind = _I if n else StepKind.FROM
            events.append(StepDeclared(id_, instruction.text, kind, stage.label, instruction.line))
            events += [StepStarted(id_, at), StepFinished(id_, at + spent, spent)]
            at += spent
    return _state(*events, BuildFinished("sha256:8c1e5d7f2b90aa34", at))


def staged(request: Request = REQUEST, *, classic: bool = False, target: str | None = None) -> Staged:
    """Lo que se pide construir."""
    return stages_of(request, parse(TEXT), target, classic=classic)


def built(request: Request, state: BuildState) -> Built:
    """Una construcción terminada."""
    return staged(request).ended(state)


def _shown(plan: Staged, state: BuildState, elapsed: float = 0.0) -> LiveView:
    view = LiveView(plan)
    if state.phase.over:
        view.finish(state)
    else:
        view.show(state, elapsed)
    return view


def views() -> dict[str, LiveView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    chosen = _shown(staged(), cold())
    chosen.change = 5
    return {
        "antes de empezar": _shown(staged(), BuildState()),
        "en marcha": _shown(staged(), running(), 4.2),
        "cancelando": _shown(staged(), cancelling(running()), 4.4),
        "terminada": _shown(staged(), cold()),
        "si cambiara una línea": chosen,
        "falló": _shown(staged(), failing()),
        "otra vez, de la caché": _shown(staged(), warm()),
        "grabación": _shown(staged(_RECORDED), cold()),
        "el clásico": _shown(
            staged(Request("tienda:multietapa", _ENGINE, builder="constructor clásico"), classic=True),
            in_row(),
        ),
    }
