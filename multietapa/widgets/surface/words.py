"""Las frases de lo que deja a mano una imagen: titular, usuario, soporte y advertencias."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from multietapa import text
from multietapa.image.lifecycle import Life, Support
from multietapa.measure.surface.face import Face, Kind, RunningUser, Surfaces
from multietapa.widgets.compare.words import EQUIVALENT
from multietapa.widgets.progress import PhaseWords
from multietapa.widgets.surface.kinds import CALLED
from multietapa.widgets.surface.listing import UNKNOWN, State, sections

BARS = "En cada fila, la barra más larga es la cuenta mayor de esa fila: de una fila a otra no se comparan."
LISTS = 'Cada lista, entera: resultado.lista("npm"); de dos imágenes, qué cambia: resultado.cambios("npm").'
EXPORT = 'La lista de paquetes, para otras herramientas (SBOM, CycloneDX): resultado.guardar_sbom("carpeta").'
_TOLD = 3  # clases que caben en el titular
#: En qué orden se escoge lo que dice el titular: primero lo que más sorprende.
_TELLING = (
    Kind.SECRETS,
    Kind.SYSTEM,
    Kind.COMPILERS,
    Kind.SHELLS,
    Kind.EXECUTABLES,
    Kind.NPM,
    Kind.MANAGERS,
    Kind.NETWORK,
    Kind.SETUID,
    Kind.PIP,
    Kind.GO,
    Kind.SETGID,
    Kind.CAPABLE,
    Kind.ANYONE,
)
PHASES = PhaseWords(
    "mirando",
    "mirado",
    "mirar",
    "Interrumpido: solo se enseña lo que dio tiempo a mirar.",
)


def about(names: Sequence[str]) -> str:
    """Qué se mira: el nombre de la vista para quien no la ve."""
    return f"Lo que {'deja' if len(names) == 1 else 'dejan'} a mano {text.join(names)}"


def headline(surfaces: Surfaces, names: Sequence[str] = ()) -> str:
    """Lo que más cuenta, en una frase; ``names`` son las imágenes pedidas, por si aún falta mirar alguna."""
    faces = surfaces.faces
    if not faces or len(faces) < len(names):
        return about(names or [face.name for face in faces])
    if len(faces) == 1:
        return _one(faces[0])
    return _pair(surfaces) if len(faces) == 2 else _many(faces)


def user(who: RunningUser) -> str:
    """Con qué usuario corre, y cómo se sabe."""
    declared = f"La imagen declara «USER {who.declared}»."
    if not who.declared:
        declared = "La imagen no declara ningún USER: es root."
    if who.uid is None:
        why = who.why.rstrip(".")
        return f"{UNKNOWN.capitalize()} con qué usuario corre: {why}. {declared}"
    group = f", gid {who.gid}" if who.gid is not None else ""
    name = who.name or "un usuario sin nombre"
    return f"Corre como {name} (uid {who.uid}{group}): medido en un contenedor en marcha. {declared}"


def support(life: Life, today: str) -> str:
    """Un programa con su soporte ese día: ``node 14.21.3: sin soporte; se acabó el 30/04/2023 (...)``."""
    runtime = life.runtime
    name = f"{runtime.name} {runtime.version or '(no dice qué versión)'}"
    if runtime.keeper:
        return (
            f"{name}: lo mantiene {runtime.keeper} con sus paquetes, y cuenta el soporte de {runtime.keeper}."
        )
    state = life.support(date.fromisoformat(today)) if today else Support.UNKNOWN
    if state is Support.UNKNOWN or life.ends is None:
        return f"{name}: {UNKNOWN} hasta cuándo tiene soporte."
    if state is Support.FULL:
        told = f"{state.value} hasta el {day(life.ends)}"
    elif state is Support.EXTENDED and life.extended:
        told = f"{state.value}, hasta el {day(life.extended)}; el de siempre se acabó el {day(life.ends)}"
    else:
        told = f"{state.value}; se acabó el {day(max(life.ends, life.extended or life.ends))}"
    dated = f", datos del {day(life.data_date)}" if life.data_date else ""
    return f"{name}: {told} (según {life.source}{dated})."


def runtimes(face: Face) -> tuple[tuple[str, bool], ...]:
    """Lo que ejecuta una imagen, con su soporte, y si ya no lo tiene."""
    if not face.runtimes:
        return (("No se reconoce en ella ninguna distribución, ni Node ni Python.", False),)
    return tuple((support(life, face.today), _ended(life, face.today)) for life in face.runtimes)


def details(face: Face) -> str:
    """Lo que acompaña al nombre de una imagen: su etiqueta, su arquitectura y si su base se hizo aquí."""
    tag = face.tag if face.tag != face.name else ""
    return " · ".join(filter(None, (tag, face.architecture, EQUIVALENT if face.equivalent else "")))


def notes(surfaces: Surfaces) -> tuple[str, ...]:
    """Lo que hay que saber para leer bien las cuentas."""
    found = []
    if any(face.equivalent for face in surfaces.faces):
        found.append(
            f"«{EQUIVALENT}»: la imagen base no se pudo descargar y se hizo aquí una con el mismo papel. "
            "Lo que se cuenta es de esa base, no de la original."
        )
    if len({face.architecture for face in surfaces.faces}) > 1:
        found.append("Hay imágenes de arquitecturas distintas: parte de la diferencia se debe a eso.")
    said: dict[str, list[str]] = {}
    for face in surfaces.faces:
        for note in face.notes:
            said.setdefault(note, []).append(face.name)
    for note, names in said.items():
        found.append(note if len(names) == len(surfaces.faces) else f"{text.join(names)}: {note}")
    return tuple(found)


def day(moment: date) -> str:
    """Un día, como se escribe en español: ``30/04/2023``."""
    return f"{moment.day:02}/{moment.month:02}/{moment.year}"


def _ended(life: Life, today: str) -> bool:
    known = bool(today) and not life.runtime.keeper
    return known and life.support(date.fromisoformat(today)) is Support.ENDED


def _one(face: Face) -> str:
    left = [CALLED[kind].count(n) for kind in _TELLING if (n := len(face.counts[kind].entries))][:_TOLD]
    if not left:
        return f"En {face.name} no se encontró nada de lo que se busca"
    return f"{face.name} deja a mano {text.join(left)}"


def _pair(surfaces: Surfaces) -> str:
    one, other = (face.name for face in surfaces.faces)
    tallies = {kind: dict(tally) for kind, tally in _tallies(surfaces)}
    if not tallies:
        return f"{one} y {other} no se pueden comparar: en ninguna clase se pudieron mirar las dos"
    gone = [_leaving(kind, tally) for kind, tally in tallies.items() if State.GONE in tally]
    new = [
        CALLED[kind].count(tally[State.NEW])
        for kind, tally in tallies.items()
        if State.NEW in tally and (State.GONE not in tally or kind is Kind.SECRETS)
    ]
    changed = [
        CALLED[kind].count(tally[State.CHANGED]) for kind, tally in tallies.items() if State.CHANGED in tally
    ]
    if gone:
        told = text.join(gone[:_TOLD])
        alone = len(gone) == 1 and sum(tally.get(State.GONE, 0) for tally in tallies.values()) == 1
        return f"De {one} a {other} se {'va' if alone else 'van'} {told}{_growing(tallies)}"
    if new:
        return f"De {one} a {other} no se va nada, y hay de nuevo {text.join(new[:_TOLD])}"
    if changed:
        return f"De {one} a {other} no se va ni llega nada; cambia el detalle de {text.join(changed[:_TOLD])}"
    return f"{one} y {other} dejan a mano lo mismo, en todo lo que se pudo mirar"


def _growing(tallies: Mapping[Kind, Mapping[State, int]]) -> str:
    """La clase en la que se gana más de lo que se pierde; los secretos, antes que ninguna."""
    grown = {kind: tally.get(State.NEW, 0) - tally.get(State.GONE, 0) for kind, tally in tallies.items()}
    kind = max(grown, key=lambda one: (one is Kind.SECRETS and grown[one] > 0, grown[one]))
    if grown[kind] <= 0:
        return ""
    new = tallies[kind][State.NEW]
    return f"; en cambio, {'llegan' if new > 1 else 'llega'} {CALLED[kind].count(new)}"


def _tallies(surfaces: Surfaces) -> Iterator[tuple[Kind, dict[State, int]]]:
    for kind in _TELLING:
        found = sections(surfaces, kind)
        if len(found) == 1 and not found[0].name:
            yield kind, dict(found[0].tally)


def _leaving(kind: Kind, tally: dict[State, int]) -> str:
    """Lo que se va de una clase: ``412 de los 431 paquetes del sistema (y llegan 17)``."""
    called, gone, new = CALLED[kind], tally[State.GONE], tally.get(State.NEW, 0)
    total = gone + tally.get(State.KEPT, 0) + tally.get(State.CHANGED, 0)
    arriving = f" (y llega{'n' if new > 1 else ''} {text.number(new)})" if new else ""
    if gone == total:
        return f"{called.all(total)}{arriving}"
    return f"{text.number(gone)} de {called.article} {called.count(total)}{arriving}"


def _many(faces: Sequence[Face]) -> str:
    known = [(len(face.counts[Kind.EXECUTABLES].entries), face.name) for face in faces]
    known = [pair for pair, face in zip(known, faces, strict=True) if face.counts[Kind.EXECUTABLES].known]
    opening = f"Lo que dejan a mano {len(faces)} imágenes"
    if len(known) < 2 or min(known)[0] == max(known)[0]:
        return opening
    (few, least), (many, most) = min(known), max(known)
    return f"{opening}: de {CALLED[Kind.EXECUTABLES].count(few)} ({least}) a {text.number(many)} ({most})"
