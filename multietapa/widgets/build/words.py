"""El estado de una construcción dicho con palabras: líneas de terminal, HTML fijo y lo que dibuja el widget.

Todo son funciones de ``BuildState``: lo que se lee en el widget, en una exportación y en una terminal sale
de los mismos textos.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from multietapa import text
from multietapa.build.events import BuildWarning
from multietapa.build.state import BuildPhase, BuildState, Group, one_line
from multietapa.build.step import Status, Step
from multietapa.widgets.build.reasons import general, reason
from multietapa.widgets.build.travel import activity, cut, detail, layers
from multietapa.widgets.build.travel import summary as sent_summary
from multietapa.widgets.theme import VARIABLES

ICONS = {
    Status.WAITING: "○",
    Status.RUNNING: "▶",
    Status.DONE: "✓",
    Status.CACHED: "↺",
    Status.FAILED: "✗",
    Status.CANCELLED: "⊘",
    Status.SKIPPED: "–",
}
PHASE_ICONS = {
    BuildPhase.RUNNING: "▶",
    BuildPhase.CANCELLING: "⊘",
    BuildPhase.DONE: "✓",
    BuildPhase.FAILED: "✗",
    BuildPhase.CANCELLED: "⊘",
}
_MAX_STEPS = 120
_MAX_NAME = 140
_MAX_LINE = 300
_MAX_LOG = 16_000  # caracteres del registro que viajan a la pantalla
_MAX_WARNINGS = 20
_TWIN_LOG = 20  # líneas del registro que lleva el gemelo en texto


@dataclass(frozen=True)
class Request:
    """Lo que se pidió construir. ``recording`` es el rótulo de una grabación, o ``""`` si es de verdad."""

    title: str
    engine: str
    target: str = ""
    builder: str = "BuildKit"
    recording: str = ""


def recording_label(engine: str, architecture: str, date: str) -> str:
    """El rótulo que lleva toda vista de una grabación."""
    where = "" if architecture in engine else architecture
    return " · ".join(filter(None, ("GRABACIÓN", engine, where, date.split("T")[0])))


def short_id(image_id: str) -> str:
    """Los 12 primeros caracteres del id, como los enseña Docker."""
    return image_id.removeprefix("sha256:")[:12]


def cached_sentence(state: BuildState) -> str:
    """Cuántas instrucciones salieron de la caché, en una frase."""
    total, cached = len(state.instructions), state.cached
    if not total:
        return ""
    if not cached:
        return "ningún paso salió de la caché"
    verb = "salió" if cached == 1 else "salieron"
    return f"{cached} de {text.count(total, 'paso', 'pasos')} {verb} de la caché"


def result(state: BuildState) -> str:
    """Cómo acabó: imagen, segundos y caché; o por qué no. ``""`` mientras no acaba."""
    took = text.duration(state.seconds or 0.0)
    reason = cut(one_line(state.reason), 400)
    if state.phase is BuildPhase.DONE:
        parts = [f"Imagen {short_id(state.image_id)}", took, cached_sentence(state), general(state)]
        return " · ".join(filter(None, parts))
    if state.phase is BuildPhase.CANCELLED:
        return f"Cancelada a los {took}: {reason or 'no queda ninguna imagen nueva.'}"
    if state.phase is BuildPhase.FAILED:
        said = not state.line or f"línea {state.line}" in reason
        where = "" if said else f" en la línea {state.line} del Dockerfile"
        return f"Falló{where} a los {took}. {reason}".strip()
    return ""


def provisional(state: BuildState) -> str:
    """El tamaño que declara el motor, con su nombre, mientras nadie la mida; ``""`` si no se sabe."""
    return "" if state.reported is None else f"{text.size(state.reported)} según el motor (comparar la mide)"


def ending(state: BuildState, summary: str = "") -> str:
    """Cómo acabó y cuánto ocupa: ``summary`` si ya se midió, o lo que dice el motor."""
    return " · ".join(filter(None, (result(state), summary or provisional(state))))


def step_line(state: BuildState, step: Step) -> str:
    """Un paso en una línea de texto."""
    extra = [f"línea {step.line}"] if step.line else []
    extra += [size] if (size := step_size(step)) else []
    where = f" ({', '.join(extra)})" if extra else ""
    about = "" if step.status is Status.RUNNING else detail(state, step)
    name = f"{_shown(step)}{where}{_lead(about, ' · ')}{_lead(reason(state, step), ' · ')}"
    return f"{ICONS[step.status]} {step.status.value}{_lead(took(step))}: {name}"


def step_size(step: Step) -> str:
    """Lo que el paso añade a la imagen según el motor (``+11,3 MB``); un ``FROM``, lo que trae."""
    if step.size is None:
        return ""
    return f"{'+' if step.is_instruction else ''}{text.size(step.size)}"


def took(step: Step) -> str:
    """Los segundos de trabajo de un paso, escritos; ``""`` si no trabajó."""
    worked = step.status in (Status.DONE, Status.FAILED, Status.CANCELLED)
    return text.duration(step.seconds) if worked and step.seconds is not None else ""


def note(group: Group) -> str:
    """El resumen de un grupo, para cuando está plegado."""
    counts = {status: sum(s.status is status for s in group.steps) for status in Status}
    for status in (Status.FAILED, Status.RUNNING, Status.CANCELLED):
        if counts[status]:
            return f"{ICONS[status]} {status.value}"
    total = len(group.steps)
    for status in (Status.WAITING, Status.SKIPPED):
        if counts[status] == total:
            return f"{ICONS[status]} {status.value}"
    ended = total - counts[Status.WAITING] - counts[Status.SKIPPED]
    worked = sum(s.seconds or 0.0 for s in group.steps)
    unfinished = next((status for status in (Status.WAITING, Status.SKIPPED) if counts[status]), Status.DONE)
    return f"{ICONS[unfinished]} {ended} de {total} · {text.duration(worked)}"


def left_out(state: BuildState, group: Group) -> str:
    """Avisa de que las capas de una etapa no acaban en la imagen, cuando se sabe qué lleva la imagen."""
    known = any(step.size is not None for step in state.steps.values())
    absent = group.stage and all(step.size is None for step in group.steps)
    return "sus capas no van en la imagen" if known and absent else ""


def warning_line(warning: BuildWarning) -> str:
    """Un aviso en una línea."""
    where = f" (línea {warning.line})" if warning.line else ""
    return f"Aviso{where}: {cut(one_line(warning.text), 200)}"


def lines(state: BuildState, request: Request, summary: str = "") -> Iterator[str]:
    """El gemelo en texto de la vista, con el final del registro si no acabó bien."""
    if request.recording:
        yield request.recording
    yield f"{request.title} · {context(request)}"
    for group in state.groups:
        yield _title(state, group)
        yield from (f"  {step_line(state, step)}" for step in group.steps)
    yield from (f"  {warning_line(warning)}" for warning in state.warnings)
    if state.log and state.phase is not BuildPhase.DONE:
        yield "Registro (final)"
        yield from (f"  {line}" for line in tail(state.log)[-_TWIN_LOG:])
    yield closing(state, summary)


def static_html(state: BuildState, request: Request, summary: str = "") -> str:
    """El gemelo en HTML, sin controles: para exportaciones y lectores de pantalla."""
    badge = f'<div class="mt-grabacion">{escape(request.recording)}</div>' if request.recording else ""
    groups = "".join(
        f"<p><strong>{escape(_title(state, g))}</strong></p><ul>"
        + "".join(f"<li>{escape(step_line(state, s))}</li>" for s in g.steps)
        + "</ul>"
        for g in state.groups
    )
    warnings = "".join(f"<li>{escape(warning_line(w))}</li>" for w in state.warnings)
    log = escape("\n".join(tail(state.log)))
    return (
        f'<style>{VARIABLES}</style><div class="mt">{badge}<p><strong>{escape(request.title)}</strong> · '
        f"{escape(context(request))}</p>{groups}{f'<ul>{warnings}</ul>' if warnings else ''}"
        + (f"<details><summary>Registro</summary><pre>{log}</pre></details>" if log else "")
        + f"<p>{escape(closing(state, summary))}</p></div>"
    )


def payload(state: BuildState, request: Request, elapsed: float) -> dict[str, Any]:
    """Lo que viaja al widget: ``head``, ``groups``, ``log`` y ``warnings``, acotado en tamaño."""
    return {
        "head": head(state, request, elapsed),
        "groups": _groups(state),
        "log": tail(state.log),
        "warnings": shown_warnings(state.warnings),
    }


def head(state: BuildState, request: Request, elapsed: float) -> dict[str, Any]:
    """La cabecera de una construcción: qué, con qué, cómo va y cómo acabó."""
    return {
        "title": request.title,
        "context": context(request),
        "recording": request.recording,
        "phase": state.phase.name.lower(),
        "word": state.phase.value,
        "icon": PHASE_ICONS[state.phase],
        "elapsed": round(elapsed if state.seconds is None else state.seconds, 2),
        "result": result(state),
        "provisional": provisional(state),
    }


def tail(log: tuple[str, ...]) -> list[str]:
    """Las últimas líneas del registro que caben en el presupuesto de la pantalla."""
    kept: list[str] = []
    room = _MAX_LOG
    for line in reversed(log):
        short = cut(line, _MAX_LINE)
        room -= len(short) + 1
        if room < 0:
            break
        kept.append(short)
    return kept[::-1]


def _groups(state: BuildState) -> list[dict[str, Any]]:
    room = _MAX_STEPS
    found = []
    for group in state.groups:
        shown = group.steps[:room]
        room -= len(shown)
        if shown:
            steps = [_step(state, s) for s in shown]
            about = " · ".join(filter(None, (note(group), left_out(state, group), _travelled(state, group))))
            found.append({"title": group.title, "inner": not group.stage, "note": about, "steps": steps})
    if hidden := sum(len(group.steps) for group in state.groups) - (_MAX_STEPS - room):
        found.append(
            {"title": "Y más", "inner": True, "note": f"{hidden} pasos que aquí no caben", "steps": []}
        )
    return found


def _step(state: BuildState, step: Step) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "text": _shown(step),
        "status": step.status.name.lower(),
        "word": step.status.value,
        "icon": ICONS[step.status],
        "line": step.line,
        "took": took(step),
        "size": step_size(step),
        "detail": "",
        "why": reason(state, step),
        "layers": layers(step),
    }
    if step.status is Status.RUNNING:
        shown["started"] = round(step.started, 2)
        doing, fraction = activity(state, step)
        if doing:
            shown["activity"] = doing
        if fraction is not None:
            shown["fraction"] = fraction
    else:
        shown["detail"] = detail(state, step)
    return shown


def _travelled(state: BuildState, group: Group) -> str:
    """Lo que viajó, para el título del grupo que recibe las carpetas, que acaba plegado."""
    received = any(step.folder in state.sent for step in group.steps)
    return sent_summary(state.sent.values()) if received else ""


def shown_warnings(warnings: tuple[BuildWarning, ...]) -> list[dict[str, str]]:
    """Los avisos que caben, cada uno con dónde leer más."""
    shown = [{"text": warning_line(w), "url": w.url[:200]} for w in warnings[:_MAX_WARNINGS]]
    if hidden := len(warnings) - len(shown):
        shown.append({"text": f"Y {hidden} avisos más.", "url": ""})
    return shown


def closing(state: BuildState, summary: str) -> str:
    """La última línea de los gemelos; «Falló…» y «Cancelada…» ya dicen la fase."""
    word = "" if state.phase in (BuildPhase.FAILED, BuildPhase.CANCELLED) else state.phase.value
    return f"{PHASE_ICONS[state.phase]} {' · '.join(filter(None, (word, ending(state, summary))))}"


def _title(state: BuildState, group: Group) -> str:
    return f"{group.title}{_lead(left_out(state, group), ': ')}"


def _shown(step: Step) -> str:
    return cut(one_line(step.name), _MAX_NAME)


def _lead(value: str, separator: str = " ") -> str:
    return f"{separator}{value}" if value else ""


def context(request: Request) -> str:
    """Con qué se construye, en una línea."""
    target = f"hasta la etapa {request.target}" if request.target else ""
    return " · ".join(filter(None, (target, request.builder, request.engine)))
