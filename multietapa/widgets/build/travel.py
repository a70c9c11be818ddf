"""Lo que llega al motor mientras construye, dicho con palabras: los archivos de cada carpeta y las capas."""

from __future__ import annotations

from collections.abc import Iterable

from multietapa import text
from multietapa.build.events import ContextSent, StepProgress
from multietapa.build.progress import OPENED
from multietapa.build.state import BuildState, one_line
from multietapa.build.step import Status, Step

_MAX_LAYERS = 12
_NOT_OVER = (Status.WAITING, Status.RUNNING)


def detail(state: BuildState, step: Step) -> str:
    """Lo que llegó (o está llegando) con ese paso: los archivos de su carpeta o los bytes de sus capas."""
    if found := state.sent.get(step.folder):
        return sent_phrase(found, over=state.phase.over)
    over = step.status not in _NOT_OVER
    return f"bajaron {text.size(total)}" if over and (total := sum(p.total for p in step.layers)) else ""


def sent_phrase(sent: ContextSent, *, over: bool = True) -> str:
    """Lo que viajó de una carpeta: ``viajaron 3 de 120 archivos (12 kB de 4,1 MB)``.

    ``over``: ya no viajará nada más, aunque quedara a medias.
    """
    whole, part = text.size(sent.of_bytes), f"{text.size(sent.bytes)} de {text.size(sent.of_bytes)}"
    all_files = text.count(sent.of_files, "archivo", "archivos")
    some = f"{text.number(sent.files)} de {all_files} ({part})"
    if not sent.complete:
        if over:
            return f"se quedó a medias: {some}"
        return f"viajando: {some}" if sent.files or sent.bytes else f"comparando: {all_files} ({whole})"
    if not sent.of_files:
        return "no había ningún archivo que enviar"
    the_files = f"{'el' if sent.of_files == 1 else 'los'} {all_files}".replace("el 1 ", "el único ")
    if not sent.files:
        return f"no viajó nada: el motor ya tenía {the_files} ({whole})"
    if sent.files == sent.of_files:
        return f"{'viajó' if sent.files == 1 else 'viajaron'} {the_files} ({whole})"
    return f"{'viajó' if sent.files == 1 else 'viajaron'} {some}"


def summary(sent: Iterable[ContextSent]) -> str:
    """Lo que viajó de todas las carpetas, en una frase; ``""`` si se construyó sin sesión."""
    found = list(sent)
    if not found or not all(each.complete for each in found):
        return ""
    if len(found) == 1:
        return sent_phrase(found[0])
    total = ContextSent(
        "",
        sum(each.files for each in found),
        sum(each.bytes for each in found),
        sum(each.of_files for each in found),
        sum(each.of_bytes for each in found),
        complete=True,
    )
    return f"{sent_phrase(total)}, entre {len(found)} carpetas"


def activity(state: BuildState, step: Step) -> tuple[str, float | None]:
    """Lo que hace ahora un paso en marcha y qué parte lleva hecha (``None`` si no se sabe)."""
    if found := state.sent.get(step.folder):
        return sent_phrase(found, over=False), None
    done, total = step.bytes
    amount = _amount(done, total)
    label = step.activity if len(step.progress) == 1 and not step.layers else ""
    fraction = round(done / total, 3) if done and total else None
    return " · ".join(filter(None, (cut(one_line(label), 80), amount))), fraction


def layers(step: Step) -> list[str]:
    """Las capas que un paso en marcha está bajando, una por línea; si son muchas, antes las que faltan."""
    if step.status is not Status.RUNNING:
        return []
    found = list(step.layers)
    if hidden := max(0, len(found) - _MAX_LAYERS):
        found.sort(key=lambda told: told.doing == OPENED)
    more = [f"y {text.count(hidden, 'capa', 'capas')} más"] if hidden else []
    return [layer_line(told) for told in found[:_MAX_LAYERS]] + more


def layer_line(told: StepProgress) -> str:
    """Una capa, en palabras: ``capa 04cf545ee114: bajando, 14,7 MB de 40,0 MB``."""
    going = told.current < told.total
    amount = _amount(told.current if going else 0, told.total)
    return f"capa {told.label}: {', '.join(filter(None, (told.doing, amount)))}"


def cut(value: str, most: int) -> str:
    """Un texto de ``most`` caracteres como mucho; si no cabe, acaba en puntos suspensivos."""
    return value if len(value) <= most else f"{value[: most - 1]}…"


def _amount(done: int, total: int) -> str:
    return f"{text.size(done)} de {text.size(total)}" if done else text.size(total) if total else ""
