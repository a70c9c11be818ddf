"""Un despliegue dicho con palabras: por dónde va, cómo acabó y qué se midió.

Todo son funciones de ``DeployState`` y de los despliegues medidos: lo que se lee en el widget, en una
exportación y en una terminal sale de los mismos textos. De cada imagen se da un despliegue de verdad, el de
total intermedio si se repitió, con lo que variaron todos.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multietapa import text
from multietapa.registry.events import LayerState, Phase
from multietapa.registry.outcome import Deployment, NodeKind, middle
from multietapa.registry.state import DeployPhase, DeployState, ImageOnItsWay, LayerOnItsWay
from multietapa.widgets.compare.words import EQUIVALENT

ICONS = {
    DeployPhase.WAITING: "○",
    DeployPhase.PUSHING: "▶",
    DeployPhase.RUNNING: "▶",
    DeployPhase.DONE: "✓",
    DeployPhase.FAILED: "✗",
    DeployPhase.CANCELLED: "⊘",
}
TRANSFER = "Transferencia"
TOTAL = "hasta la primera respuesta"
SIMILAR = 1.05
"""Por debajo de cuántas veces dos tiempos son casi el mismo."""
_MOVING = (LayerState.TRAVELLING, LayerState.UNPACKING)
_SOON = 0.5  # segundos de viaje antes de los que un ritmo no dice nada

Runs = tuple[tuple[Deployment, ...], ...]
Measured = dict[str, tuple[Deployment, ...]]


def measured(state: DeployState, runs: Runs = ()) -> Measured:
    """Los despliegues que acabaron bien de cada imagen; las que no tienen ninguno, no están."""
    found: Measured = {}
    for number, image in enumerate(state.images):
        done = runs[number] if number < len(runs) else ()
        if not done and image.result is not None:
            done = (image.result,)
        if done:
            found[image.name] = done
    return found


def took(seconds: float) -> str:
    """Lo que duró algo medido; lo que no es cero nunca se escribe ``0,0 s``."""
    return "menos de 0,1 s" if 0 < seconds < 0.05 else text.duration(seconds)


def speed(mbps: float | None) -> str:
    """La velocidad de un enlace: ``20 Mb/s``, ``2,5 Mb/s`` o ``sin límite``."""
    if mbps is None:
        return "sin límite"
    whole = mbps >= 100 or mbps == int(mbps)
    return f"{text.number(mbps, 0 if whole else 1 if mbps >= 1 else 3)} Mb/s"


def link(mbps: float | None) -> str:
    """El enlace, con su velocidad: ``por un enlace de 20 Mb/s``."""
    return f"por un enlace {'de ' if mbps is not None else ''}{speed(mbps)}"


def to_node(node: NodeKind) -> str:
    """A qué se despliega: ``a un segundo motor``, ``al cliente del taller``."""
    return f"a {node.value}".replace("a el ", "al ")


def title(state: DeployState) -> str:
    """Qué se despliega."""
    return f"Despliegue de {text.join([image.name for image in state.images])}"


def context(state: DeployState) -> str:
    """Cómo se despliega, en una línea: a qué nodo, por qué enlace, con qué capas y desde qué motor."""
    node = to_node(state.node) if state.node else ""
    kept = "" if state.cold else "el nodo se queda con las capas que recibe"
    turn = f"vuelta {state.turn} de {state.turns}" if state.turns > 1 and not state.over else ""
    return " · ".join(filter(None, (node, link(state.mbps), kept, turn, state.engine)))


def node_note(state: DeployState) -> str:
    """Qué hace el nodo y, si no es un segundo motor, por qué."""
    if state.node is not NodeKind.CLIENT:
        return ""
    why = f": {state.why}" if state.why else ""
    return (
        f"Aquí no puede haber un segundo motor{why}. En su lugar, el cliente del taller transfiere, "
        "comprueba y abre las capas, y el motor de siempre crea el contenedor y lo arranca."
    )


def preparing(state: DeployState) -> str:
    """Lo que se prepara antes de empezar, o ``""``."""
    return f"Preparando {state.preparing}…" if state.preparing and not state.over else ""


def overall(state: DeployState) -> DeployPhase:
    """Cómo va todo: lo peor que haya pasado o, si nada acabó mal, lo que falte."""
    phases = [image.phase for image in state.images]
    for phase in (DeployPhase.FAILED, DeployPhase.CANCELLED):
        if phase in phases and state.over:
            return phase
    return DeployPhase.DONE if state.over else DeployPhase.RUNNING


def overall_word(state: DeployState) -> str:
    """Lo mismo, con su icono y la palabra que se lee."""
    if preparing(state):
        return "▶ preparando"
    phase = overall(state)
    word = "terminado" if phase is DeployPhase.DONE else phase.value
    return f"{ICONS[phase]} {word}"


def image_word(image: ImageOnItsWay) -> str:
    """Cómo está una imagen: su icono y la palabra que se lee."""
    begun = image.pushing or image.layers or image.running
    word = "sin desplegar" if image.phase is DeployPhase.CANCELLED and not begun else image.phase.value
    return f"{ICONS[image.phase]} {word}"


def doing(image: ImageOnItsWay) -> str:
    """Por dónde va (o dónde se quedó) una imagen: su fase, los bytes, el ritmo y lo que duró lo de antes."""
    if image.phase is DeployPhase.PUSHING:
        return "subir la imagen al registro no cuenta como despliegue: se hace una vez para todos los nodos"
    if image.running is None:
        return ""
    number = list(Phase).index(image.running) + 1
    stuck = "se quedó en la " if image.phase.over else ""
    parts = [f"{stuck}fase {number} de {len(Phase)}: {image.running.value}"]
    if image.running is Phase.TRANSFER and image.expected_bytes:
        arrived, expected = min(image.arrived_bytes, image.expected_bytes), image.expected_bytes
        parts.append(f"{text.size(arrived)} de {text.size(expected)} de {TRANSFER}")
        if arrived and image.told > _SOON:
            parts.append(f"{rate(arrived, image.told)} hasta {'entonces' if stuck else 'ahora'}")
    if image.seconds:
        parts.append(f"antes: {phases_text(image.seconds)}")
    return " · ".join(parts)


def phases_text(seconds: Mapping[Phase, float]) -> str:
    """Unas fases con lo que duraron: ``transferir, 17 s; comprobar y abrir, 0,6 s``."""
    return "; ".join(f"{phase.value}, {took(seconds[phase])}" for phase in Phase if phase in seconds)


def rate(n_bytes: int, seconds: float) -> str:
    """El ritmo al que viajaron unos bytes: ``19,7 Mb/s``."""
    return f"{text.number(n_bytes * 8 / 1e6 / seconds, 1)} Mb/s" if seconds > 0 else "no se puede dividir"


def layer_text(layer: LayerOnItsWay) -> str:
    """Los bytes de una capa: los que lleva de los que son, o los que pesa."""
    whole = layer.total or layer.size
    if layer.state in _MOVING and whole:
        return f"{text.size(min(layer.current, whole))} de {text.size(whole)}"
    return text.size(layer.size) if layer.size else ""


def layer_share(layer: LayerOnItsWay) -> float:
    """Qué parte de lo que se hace con una capa está hecha, de 0 a 1."""
    if layer.state in _MOVING:
        whole = layer.total or layer.size
        return round(min(layer.current / whole, 1.0), 2) if whole else 0.0
    return 0.0 if layer.state is LayerState.WAITING else 1.0


def moved(deployment: Deployment) -> str:
    """Los bytes que viajaron frente a los que ya estaban, con su medida."""
    travelled, present = deployment.travelled_bytes, deployment.present_bytes
    if not travelled:
        return f"no viajó ninguna capa: {text.size(present)} de {TRANSFER} ya estaban en el nodo"
    there = f"; {text.size(present)} ya estaban" if present else ""
    return f"viajaron {text.size(travelled)} de {TRANSFER}{there}"


def layers_note(deployment: Deployment) -> str:
    """Cuántas capas viajaron y cuántas ya estaban."""
    count = len(deployment.layers)
    there = sum(not layer.travelled for layer in deployment.layers)
    went, stayed = ("viajó" if count - there == 1 else "viajaron"), ("estaba" if there == 1 else "estaban")
    said = f"{count - there} {went} y {there} ya {stayed}"
    if there in (0, count):
        said = f"{'ya ' + stayed if there else went}{' todas' if count > 1 else ''}"
    return f"{text.count(count, 'capa', 'capas')}: {said}"


def spread(values: Sequence[float]) -> str:
    """Lo que variaron unos segundos medidos varias veces: ``de 18 s a 20 s``; ``""`` si se escriben igual."""
    low, high = took(min(values)), took(max(values))
    return f"de {low} a {high}" if low != high else ""


def sentence(found: Measured) -> str:
    """Quién contestó antes, en cuánto, y cuántas veces lo que tardó cabe en lo que tardó la última."""
    order = sorted(
        ((name, middle(runs).total_seconds) for name, runs in found.items()), key=lambda item: item[1]
    )
    if not order:
        return ""
    (first, least), (last, most) = order[0], order[-1]
    opening = f"{first} contestó en {took(least)}"
    if len(order) == 1:
        return f"{opening}."
    if most < SIMILAR * least:
        who = f"{first} y {last} contestaron" if len(order) == 2 else "Todas contestaron"
        between = f"entre {took(least)} y {took(most)}"
        if took(least) == took(most):
            between = took(least)
        return f"{who} casi en el mismo tiempo: {between}."
    times = text.as_much(most, least, "lo", " de lo")
    return f"{opening}; {last}, en {took(most)}: {times} tardó {first}."


def base_note(state: DeployState) -> str:
    """Lo que hay que saber de las cifras si la base de alguna imagen no es la original."""
    if not any(image.equivalent for image in state.images):
        return ""
    return (
        f"«{EQUIVALENT}»: la imagen base no se pudo descargar y se hizo aquí una con el mismo papel. Los "
        "bytes y los segundos son de esa base, no de la original."
    )


def mark(image: ImageOnItsWay) -> str:
    """Lo que acompaña a su nombre: que su base no es la original."""
    return EQUIVALENT if image.equivalent else ""


def called(image: ImageOnItsWay) -> str:
    """Su nombre, con lo que lo acompaña entre paréntesis."""
    return f"{image.name} ({EQUIVALENT})" if image.equivalent else image.name


def progress(image: ImageOnItsWay) -> str:
    """Cómo está y por dónde va una imagen, en una línea."""
    return ": ".join(filter(None, (f"{image_word(image)} {called(image)}", doing(image))))


def how(state: DeployState, found: Measured) -> str:
    """Qué es lo medido: con qué enlace, en qué nodo y cuántas veces."""
    if not found:
        return ""
    some = next(iter(found.values()))
    times = len(some)
    parts = [f"Medido {link(some[0].mbps)}, {to_node(some[0].node)}", state.engine]
    if times > 1:
        parts.append(f"{times} veces: se da el despliegue de total intermedio, y entre qué tiempos quedaron")
    return f"{' · '.join(filter(None, parts))}."
