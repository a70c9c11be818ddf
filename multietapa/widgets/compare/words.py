"""Las frases de la comparación: titular, predicción, efectos y advertencias."""

from __future__ import annotations

import math

from multietapa import text
from multietapa.measure.comparison import SIMILAR, UNKNOWN_LAYERS, Comparison, Effect, Measure, Row
from multietapa.widgets.progress import PhaseWords

PROVISIONAL = "provisional, según el motor"
PENDING = "midiendo…"
UNMEASURED = "sin medir"
EQUIVALENT = "base equivalente local"
MEANINGS = {
    Measure.UNPACKED: "Lo que ocupan los archivos de todas las capas, por origen.",
    Measure.TRANSFER: "Lo que viaja por la red: las capas comprimidas.",
}
PHASES = PhaseWords(
    "midiendo",
    "medido",
    "medir",
    f"Medida interrumpida: lo que sigue marcado «{PROVISIONAL}» o «{UNMEASURED}» no está medido.",
)


def percent(share: float) -> str:
    """Una fracción en tanto por ciento: ``69,5 %``; lo que no es cero nunca se escribe ``0,0 %``."""
    if 0 < share < 0.0005:
        return "< 0,1 %"
    return f"{text.number(share * 100, 1)} %"


def exact(n_bytes: int) -> str:
    """Los bytes, uno a uno."""
    return text.count(n_bytes, "byte", "bytes")


def headline(comparison: Comparison, measure: Measure = Measure.UNPACKED) -> str:
    """La comparación en una frase, con sus cifras y el nombre de su medida."""
    short = short_headline(comparison, measure)
    if not comparison.known(measure):
        return short
    biggest, smallest = comparison.extremes(measure)
    high, low = (text.size(row.figure(measure).bytes) for row in (biggest, smallest))
    figures = high if len(comparison.rows) == 1 else f"{high} frente a {low}"
    return f"{short}: {figures} de {measure.value}"


def short_headline(comparison: Comparison, measure: Measure) -> str:
    """Quién ocupa más y cuántas veces, sin cifras."""
    names = [row.name for row in comparison.rows]
    if len(names) == 1:
        return names[0]
    if not comparison.known(measure):
        return f"Comparación de {len(names)} imágenes"
    biggest, smallest = comparison.extremes(measure)
    ratio = comparison.times(measure)
    unpacked = measure is Measure.UNPACKED
    many = len(names) > 2
    if ratio < SIMILAR:
        who = "Todas" if many else text.join(names)
        return f"{who} {'ocupan casi lo mismo' if unpacked else 'viajan con casi los mismos bytes'}"
    first = f"la mayor, {biggest.name}," if many else biggest.name
    last = f"la menor, {smallest.name}" if many else smallest.name
    opening = f"L{first[1:]}" if many else first
    if math.isinf(ratio):
        return f"{opening} tiene bytes y {last} no"
    if not unpacked:
        times = text.as_much(ratio, 1, "los bytes", " de bytes")
        return f"Al mover {first} viajan {times} al mover {last}"
    return f"{opening} ocupa {text.as_much(ratio, 1)} {last}"


def about(comparison: Comparison) -> str:
    """Qué se compara: el nombre de la vista para quien no la ve."""
    names = [row.name for row in comparison.rows]
    return f"{'Medida' if len(names) == 1 else 'Comparación'} de {text.join(names)}"


def prediction(comparison: Comparison) -> str:
    """Lo que se predijo y lo que salió, o ``""``."""
    first = comparison.rows[0]
    if comparison.prediction is None or not first.has(Measure.UNPACKED):
        return ""
    guess, real = comparison.prediction, first.figure(Measure.UNPACKED).bytes
    sentence = f"predijiste {text.size(guess)}; se midieron {text.size(real)}"
    more, ratio = real >= guess, max(guess, real) / max(min(guess, real), 1)
    if ratio < SIMILAR:
        return f"{sentence} (casi exacto)"
    return f"{sentence} ({text.more(ratio, 1) if more else text.less(ratio, 1)})"


def predicted(comparison: Comparison) -> str:
    """De qué es la predicción: la medida y la imagen."""
    return f"{Measure.UNPACKED.value} de {comparison.rows[0].name}"


def change(effect: Effect) -> str:
    """Qué se cambia y qué se deja: ``«una etapa» → «dos etapas», con «base grande»``."""
    kept = f", con «{effect.fixed}»" if effect.fixed else ""
    return f"«{effect.before}» → «{effect.after}»{kept}"


