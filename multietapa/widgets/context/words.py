"""Las frases de un contexto: cuánto viaja, qué hace cada regla y lo que hay que saber para leerlo."""

from __future__ import annotations

from dataclasses import dataclass

from multietapa import text
from multietapa.build.suspects import Suspect
from multietapa.dockerfile.survey import COUNTING
from multietapa.dockerfile.travel import Amount, Effect, Folder, Item, RuleUse, Travel

TRAVELS, OUT = "Viaja al motor", "Se queda fuera"
MEANING = "Los bytes de los archivos, contados ahora en tu carpeta; es lo que recibiría un COPY de toda ella."
MOST = (
    "Con BuildKit es lo más que puede viajar: el motor pide solo lo que nombran los COPY y, la siguiente "
    "vez, solo lo que cambió. El constructor clásico y Podman lo reciben entero cada vez."
)
DOCKERFILE = (
    "El Dockerfile llega al motor aunque una regla lo deje fuera: lo que consigue la regla es que un COPY no "
    "lo copie (en Podman lo copia igual)."
)
UNKNOWN = "no se puede comprobar"
UNSEEN = f"{UNKNOWN} qué viaja"
REPEATED = "lo que encaja con ella ya lo decide otra línea"
NOTHING = "no encaja con nada de esta carpeta"
_LONGEST = 60  # caracteres de un nombre


@dataclass(frozen=True)
class Look:
    """Lo que se enseña: la carpeta como se escribió, lo que viaja de ella y lo que llama la atención."""

    folder: str
    travel: Travel
    suspects: tuple[Suspect, ...]


def readable(name: str) -> str:
    """Un nombre que se puede escribir: sin saltos de línea y con lo que no es UTF-8 en hexadecimal."""
    plain = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return plain if plain.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in plain)


def shown(name: str) -> str:
    """Un nombre que cabe: de uno muy largo, el principio y el final."""
    plain = readable(name)
    half = _LONGEST // 2
    return plain if len(plain) <= _LONGEST else f"{plain[: half - 1]}…{plain[-half:]}"


def amount(found: Amount) -> str:
    """Cuánto es: ``12 archivos, 3,4 MB``; lo que no se contó entero es «al menos» eso."""
    if not found.whole and not found.files:
        return UNKNOWN
    said = f"{text.count(found.files, 'archivo', 'archivos')}, {text.size(found.bytes)}"
    return said if found.whole else f"al menos {said}"


def headline(look: Look) -> str:
    """Lo que viaja y lo que no, en una frase."""
    travels, out = look.travel.travels, look.travel.out
    verb = "viaja" if travels.files == 1 else "viajan"
    first = f"De «{shown(look.folder)}» {verb} al motor {amount(travels)}"
    if not travels.files:
        first = f"De «{shown(look.folder)}» {'no viaja ningún archivo' if travels.whole else UNSEEN} al motor"
    if out.whole and not out.files:
        return f"{first}; no se queda ninguno fuera"
    if not out.whole and not out.files:
        return f"{first}; de lo que se queda fuera no se pudo contar nada"
    return f"{first}; se {'queda' if out.files == 1 else 'quedan'} fuera {amount(out)}"


def travelling(item: Item) -> str:
    """Qué pasa con una entrada, y por qué línea: ``viaja``, ``fuera, línea 3: node_modules``..."""
    said = ("viaja vacío" if item.hollow else "viaja") if item.travels else "fuera"
    return f"{said}, línea {item.rule.line}: {shown(item.rule.text)}" if item.rule else said


def fate(folder: Folder) -> str:
    """Qué pasa con lo que hay en una carpeta."""
    if folder.rule is not None:
        return f"fuera, línea {folder.rule.line}"
    if not folder.out.files and folder.out.whole:
        return "viaja"
    if not folder.travels.files:
        return "fuera"
    return f"viajan {text.size(folder.travels.bytes)}"


def whole(folder: Folder) -> Amount:
    """Todo lo que hay en una carpeta, viaje o no."""
    return folder.travels.plus(folder.out)


def rule_does(use: RuleUse) -> str:
    """Qué hace una regla en esta carpeta."""
    if use.effect is Effect.NOTHING:
        return f"{NOTHING}{_hint(use)}"
    if use.effect is Effect.UNKNOWN:
        return f"{UNKNOWN} si encaja con algo"
    if use.effect is Effect.REPEATED:
        return REPEATED
    if not use.amount.files and use.amount.whole:
        return "solo decide carpetas sin archivos" if use.rule.rescues else "no deja fuera ningún archivo"
    return f"{'rescata' if use.rule.rescues else 'deja fuera'} {amount(use.amount)}"


def _hint(use: RuleUse) -> str:
    if "/" in use.hint:
        return f". Sin «**/» delante solo mira en la raíz, y está «{shown(use.hint)}»"
    return f". ¿Querías decir «{shown(use.hint)}»?" if use.hint else ""


def notes(look: Look) -> tuple[str, ...]:
    """Lo que hay que saber para leer bien las cifras."""
    context = look.travel.context
    found = [MOST]
    if not context.ignore_file:
        found.append("En la carpeta no hay «.dockerignore»: no se queda nada fuera.")
    elif context.ignore_file != ".dockerignore" and (context.root / ".dockerignore").is_file():
        found.append(f"Valen las reglas de «{shown(context.ignore_file)}»; «.dockerignore» no se lee.")
    if not context.own_text and context.excluded_by(context.dockerfile):
        found.append(DOCKERFILE)
    if hollow := sum(item.hollow for item in look.travel.items):
        verb = "viaja" if hollow == 1 else "viajan"
        found.append(
            f"{text.count(hollow, 'archivo', 'archivos')} {verb} sin su contenido, como con la orden docker: "
            "las reglas lo rescatan y después lo vuelven a nombrar."
        )
    if not (look.travel.travels.whole and look.travel.out.whole):
        found.append(
            f"«Al menos» y «{UNKNOWN}»: algo no se pudo leer, o no dio tiempo a contarlo. A contar lo que "
            f"hay en las carpetas excluidas se dedican {text.number(COUNTING)} segundos."
        )
    return tuple(found)


def rules_title(look: Look) -> str:
    """De dónde son las reglas."""
    return f"Las reglas de {shown(look.travel.context.ignore_file or '.dockerignore')}"
