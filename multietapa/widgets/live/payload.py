"""Lo que viaja al widget de las etapas en marcha, acotado: lo que cambia, y lo que se sabe al final."""

from __future__ import annotations

from typing import Any

from multietapa import text
from multietapa.build.state import BuildPhase, one_line
from multietapa.build.step import Status, Step
from multietapa.build.timeline import StageStatus, Timeline
from multietapa.dockerfile.graph import NodeKind
from multietapa.widgets.build.travel import activity, cut, detail
from multietapa.widgets.build.words import ICONS, head, shown_warnings, step_size, tail, took
from multietapa.widgets.inline import inline
from multietapa.widgets.lanes.words import LEGEND as STRIP_LEGEND
from multietapa.widgets.lanes.words import (
    lane_numbers,
    lanes,
    path_of,
    path_sentence,
    path_steps,
    stage_called,
    together_sentences,
)
from multietapa.widgets.live.picture import CONTEXT, draw
from multietapa.widgets.live.value import Staged
from multietapa.widgets.live.words import (
    CALCULATED,
    IN_ROW,
    LEGEND,
    amounts,
    bytes_sentences,
    change_label,
    change_options,
    change_sentence,
    headline_of,
    left_out,
    looks,
)
from multietapa.widgets.stages.words import STILL, TOO_MUCH, notes, subject, takes

_MOST_STEPS, _NAME, _LOG, _LOG_DONE = 70, 70, 8_000, 3_000
_MOST_NOTES, _TAKES = 12, 100
_MOVING = "Dibujo: con las flechas se va de un nodo a otro, y con Intro se abre"
_ROOM = 7_000
"""Los caracteres de lo que se repetiría con cada línea: el cuaderno los guarda."""


def opening(plan: Staged, line: Timeline) -> dict[str, Any]:
    """Lo que no cambia: el dibujo vacío, en qué orden se recorre y qué se lee de cada nodo."""
    svg = draw(plan.scene, _MOVING, looks(plan, line), amounts(plan, line), live=True)
    return {
        "picture": svg,
        "order": list(plan.scene.order),
        "info": {
            "nodes": [_info(plan, at) for at in range(len(plan.scene.nodes))] if svg else [],
            "legend": [inline(each) for each in (*(LEGEND if svg else ()), *STRIP_LEGEND)],
            "notes": [
                *(note for note in notes(plan.stages) if note != STILL),
                *([] if svg else [TOO_MUCH]),
                *([IN_ROW] if plan.classic else []),
                *_some(left_out(plan, line)),
            ],
        },
    }


def payload(plan: Staged, line: Timeline, elapsed: float) -> dict[str, Any]:
    """Lo que cambia mientras se construye."""
    state = line.state
    room = _LOG_DONE if state.phase is BuildPhase.DONE else _LOG
    return {
        "head": {**head(state, plan.request, elapsed), **_progress(plan, line)},
        "nodes": _nodes(plan, line) if plan.scene.drawn else [],
        "amounts": {str(at): said for at, said in amounts(plan, line).items()},
        "lanes": lanes(line),
        "steps": _steps(plan, line),
        "log": _log(tail(state.log), room),
        "warnings": shown_warnings(state.warnings),
        "after": after(plan, line),
    }


def after(plan: Staged, line: Timeline) -> dict[str, Any]:
    """Lo que solo se sabe al final: el camino crítico, los bytes y lo que repetiría cada línea."""
    if not line.state.phase.over:
        return {}
    chain = path_of(line)
    hot = {line.owner.get(step.id, "") for step in chain.steps}
    return {
        "path": path_sentence(line, chain),
        "steps": [
            dict(zip(("stage", "text", "took"), each, strict=True)) for each in path_steps(line, chain)
        ],
        "hot": [at for at, node in enumerate(plan.scene.nodes) if node.key in hot],
        "notes": _some([*together_sentences(line), *bytes_sentences(plan, line)]),
        "changes": _changes(plan, line),
        "calculated": CALCULATED,
    }