def saving(effect: Effect) -> str:
    """Lo que se ahorra en bytes: ``ahorra 140 MB``."""
    if effect.saved == 0:
        return "no cambia"
    return f"ahorra {text.size(effect.saved)}" if effect.saved > 0 else f"añade {text.size(-effect.saved)}"


def factor(effect: Effect) -> str:
    """El mismo cambio en veces: ``1,2 veces``."""
    if effect.saved >= 0:
        return text.ratio(effect.before_bytes, effect.after_bytes)
    return text.more(effect.after_bytes, effect.before_bytes)


def interplay(comparison: Comparison, measure: Measure) -> tuple[str, ...]:
    """Si los dos efectos del cuadro se suman o no, en bytes y en veces."""
    effects = comparison.effects(measure)
    if effects is None:
        return ()
    rows, columns, both = effects.row, effects.column, effects.both
    signed = min(effect.saved for effect in effects.all) < 0
    show = _signed if signed else text.size
    apart = (
        f"por separado, los dos cambios {'suponen' if signed else 'ahorran'} {show(rows[0].saved)} "
        f"y {show(columns[0].saved)} ({show(effects.separate)} en total); juntos, {show(both.saved)}."
    )
    if effects.add_up:
        sentences = [f"En bytes, los efectos se suman: {apart}"]
    else:
        sentences = [
            f"Los efectos no se suman sin más: {apart} "
            "Lo que consigue un cambio depende de si el otro ya está hecho."
        ]
    product = rows[0].times * columns[0].times
    if not signed and math.isfinite(product * both.times) and _differ(product, both.times):
        factors = [text.number(value, 1) for value in (rows[0].times, columns[0].times, product)]
        sentences.append(
            f"En veces no basta con multiplicar: {factors[0]} × {factors[1]} = {factors[2]}, y juntos dan "
            f"{text.ratio(both.times, 1)}. Los mismos bytes pesan más cuanto más pequeña es la imagen de "
            f"la que se quitan: «{rows[0].before}» → «{rows[0].after}» son {factor(rows[0])} con "
            f"«{rows[0].fixed}» y {factor(rows[1])} con «{rows[1].fixed}»."
            if effects.add_up
            else f"En veces tampoco: {factors[0]} × {factors[1]} = {factors[2]}, y juntos dan "
            f"{text.ratio(both.times, 1)}."
        )
    return tuple(sentences)


def details(row: Row, comparison: Comparison) -> str:
    """Lo que acompaña a las cifras de una imagen: su etiqueta, su base y su arquitectura."""
    parts = [row.tag if row.tag != row.name else ""]
    if row.has(Measure.UNPACKED):
        parts.append(f"base {row.base}" if row.base and row.base != row.tag else "")
        parts.append(row.architecture if row.architecture != comparison.architecture else "")
    return " · ".join(filter(None, parts))


def notes(comparison: Comparison) -> tuple[str, ...]:
    """Lo que hay que saber para leer bien las cifras."""
    measured = [row for row in comparison.rows if row.has(Measure.UNPACKED)]
    found = []
    if any(row.equivalent for row in measured):
        found.append(
            f"«{EQUIVALENT}»: la imagen base no se pudo descargar y se hizo aquí una con el mismo papel. Las "
            "cifras son de esa base, no de la original."
        )
    if len({row.architecture for row in measured}) > 1:
        found.append("Hay imágenes de arquitecturas distintas: parte de la diferencia se debe a eso.")
    unknown = [row.name for row in measured if _unknown_base(row)]
    if unknown:
        found.append(
            f"No se sabe qué capas son de la base en {text.join(unknown)}: ahí, lo que no está en carpetas "
            "del sistema ni del runtime cuenta como aplicación."
        )
    return tuple(found)


def _unknown_base(row: Row) -> bool:
    return row.has(Measure.TRANSFER) and any(
        part.name == UNKNOWN_LAYERS for part in row.figure(Measure.TRANSFER).parts
    )


def _signed(n_bytes: int) -> str:
    return f"{'+' if n_bytes < 0 else '−'}{text.size(abs(n_bytes))}" if n_bytes else "0 B"


def _differ(one: float, other: float) -> bool:
    return max(one, other) / min(one, other) >= SIMILAR if min(one, other) > 0 else one != other
