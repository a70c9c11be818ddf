"""Lo que se dice de una construcción por etapas: nodos, bytes, lo que repetiría un cambio y los gemelos."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from multietapa import text
from multietapa.build.crossing import crossed, layers, sent, travelling
from multietapa.build.events import ContextSent, StepKind
from multietapa.build.repeats import Repeat, changeable, repeats
from multietapa.build.state import BuildPhase, one_line
from multietapa.build.step import Status
from multietapa.build.timeline import StageStatus, StageTime, Timeline
from multietapa.dockerfile.graph import EdgeKind, Node, NodeKind, Skip
from multietapa.dockerfile.instructions import Instruction
from multietapa.widgets.build.travel import cut, sent_phrase
from multietapa.widgets.build.words import closing, context, tail, warning_line
from multietapa.widgets.lanes.twin import legend_words, strip_html
from multietapa.widgets.lanes.words import (
    cached_of,
    mark,
    path_of,
    path_sentence,
    path_steps,
    stage_called,
    stage_lines,
    together_sentences,
)
from multietapa.widgets.live.picture import CONTEXT, Line, Look
from multietapa.widgets.live.value import Staged
from multietapa.widgets.stages.words import called, headline, reason

UNKNOWN = "no se sabe"
LEGEND = (
    "Línea gruesa, `FROM`: empieza con todas las capas de la otra.",
    "Flecha fina, `COPY --from`: se lleva solo esas rutas. En negrita, los bytes que cruzan, según el motor.",
    "Doble borde: camino crítico. Borde de puntos: se repetiría.",
)
"""Cómo se lee el dibujo."""
CALCULATED = (
    "Es un cálculo, y lo más que se repetiría: con los segundos medidos en esta construcción. Si un paso "
    "diera otra vez lo mismo, BuildKit aprovecharía los que copian de él."
)
IN_ROW = (
    "El constructor clásico hace todas las etapas hasta el objetivo, una detrás de otra, hagan falta o no."
)
_WHY = {
    Skip.NOBODY: "nadie la usa",
    Skip.ONLY_SKIPPED: "la usa otra que no",
    Skip.NOT_FOR_TARGET: "es para otras",
}
_MOST_CHANGES, _TWIN_LOG, _MOST_NEWS = 60, 20, 4


def looks(plan: Staged, line: Timeline) -> list[Look]:
    """Lo que dice ahora cada nodo del dibujo."""
    return [_look(plan, line, node) for node in plan.scene.nodes]


def amounts(plan: Staged, line: Timeline) -> dict[int, str]:
    """Los bytes de cada línea que los lleva; mientras no se saben, puntos suspensivos."""
    return {at: _amount(line, drawn) for at, drawn in enumerate(plan.scene.lines) if drawn.counted}


def stage_more(plan: Staged, line: Timeline, stage: StageTime) -> str:
    """Lo que hay que saber de una etapa además de en qué está, en pocas palabras."""
    if stage.status is StageStatus.SKIPPED:
        why = next((one.why for one in line.graph.skipped if one.key == stage.key), Skip.NOBODY)
        return "va después del objetivo" if plan.classic else _WHY[why]
    if stage.waits:
        return cut(f"espera a {text.join([stage_called(line.stage(key)) for key in stage.waits])}", 26)
    if line.state.phase is BuildPhase.DONE:
        own = layers(line, stage.key)
        if own is not None:
            return f"capas: {text.size(own)}"
        return cached_of(stage) if stage.key in travelling(line.graph) else "sus capas no viajan"
    return cached_of(stage)


def bytes_sentences(plan: Staged, line: Timeline) -> list[str]:
    """Los bytes que viajan y los que cruzan, cada uno con su medida; los que no se saben, también."""
    if line.state.phase is not BuildPhase.DONE:
        return []
    said = []
    if any(drawn.source == CONTEXT for drawn in plan.scene.lines):
        found = sent(line)
        phrase = sent_phrase(found) if found else "viaja entera, y este motor no cuenta cuánto"
        said.append(f"De tu carpeta: {phrase}.")
    for drawn in plan.scene.lines:
        if not drawn.counted or drawn.source == CONTEXT:
            continue
        size = crossed(line, drawn.edges)
        source, target = called(line.graph.node(drawn.source)), line.graph.node(drawn.target)
        amount = "no se sabe cuántos bytes" if size is None else f"{text.size(size)}, según el motor"
        how = "empieza con las capas" if drawn.kind is EdgeKind.FROM else "recibe con COPY --from archivos"
        said.append(f"La etapa {target.name} {how} de {source}: {amount}.")
    return said


def change_options(line: Timeline) -> list[tuple[Instruction, Repeat]]:
    """Cada línea que puede cambiar, con lo que se repetiría; vacío si la construcción no acabó bien."""
    if line.state.phase is not BuildPhase.DONE:
        return []
    return [(one, repeats(line, one.line)) for one in changeable(line)[:_MOST_CHANGES]]


def change_sentence(line: Timeline, again: Repeat) -> str:
    """Qué se repetiría, y cuántos segundos medidos son."""
    if not again.steps:
        return "No se repetiría ningún paso: solo cambiaría la configuración de la imagen."
    names = text.join([stage_called(line.stage(key)) for key in again.stages])
    total = len(again.steps)
    many = "repetirían" if total > 1 else "repetiría"
    said = f"Se {many} {text.count(total, 'paso', 'pasos')} ({names})"
    if again.unmeasured == total:
        return f"{said}. No hay tiempo medido: en esta construcción salieron de la caché."
    said += f": {text.duration(again.seconds)} de trabajo"
    if again.seconds - again.row > 0.1:
        said += f", {text.duration(again.row)} de espera como poco"
    if again.unmeasured:
        left = text.count(again.unmeasured, "paso", "pasos")
        came = "salió" if again.unmeasured == 1 else "salieron"
        said += f". De {left} no hay tiempo medido: {came} de la caché"
    return f"{said}."


def change_label(instruction: Instruction) -> str:
    """Una línea, para elegirla."""
    return f"línea {instruction.line}: {cut(one_line(instruction.text), 60)}"


def headline_of(plan: Staged, line: Timeline) -> str:
    """Cuántas etapas van hechas, de las que hacen falta."""
    needed = [stage for stage in line.stages if stage.key in line.graph.needed]
    over = (StageStatus.DONE, StageStatus.CACHED, StageStatus.SHARED)
    done = sum(stage.status in over for stage in needed)
    running = sum(stage.status is StageStatus.RUNNING for stage in needed)
    going = f", {running} en marcha" if running else ""
    return f"{headline(plan.stages)} Hechas: {done} de {len(needed)}{going}."


def news(before: Timeline | None, after: Timeline) -> str:
    """Las etapas que acaban de terminar, en una frase, para leerla en voz alta; ``""`` si ninguna."""
    told = (StageStatus.DONE, StageStatus.CACHED, StageStatus.FAILED, StageStatus.CANCELLED)
    past = {stage.key: stage.status for stage in before.stages} if before else {}
    new = [
        stage for stage in after.stages if stage.status in told and past.get(stage.key) is not stage.status
    ]
    said = [f"{stage_called(stage)}: {mark(stage).partition(' ')[2]}." for stage in new]
    return " ".join(said[-_MOST_NEWS:])


def lines(plan: Staged, line: Timeline, summary: str = "") -> list[str]:
    """El gemelo en texto; se entiende también leído en voz alta."""
    state, request = line.state, plan.request
    chain = path_of(line)
    said = [request.recording] if request.recording else []
    said += [f"{request.title} · {context(request)}", headline(plan.stages)]
    said += [IN_ROW] if plan.classic else []
    said += [f"  {each}" for each in [*stage_lines(line, skipped=False), *left_out(plan, line)]]
    said += [f"  {each}" for each in bytes_sentences(plan, line)]
    said += [f"  {warning_line(warning)}" for warning in state.warnings]
    if chain.steps or state.phase is BuildPhase.DONE:
        said += [path_sentence(line, chain)]
        said += [f"  {took}: {_of(where)}{step}" for where, step, took in path_steps(line, chain)]
        said += together_sentences(line)
    options = change_options(line)
    said += [f"Si cambiara una línea. {CALCULATED}"] if options else []
    said += [f"  L{change_label(one)[1:]}. {change_sentence(line, again)}" for one, again in options]
    if state.log and state.phase is not BuildPhase.DONE:
        said += ["Registro (final)", *(f"  {each}" for each in tail(state.log)[-_TWIN_LOG:])]
    return [*said, closing(state, summary)]


def left_out(plan: Staged, line: Timeline) -> list[str]:
    """Las etapas que no se hacen, cada una con su porqué."""
    skipped = {stage.key for stage in line.stages if stage.status is StageStatus.SKIPPED}
    nodes = (node for node in line.graph.nodes if node.key in skipped)
    return [f"La etapa {node.name} no se hace: {reason(plan.stages, line.graph, node)}." for node in nodes]


def static_html(plan: Staged, line: Timeline, picture: str, summary: str = "") -> str:
    """El gemelo en HTML, sin controles: el dibujo, las franjas y las mismas frases."""
    state, request = line.state, plan.request
    chain = path_of(line)
    badge = f'<div class="mt-grabacion">{escape(request.recording)}</div>' if request.recording else ""
    about = 'tabindex="0" role="group" aria-label="Dibujo de las etapas"'
    drawn = f'<div class="mtg-scroll" {about}>{picture}</div>' if picture else ""
    said = [*left_out(plan, line), *bytes_sentences(plan, line)]
    said += [warning_line(warning) for warning in state.warnings]
    if state.phase is BuildPhase.DONE:
        path = [f"{took}: {_of(where)}{step}" for where, step, took in path_steps(line, chain)]
        after = f"<p>{escape(path_sentence(line, chain))}</p>{_list(path)}{_list(together_sentences(line))}"
    else:
        after = ""
    options = [
        f"L{change_label(one)[1:]}. {change_sentence(line, again)}" for one, again in change_options(line)
    ]
    changes = (
        f"<p><strong>Si cambiara una línea.</strong> {CALCULATED}</p>{_list(options)}" if options else ""
    )
    log = escape("\n".join(tail(state.log)[-_TWIN_LOG:])) if state.phase is not BuildPhase.DONE else ""
    return (
        f"{badge}<p><strong>{escape(request.title)}</strong> · {escape(context(request))}</p>"
        f"<p>{escape(headline(plan.stages))}{f' {IN_ROW}' if plan.classic else ''}</p>{drawn}"
        f"{strip_html(line, state.seconds or _latest(line))}<p>{escape(legend_words())}</p>"
        f"{_list(said)}{after}{changes}"
        f"{f'<pre>{log}</pre>' if log else ''}<p>{escape(closing(state, summary))}</p>"
    )


def _latest(line: Timeline) -> float:
    return max((stage.pieces[-1][1] for stage in line.everything if stage.pieces), default=1.0)


def _look(plan: Staged, line: Timeline, node: Node) -> Look:
    if node.key == CONTEXT:
        return _folder(line)
    if node.kind is NodeKind.STAGE:
        stage = line.stage(node.key)
        return Look(stage.status.name.lower(), mark(stage), stage_more(plan, line, stage))
    if node.key not in line.graph.needed:
        return Look("skipped", "✕ no hace falta")
    return Look() if node.kind is NodeKind.EMPTY else _image(line, node)


def _image(line: Timeline, node: Node) -> Look:
    """Una imagen de fuera: si está llegando, o si ya está."""
    users = {edge.target for edge in line.graph.users(node.key) if edge.kind is EdgeKind.FROM}
    own = [s for stage in line.stages if stage.key in users for s in stage.steps if s.kind is StepKind.FROM]
    own += [step for step in line.before.steps if step.id == f"base:{node.name}"]
    seen = {step.status for step in own}
    if Status.RUNNING in seen:
        return Look("running", "▶ llegando")
    return Look("", "✓ ya está") if seen & {Status.DONE, Status.CACHED} else Look()


def _folder(line: Timeline) -> Look:
    found = sent(line)
    if found is None:
        over = line.state.phase.over
        return Look("", "viaja entera", "no se cuenta cuánto") if over else Look()
    files = f"{text.number(found.files)} de {text.count(found.of_files, 'archivo', 'archivos')}"
    return Look("", ("viajó " if found.complete else "viajando ") + _bytes(found), files)


def _bytes(found: ContextSent) -> str:
    return f"{text.size(found.bytes)} de {text.size(found.of_bytes)}"


def _amount(line: Timeline, drawn: Line) -> str:
    if drawn.source == CONTEXT:
        found = sent(line)
        return text.size(found.bytes) if found else UNKNOWN if line.state.phase.over else "…"
    size = crossed(line, drawn.edges)
    if size is not None:
        return text.size(size)
    return UNKNOWN if line.state.phase.over else "…"


def _of(where: str) -> str:
    return f"{where}, " if where else ""


def _list(said: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(each)}</li>" for each in said)
    return f"<ul>{items}</ul>" if items else ""
