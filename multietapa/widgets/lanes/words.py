"""Los tiempos de las etapas dichos con palabras, y sus franjas: lo mismo en el widget y en sus gemelos.

Los segundos son los medidos. El camino crítico y lo que se repetiría son cálculos, y se dicen como tales.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from multietapa import text
from multietapa.build.critical import Chain, critical
from multietapa.build.state import BuildPhase, one_line
from multietapa.build.step import Status, Step
from multietapa.build.timeline import Interval, StageStatus, StageTime, Timeline, measured
from multietapa.widgets.build.travel import cut
from multietapa.widgets.build.words import Request, context, result

ICONS = {
    StageStatus.WAITING: "○",
    StageStatus.RUNNING: "▶",
    StageStatus.DONE: "✓",
    StageStatus.CACHED: "↺",
    StageStatus.SKIPPED: "✕",
    StageStatus.FAILED: "✗",
    StageStatus.CANCELLED: "⊘",
    StageStatus.IDLE: "–",
    StageStatus.SHARED: "–",
}
WORK, CACHED, CRITICAL = 0, 1, 2
"""De qué clase es un rato: de trabajo, de caché o del camino crítico."""
MOST_LANES = 60
_PIECES, _ALL_PIECES, _MOST_PATH = 40, 300, 30
_SHORTEST = 0.05  # segundos; lo que tarda menos no se nombra
LEGEND = (
    "Barra baja: trabajo.",
    "Barra alta (◆ en su etapa): trabajo del camino crítico.",
    "Barra hueca: salió de la caché.",
)
"""Cómo se leen las franjas."""


@dataclass(frozen=True)
class Built:
    """Una construcción terminada, para ponerla al lado de otras: lo que se pidió y sus etapas.

    ``classic``: la hizo el constructor clásico.
    """

    request: Request
    line: Timeline
    classic: bool = False


def stage_called(stage: StageTime) -> str:
    """Cómo se llama una etapa: por su nombre, o por su número si no lo tiene."""
    return f"etapa {stage.name}" if stage.name.isdecimal() else stage.name


def took(stage: StageTime) -> str:
    """Los segundos de trabajo de una etapa, escritos; ``""`` si no trabajó."""
    worked = stage.status in (StageStatus.DONE, StageStatus.FAILED, StageStatus.CANCELLED)
    stopped = stage.status is StageStatus.CANCELLED and stage.work < _SHORTEST
    return text.duration(stage.work) if worked and stage.steps and not stopped else ""


def mark(stage: StageTime) -> str:
    """En qué está, con su icono y su palabra: ``✓ hecha 11,4 s``."""
    return " ".join(filter(None, (ICONS[stage.status], stage.status.value, took(stage))))


def cached_of(stage: StageTime) -> str:
    """Cuántos de sus pasos salieron de la caché, si alguno."""
    total = len(stage.instructions)
    if not stage.cached or not total:
        return ""
    return f"{stage.cached} de {text.count(total, 'paso', 'pasos')} de la caché"


def moment(stage: StageTime) -> str:
    """Desde qué segundo hasta cuál: ``del segundo 0,0 al 9,0``."""
    if stage.start is None:
        return ""
    start = text.number(stage.start, 1)
    return (
        f"del segundo {start} al {text.number(stage.end, 1)}" if stage.end is not None else f"desde {start} s"
    )


def sentence(line: Timeline, stage: StageTime) -> str:
    """Una etapa en una frase, para leerla en voz alta."""
    parts = [f"{stage_called(stage)}: {stage.status.value}"]
    if stage.waits:
        parts.append(f"espera a {text.join([_name(line, key) for key in stage.waits])}")
    if stage.status is StageStatus.SKIPPED:
        return parts[0]
    parts.append(moment(stage))
    if took(stage):
        idle = sum(end - start for start, end in stage.gaps)
        parts.append(f"{took(stage)} de trabajo")
        parts.append(f"{text.duration(idle)} esperando" if idle >= _SHORTEST else "")
    parts.append(cached_of(stage))
    return ", ".join(filter(None, parts))


def lanes(line: Timeline) -> list[dict[str, Any]]:
    """Las franjas: una por etapa, en el orden del archivo, y antes y después lo que no es de ninguna."""
    hot = {step.id for step in path_of(line).steps}
    shown = _shown_stages(line)
    room = min(_PIECES, _ALL_PIECES // max(len(shown), 1))
    found = [_lane(line, stage, hot, room) for stage in shown]
    if hidden := len(line.stages) - MOST_LANES:
        more = f"y {text.count(hidden, 'etapa', 'etapas')} más"
        blank = {"name": more, "status": "", "mark": "", "hot": False, "pieces": [], "says": more}
        found += [blank] if hidden > 0 else []
    return found


def lane_numbers(line: Timeline) -> dict[str, int]:
    """En qué franja está cada etapa que tiene una, por su ``key``."""
    return {stage.key: at for at, stage in enumerate(_shown_stages(line)) if stage.key}


def _shown_stages(line: Timeline) -> list[StageTime]:
    shown = [line.before, *line.stages[:MOST_LANES], line.after]
    return [stage for stage in shown if stage.key or stage.steps]


def _lane(line: Timeline, stage: StageTime, hot: set[str], room: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": stage_called(stage),
        "status": stage.status.name.lower(),
        "mark": mark(stage),
        "hot": any(step.id in hot for step in stage.steps),
        "pieces": pieces(line, stage, hot, room),
        "says": sentence(line, stage),
    }
    if stage.open is not None:
        found["open"] = round(stage.open, 2)
    return found


def pieces(line: Timeline, stage: StageTime, hot: set[str], room: int = _PIECES) -> list[list[float]]:
    """Los ratos de una etapa, cada uno con su clase; los que casi se tocan son uno, y caben ``room``."""
    every: list[tuple[Interval, int]] = sorted(
        (interval, _kind(stage, step, hot)) for step in stage.steps for interval in step.intervals
    )
    near = max(0.02, (line.state.seconds or 0.0) / 400)
    while True:
        joined = _joined(every, near)
        if len(joined) <= room or near > 1e6:
            return [[round(start, 2), round(end, 2), kind] for (start, end), kind in joined]
        near *= 2


def _kind(stage: StageTime, step: Step, hot: set[str]) -> int:
    nothing = stage.status is StageStatus.CACHED and measured(step) < _SHORTEST  # su FROM, que ya estaba
    cached = step.status is Status.CACHED or nothing
    return CRITICAL if step.id in hot else CACHED if cached else WORK


def _joined(every: Iterable[tuple[Interval, int]], near: float) -> list[tuple[Interval, int]]:
    found: list[tuple[Interval, int]] = []
    for (start, end), kind in every:
        if found and kind == found[-1][1] and start - found[-1][0][1] <= near:
            (first, last), _ = found[-1]
            found[-1] = (first, max(last, end)), kind
        elif found and end - start < near and start <= found[-1][0][1] + near:
            continue  # de un rato que no se vería, junto a otro, no hace falta decir la clase
        else:
            found.append(((start, end), kind))
    return found


def path_of(line: Timeline) -> Chain:
    """El camino crítico de una construcción que acabó bien; de las demás no se dice."""
    return critical(line) if line.state.phase is BuildPhase.DONE else Chain()


def path_sentence(line: Timeline, chain: Chain) -> str:
    """El camino crítico en una frase: lo que suma, junto a lo que hubo que esperar."""
    if line.state.phase is not BuildPhase.DONE:
        return ""
    if not chain.steps:
        return "Ningún paso trabajó: no hay camino crítico."
    whole = line.state.seconds or 0.0
    chained = "la cadena más larga de pasos que se esperan suma"
    how = "todos los pasos, en fila, suman" if line.in_row else chained
    return f"Camino crítico (cálculo): {how} {_exact(chain.seconds)} de los {_exact(whole)} que duró todo."


def path_steps(line: Timeline, chain: Chain) -> list[list[str]]:
    """Los pasos del camino que se notan (los más largos, si son muchos): etapa, paso y segundos."""
    shown = [step for step in chain.steps if measured(step) >= _SHORTEST]
    longest = sorted(shown, key=measured, reverse=True)[:_MOST_PATH]
    return [
        [_name(line, line.owner.get(step.id, "")), _said(step), text.duration(measured(step))]
        for step in shown
        if step in longest
    ]


def together_sentences(line: Timeline) -> list[str]:
    """Qué etapas trabajaron a la vez, y cuánto."""
    pairs = sorted(line.together, key=lambda pair: -pair[2])[:6]
    return [
        f"{stage_called(one)} y {stage_called(other)} trabajaron a la vez {text.duration(seconds)}."
        for one, other, seconds in pairs
        if seconds >= _SHORTEST
    ]


def summary(built: Built) -> str:
    """Cómo acabó una de las que se comparan, en una frase."""
    state = built.line.state
    if state.phase is BuildPhase.DONE:
        work = sum(stage.work for stage in built.line.everything)
        return f"{result(state)} · {text.duration(work)} de trabajo"
    return result(state)


def headline(builds: Sequence[Built]) -> str:
    """Cuál tardó más, y cuántas veces."""
    ordered = sorted(builds, key=lambda built: built.line.state.seconds or 0.0)
    fast, slow = ordered[0], ordered[-1]
    quick, long = fast.line.state.seconds or 0.0, slow.line.state.seconds or 0.0
    if text.duration(quick) == text.duration(long):
        return f"Tardaron lo mismo: {text.duration(long)}."
    number = {id(built): at for at, built in enumerate(builds, 1)}
    first, second = (f"La {number[id(each)]} ({each.request.title})" for each in (slow, fast))
    times = text.as_much(long, quick)
    return f"{first} tardó {text.duration(long)}: {times} l{second[1:]}, que tardó {text.duration(quick)}."


def about(built: Built) -> str:
    """Con qué se construyó, en una línea."""
    return context(built.request)


def stage_lines(line: Timeline, *, skipped: bool = True) -> list[str]:
    """Cada etapa en una frase, y lo que no es de ninguna; con ``skipped``, también las que no se hacen."""
    shown = [stage for stage in line.everything if stage.key or stage.steps]
    shown = [stage for stage in shown if skipped or stage.status is not StageStatus.SKIPPED]
    return [f"{ICONS[stage.status]} {sentence(line, stage)}." for stage in shown]


def payload(builds: Sequence[Built]) -> dict[str, Any]:
    """Lo que viaja al widget que las compara."""
    total = max((built.line.state.seconds or 0.0 for built in builds), default=0.0)
    return {
        "says": headline(builds),
        "total": round(total, 2),
        "builds": [_shown(at, built) for at, built in enumerate(builds, 1)],
        "legend": list(LEGEND),
    }


def _shown(at: int, built: Built) -> dict[str, Any]:
    line = built.line
    return {
        "title": f"{at}. {built.request.title}",
        "about": about(built),
        "recording": built.request.recording,
        "phase": line.state.phase.name.lower(),
        "result": summary(built),
        "lanes": lanes(line),
        "notes": notes_of(line),
    }


def lines(builds: Sequence[Built]) -> list[str]:
    """El gemelo en texto; se entiende también leído en voz alta."""
    said = [headline(builds)]
    for at, built in enumerate(builds, 1):
        said += [built.request.recording] if built.request.recording else []
        said += [f"{at}. {built.request.title} · {about(built)}", f"  {summary(built)}"]
        said += [f"  {each}" for each in stage_lines(built.line)]
        said += [f"  {each}" for each in notes_of(built.line)]
    return said


def notes_of(line: Timeline) -> list[str]:
    """El camino crítico y lo que trabajó a la vez, en frases."""
    return [*filter(None, [path_sentence(line, path_of(line))]), *together_sentences(line)]


def _exact(seconds: float) -> str:
    """Con una décima aunque sean muchos: dos cifras así, juntas, se pueden restar."""
    return f"{text.number(seconds, 1)} s" if seconds < 600 else text.duration(seconds)


def _name(line: Timeline, key: str) -> str:
    return stage_called(line.stage(key)) if key else ""


def _said(step: Step) -> str:
    return cut(one_line(step.name), 100)