def _changes(plan: Staged, line: Timeline) -> list[dict[str, Any]]:
    numbers, at = dict[str, int](), 0
    for key, steps in _shown_steps(line).items():
        numbers |= {step.id: at + n for n, step in enumerate(steps)}
        at += len(steps) + (len(line.stage(key).steps) > len(steps))
    rows = {node.key: at for at, node in enumerate(plan.scene.nodes)}
    lane = lane_numbers(line)
    found, room = list[dict[str, Any]](), _ROOM
    for instruction, again in change_options(line):
        touched = []
        for key in again.stages:
            own = [step for step in again.steps if line.owner[step.id] == key]
            said = f"repite {text.count(len(own), 'paso', 'pasos')}"
            touched.append([rows[key], lane.get(key, -1), said])
        one = {
            "line": instruction.line,
            "label": change_label(instruction),
            "says": change_sentence(line, again),
            "stages": touched,
            "steps": [numbers[step.id] for step in again.steps if step.id in numbers],
        }
        room -= len(str(one))
        if room < 0:
            break
        found.append(one)
    return found


def _progress(plan: Staged, line: Timeline) -> dict[str, Any]:
    steps = [step for stage in line.stages for step in stage.steps]
    done = sum(step.status in (Status.DONE, Status.CACHED) for step in steps)
    fraction = round(done / len(steps), 3) if steps else 0
    return {"says": headline_of(plan, line), "fraction": fraction}


def _nodes(plan: Staged, line: Timeline) -> list[dict[str, Any]]:
    found = []
    for node, look in zip(plan.scene.nodes, looks(plan, line), strict=True):
        about: dict[str, Any] = {"status": look.status, "mark": look.mark, "more": look.more}
        stage = line.stage(node.key) if node.kind is NodeKind.STAGE else None
        if stage and stage.status is StageStatus.RUNNING and stage.open is not None:
            about |= {"work": round(stage.work, 2), "open": round(stage.open, 2)}
        found.append(about)
    return found


def _info(plan: Staged, at: int) -> dict[str, Any]:
    """Lo que se lee al abrir un nodo, además de sus pasos."""
    node = plan.scene.nodes[at]
    if node.kind is not NodeKind.STAGE:
        title = node.name.capitalize() if node.key == CONTEXT else node.name
        return {"name": node.name, "title": title, "takes": ""}
    taken = [edges for edges in plan.stages.lines() if edges[0].target == node.key]
    title = subject(plan.stages, node).removesuffix(",")
    said = "; ".join(takes(plan.stages, edges) for edges in taken)
    return {"name": node.name, "title": title, "takes": cut(f"{said[:1].upper()}{said[1:]}", _TAKES)}


def _some(said: list[str]) -> list[str]:
    """Las frases que caben; las demás se cuentan."""
    hidden = len(said) - _MOST_NOTES
    return [*said[:_MOST_NOTES], f"Y {hidden} frases más."] if hidden > 1 else said


def _shown_steps(line: Timeline) -> dict[str, list[Step]]:
    """Los pasos que caben de cada etapa, por su ``key``."""
    made = [stage for stage in line.stages if stage.steps]
    most = max(3, _MOST_STEPS // max(len(made), 1))
    return {stage.key: list(stage.steps[:most]) for stage in made[: _MOST_STEPS // 2]}


def _steps(plan: Staged, line: Timeline) -> list[dict[str, Any]]:
    """Los pasos que caben de cada etapa; los demás se cuentan."""
    found = list[dict[str, Any]]()
    for key, steps in _shown_steps(line).items():
        found += [_step(plan, line, step) for step in steps]
        if hidden := len(line.stage(key).steps) - len(steps):
            more = f"… y {text.count(hidden, 'paso', 'pasos')} más"
            found.append({"n": _number(plan, key), "text": more, "mark": "", "took": ""})
    return found


def _number(plan: Staged, key: str) -> int:
    return next(at for at, node in enumerate(plan.scene.nodes) if node.key == key)


def _step(plan: Staged, line: Timeline, step: Step) -> dict[str, Any]:
    key = line.owner[step.id]
    shown: dict[str, Any] = {
        "n": _number(plan, key),
        "stage": stage_called(line.stage(key)),
        "text": cut(one_line(step.name), _NAME),
        "status": step.status.name.lower(),
        "mark": f"{ICONS[step.status]} {step.status.value}",
        "line": step.line,
        "took": " · ".join(filter(None, (took(step), step_size(step)))),
    }
    if step.status is Status.RUNNING:
        shown["open"] = round(step.started, 2)
        shown["doing"] = activity(line.state, step)[0]
    elif about := detail(line.state, step):
        shown["doing"] = about
    return shown


def _log(log: list[str], room: int) -> list[str]:
    kept: list[str] = []
    for said in reversed(log):
        room -= len(said) + 1
        if room < 0:
            break
        kept.append(said)
    return kept[::-1]
