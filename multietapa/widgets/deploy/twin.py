"""Los despliegues en barras y en tablas, en texto y en HTML, y lo que dibuja el widget.

Lo medido y lo calculado van siempre en bloques aparte (``estimate.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import escape
from typing import Any

from multietapa import text
from multietapa.registry.events import LayerState, Phase
from multietapa.registry.outcome import Deployment, middle
from multietapa.registry.state import DeployPhase, DeployState, ImageOnItsWay, LayerOnItsWay
from multietapa.widgets.deploy import words
from multietapa.widgets.deploy.estimate import (
    LABELS,
    basis,
    default_plan,
    estimate_html,
    estimate_lines,
    estimate_table,
)
from multietapa.widgets.deploy.words import TOTAL, TRANSFER, Measured, Runs, measured
from multietapa.widgets.theme import VARIABLES, paint_css

PAINTS = {
    Phase.TRANSFER: "diagonal",
    Phase.UNPACK: "puntos",
    Phase.CREATE: "liso",
    Phase.START: "cuadros",
    Phase.HEALTHY: "rayas",
}
"""La trama de cada fase, que es también su clase CSS (``mt-<trama>``)."""
_MAX_LAYERS = 16
_MAX_LOG = 8_000  # caracteres del registro de la aplicación
_OVER = (LayerState.DONE, LayerState.PRESENT)
_CSS = """
.mtx-row { margin: .8em 0 0; }
.mtx-head { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1em; }
.mtx-bar { display: flex; gap: 1px; height: 26px; margin: 3px 0 5px; }
.mtx-bar i { flex: 0 1 0; min-width: 3px; border-radius: 2px; box-shadow: inset 0 0 0 1px #8888; }
.mt ul.mtx-legend { display: flex; flex-wrap: wrap; gap: 0 18px; margin: 0; padding: 0; list-style: none; }
.mtx-legend i { display: inline-block; width: 16px; height: 12px; border-radius: 2px; margin-right: 6px;
  box-shadow: inset 0 0 0 1px #8888; }
.mt table { border-collapse: collapse; margin: .8em 0; }
.mt caption { text-align: left; font-weight: 600; }
.mt th, .mt td { text-align: right; padding: 2px 10px; border-bottom: 1px solid var(--mt-line); }
.mt th:first-child { text-align: left; font-weight: 400; }
.mtd-calc { border: 2px dashed var(--mt-calc); border-radius: 6px; padding: 4px 12px; margin-top: 1em; }
.mt .mtd-calc td { color: var(--mt-calc); }
.mtd-calc b { color: var(--mt-calc); border: 1px dashed var(--mt-calc); border-radius: 3px; padding: 0 8px; }
"""


def lines(state: DeployState, runs: Runs = ()) -> Iterator[str]:
    """El gemelo en texto de la vista."""
    found = measured(state, runs)
    yield f"{words.title(state)} · {words.context(state)}"
    yield from filter(None, (words.node_note(state), words.preparing(state)))
    for image in state.images:
        if image.name in found and image.phase is DeployPhase.DONE:
            yield from _done_lines(words.called(image), found[image.name])
        else:
            yield words.progress(image)
            yield from (f"  {line}" for line in _ending(image))
    if closing := words.sentence(found):
        yield closing
        yield words.how(state, found)
        yield from filter(None, [words.base_note(state)])
        yield from estimate_lines(found, default_plan(state.mbps))


def static_html(state: DeployState, runs: Runs = ()) -> str:
    """El gemelo en HTML, sin controles: para exportaciones y lectores de pantalla."""
    found = measured(state, runs)
    head = f"<p><strong>{escape(words.title(state))}</strong> · {escape(words.context(state))}</p>"
    notes = "".join(
        f"<p>{escape(said)}</p>" for said in filter(None, (words.node_note(state), words.preparing(state)))
    )
    scale = _scale(found)
    rows = "".join(
        _bar_html(words.called(image), found[image.name], scale)
        if image.name in found and image.phase is DeployPhase.DONE
        else _waiting_html(image)
        for image in state.images
    )
    body = f"{head}{notes}{rows}"
    if closing := words.sentence(found):
        body += f"<p><strong>{escape(closing)}</strong> {escape(words.how(state, found))}</p>"
        body += table_html(state, runs) + f"<p><small>{escape(words.base_note(state))}</small></p>"
        body += estimate_html(found, default_plan(state.mbps))
    style = re.sub(r"\s*\n\s*", "", VARIABLES + paint_css() + _CSS)
    return f'<style>{style}</style><div class="mt">{body}</div>'


def table_html(state: DeployState, runs: Runs = ()) -> str:
    """La tabla de lo medido, una columna por imagen; ``""`` si no se midió ninguna."""
    found = measured(state, runs)
    if not found:
        return ""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in found)
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(f"<td>{_cell(*cell(done))}</td>" for done in found.values())
        + "</tr>"
        for label, cell in _rows()
    )
    return (
        "<table><caption>Lo medido, fase a fase</caption><thead><tr>"
        f'<th scope="col">Medido</th>{head}</tr></thead><tbody>{body}</tbody></table>'
    )


def payload(state: DeployState, runs: Runs = ()) -> dict[str, Any]:
    """Lo que viaja al widget: ``head``, ``images`` y ``table``, acotado en tamaño y sin ningún reloj."""
    found = measured(state, runs)
    return {
        "head": {
            "title": words.title(state),
            "context": words.context(state),
            "phase": words.overall(state).name.lower(),
            "word": words.overall_word(state),
            "preparing": words.preparing(state),
            "node": words.node_note(state),
            "sentence": words.sentence(found) if state.over else "",
            "how": words.how(state, found) if state.over else "",
            "note": words.base_note(state) if state.over else "",
            "estimate": [[name, *each] for name, each in basis(found).items()] if state.over else [],
            "estimated": estimate_table(found, default_plan(state.mbps), labels=LABELS)
            if state.over and found
            else "",
        },
        "images": [_image(image, found.get(image.name, ()), _scale(found)) for image in state.images],
        "table": table_html(state, runs) if state.over else "",
    }


def _image(image: ImageOnItsWay, runs: tuple[Deployment, ...], scale: float) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": image.name,
        "mark": words.mark(image),
        "phase": image.phase.name.lower(),
        "word": words.image_word(image),
        "doing": words.doing(image),
        "layers": [],
        "more": "",
        "bar": {},
        "reason": image.reason,
        "detail": image.detail[-_MAX_LOG:],
    }
    if image.phase is DeployPhase.DONE and runs:
        shown["bar"] = _bar(runs, scale)
    elif not image.phase.over:
        going = image.layers or image.pushing
        shown["layers"], shown["more"] = _layers(list(going.values()))
    return shown


def _layers(found: list[LayerOnItsWay]) -> tuple[list[list[Any]], str]:
    """Las que caben: si no son todas, antes las que no han acabado."""
    if hidden := max(0, len(found) - _MAX_LAYERS):
        found = sorted(found, key=lambda layer: layer.state in _OVER)
    shown = [
        [one.layer, one.state.name.lower(), one.state.value, words.layer_share(one), words.layer_text(one)]
        for one in found[:_MAX_LAYERS]
    ]
    return shown, f"y {text.count(hidden, 'capa', 'capas')} más" if hidden else ""


def _bar(runs: tuple[Deployment, ...], scale: float) -> dict[str, Any]:
    done = middle(runs)
    return {
        "share": round(done.total_seconds / scale, 4),
        "total": words.took(done.total_seconds),
        "spread": words.spread([run.total_seconds for run in runs]),
        "moved": words.moved(done),
        "note": words.layers_note(done),
        "parts": [
            [phase.value, PAINTS[phase], round(done.seconds[phase], 3), words.took(done.seconds[phase])]
            for phase in Phase
        ],
        "spreads": [words.spread([run.seconds[phase] for run in runs]) for phase in Phase],
        "layers": [
            [one.short, text.size(one.size), "viajó" if one.travelled else LayerState.PRESENT.value]
            for one in done.layers
        ],
    }


def _rows() -> Iterator[tuple[str, Callable[[tuple[Deployment, ...]], tuple[str, str]]]]:
    """Las filas de la tabla: su título y lo que va en cada casilla, con lo que varió."""

    def timed(value: Callable[[Deployment], float]) -> Callable[[tuple[Deployment, ...]], tuple[str, str]]:
        return lambda runs: (
            words.took(value(middle(runs))),
            words.spread([value(run) for run in runs]),
        )

    def plain(value: Callable[[Deployment], str]) -> Callable[[tuple[Deployment, ...]], tuple[str, str]]:
        return lambda runs: (value(middle(runs)), "")

    for phase in Phase:
        yield phase.value.capitalize(), timed(lambda done, phase=phase: done.seconds[phase])  # type: ignore[misc]
    yield f"Total, {TOTAL}", timed(lambda done: done.total_seconds)
    yield f"{TRANSFER}: viajaron", plain(lambda done: text.size(done.travelled_bytes))
    yield f"{TRANSFER}: ya estaban en el nodo", plain(lambda done: text.size(done.present_bytes))
    yield "Ritmo al transferir", plain(_rate)
    yield "Subirla antes al registro (no cuenta)", timed(lambda done: done.push_seconds)
    yield "Código de la primera respuesta", plain(lambda done: str(done.status))


def _rate(done: Deployment) -> str:
    return (
        words.rate(done.travelled_bytes, done.seconds[Phase.TRANSFER])
        if done.travelled_bytes
        else "nada viajó"
    )


def _done_lines(name: str, runs: tuple[Deployment, ...]) -> Iterator[str]:
    done = middle(runs)
    between = words.spread([run.total_seconds for run in runs])
    yield f"✓ {name}: {words.took(done.total_seconds)} {TOTAL}{f' ({between})' if between else ''}"
    yield f"  {words.phases_text(done.seconds)}"
    yield f"  {words.moved(done)} ({words.layers_note(done)})"


def _ending(image: ImageOnItsWay) -> Iterator[str]:
    """Por qué no acabó bien, y el final del registro de la aplicación."""
    if image.phase is not DeployPhase.FAILED:
        return
    yield from filter(None, [image.reason])
    yield from (f"  {line}" for line in image.detail[-_MAX_LOG:].splitlines())


def _scale(found: Measured) -> float:
    return max((middle(runs).total_seconds for runs in found.values()), default=1.0) or 1.0


def _bar_html(name: str, runs: tuple[Deployment, ...], scale: float) -> str:
    bar = _bar(runs, scale)
    total = f"{bar['total']} {TOTAL}" + (f" ({bar['spread']})" if bar["spread"] else "")
    parts = "".join(
        f'<i class="mt-{paint}" style="flex-grow:{seconds}"></i>' for _, paint, seconds, _ in bar["parts"]
    )
    legend = "".join(
        f'<li><i class="mt-{paint}"></i>{escape(phase)} <b>{took}</b></li>'
        for phase, paint, _, took in bar["parts"]
    )
    layers = "".join(f"<li>{short}: {size}, {how}</li>" for short, size, how in bar["layers"])
    return (
        f'<div class="mtx-row"><div class="mtx-head"><strong>{escape(name)}</strong>'
        f"<strong>{escape(total)}</strong></div>"
        f'<div class="mtx-bar" style="width:{100 * bar["share"]:.2f}%" role="img" '
        f'aria-label="{escape(f"{name}: {total}")}">{parts}</div><ul class="mtx-legend">{legend}</ul>'
        f"<details><summary>{escape(bar['moved'])} · {escape(bar['note'])}</summary>"
        f"<ul>{layers}</ul></details></div>"
    )


def _waiting_html(image: ImageOnItsWay) -> str:
    reason = f"<p>{escape(image.reason)}</p>" if image.reason else ""
    detail = f"<pre>{escape(image.detail[-_MAX_LOG:])}</pre>" if image.detail else ""
    return f'<div class="mtx-row"><p>{escape(words.progress(image))}</p>{reason}{detail}</div>'


def _cell(figure: str, between: str) -> str:
    return escape(figure) + (f"<br><small>{escape(between)}</small>" if between else "")
