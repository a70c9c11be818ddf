"""Lo que desaparece de una imagen a otra, y el desperdicio, en frases, en texto y en HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from multietapa import text
from multietapa.measure.comparison import Comparison, Measure, Row
from multietapa.measure.disappeared import Disappeared, Group, Names
from multietapa.measure.waste import Blame, Waste
from multietapa.widgets.compare.splits import MANY
from multietapa.widgets.compare.words import percent

HOW = (
    "Se queda lo que está en las dos con la misma ruta y el mismo tamaño, en cualquiera de sus capas; lo "
    "demás desaparece o es nuevo. Cada razón es lo que dicen la capa, la base o el cierre de npm."
)
_BLAMES = 3
_ROOM = 9_000  # letras
_ELSEWHERE = "El detalle está en <code>desaparecido</code>, en lo que devuelve <code>comparar</code>."
_GROUPS, _FEWER_GROUPS = 6, 3


def wasted(row: Row) -> str:
    """El desperdicio de una imagen en una frase, o ``""`` si no lleva nada escondido."""
    if not row.waste.bytes:
        return ""
    total = row.figure(Measure.UNPACKED).bytes
    share = f" ({percent(row.waste.bytes / total)})" if total else ""
    return f"{text.size(row.waste.bytes)}{share} van en la imagen y no los ve ningún contenedor"


def blamed(waste: Waste) -> tuple[str, ...]:
    """De qué capas es el desperdicio y cuál lo esconde, de más a menos, y cuánto queda sin decir."""
    said = [_blame(blame) for blame in waste.blames[:_BLAMES]]
    if rest := waste.blames[_BLAMES:]:
        size = text.size(sum(blame.bytes for blame in rest))
        said.append(f"y {size} más, en {text.count(len(rest), 'caso', 'casos')} menores")
    return tuple(said)


def summary(change: Disappeared) -> str:
    """Lo que cambia en una frase, en Desempaquetado."""
    return (
        f"De {change.before} a {change.after}: desaparecen {text.size(change.gone_bytes)}, son nuevos "
        f"{text.size(change.new_bytes)} y se quedan {text.size(change.stayed)} de Desempaquetado"
    )


def change_tables(comparison: Comparison) -> list[list[str]]:
    """De cada cambio, su frase y su detalle en HTML, si cabe en un cuaderno guardado."""
    found: list[list[str]] = []
    left = _ROOM
    for change in comparison.changes:
        table = change_html(change, comparison)
        left -= len(table)
        found.append([summary(change), table if left > 0 else f"<p>{_ELSEWHERE}</p>"])
    return found


def change_lines(comparison: Comparison) -> Iterator[str]:
    """Lo que desaparece, en texto."""
    for change in comparison.changes:
        yield ""
        yield f"{summary(change)}."
        for title, groups, packages in _halves(change):
            shown, rest = _limited(groups, comparison)
            for group in shown:
                yield f"  {title} {text.size(group.bytes)} de {group.name}: {group.reason}"
                yield f"      {_pieces(group, comparison)}"
            if rest:
                yield f"  {rest}"
            for names in packages:
                yield f"  {title} {_counted(names)}: {_listed(names)}"
        if unknown := _unknown(change):
            yield f"  {unknown}"
    if comparison.changes:
        yield ""
        yield HOW


def waste_lines(comparison: Comparison) -> Iterator[str]:
    """El desperdicio de cada imagen, en texto."""
    rows = [row for row in comparison.rows if row.has(Measure.UNPACKED) and row.waste.bytes]
    if rows:
        yield ""
    for row in rows:
        yield f"{row.name}: {wasted(row)}."
        yield from (f"  {line}" for line in blamed(row.waste))


def change_html(change: Disappeared, comparison: Comparison) -> str:
    """Lo que desaparece y lo nuevo, en una tabla cada uno."""
    tables = []
    for title, groups, packages in _halves(change):
        shown, rest = _limited(groups, comparison)
        body = "".join(
            f'<tr><th scope="row">{escape(group.name)}<br><small>{escape(group.reason)}</small></th>'
            f"<td>{text.size(group.bytes)}</td><td>{escape(_pieces(group, comparison))}</td></tr>"
            for group in shown
        )
        said = [f"{_counted(names).capitalize()}: {_listed(names)}." for names in packages]
        said += [f"{rest}."] if rest else []
        if body:
            tables.append(
                f"<table><caption>{_caption(title, change)}</caption><thead><tr>"
                '<th scope="col">Qué y por qué</th><th scope="col">Bytes</th>'
                f'<th scope="col">Sobre todo</th></tr></thead><tbody>{body}</tbody></table>'
            )
        tables += [f"<p>{escape(sentence)}</p>" for sentence in said]
    if unknown := _unknown(change):
        tables.append(f"<p>{escape(unknown)}</p>")
    return "".join(tables)


def _caption(title: str, change: Disappeared) -> str:
    gone = title == "desaparecen"
    size = text.size(change.gone_bytes if gone else change.new_bytes)
    return f"Desaparecen {size} de Desempaquetado" if gone else f"Son nuevos {size} de Desempaquetado"


def _halves(change: Disappeared) -> Iterator[tuple[str, Sequence[Group], Sequence[Names]]]:
    yield "desaparecen", change.gone, change.packages_gone
    yield "son nuevos", change.new, change.packages_new


def _limited(groups: Sequence[Group], comparison: Comparison) -> tuple[Sequence[Group], str]:
    most = _FEWER_GROUPS if len(comparison.rows) > MANY else _GROUPS
    if len(groups) <= most:
        return groups, ""
    rest = groups[most:]
    size = text.size(sum(group.bytes for group in rest))
    return groups[:most], f"Y {text.count(len(rest), 'grupo más', 'grupos más')}, que suman {size}"


def _pieces(group: Group, comparison: Comparison) -> str:
    shown = group.pieces[: 2 if len(comparison.rows) > MANY else None]
    rest = group.others + len(group.pieces) - len(shown)
    listed = ", ".join(f"{piece.name} ({text.size(piece.bytes)})" for piece in shown)
    return listed + (f" y {text.number(rest)} más" if rest else "")


def _counted(names: Names) -> str:
    one = names.family.replace("paquetes", "paquete").replace("módulos", "módulo")
    return text.count(names.count, one, names.family)


def _listed(names: Names) -> str:
    return ", ".join(names.listed) + (f" y {text.number(names.others)} más" if names.others else "")


def _unknown(change: Disappeared) -> str:
    if not change.unknown:
        return ""
    return f"No se puede comprobar qué cambia en {text.join(change.unknown)}: una de las dos no lo dice."


def _blame(blame: Blame) -> str:
    does = [f"tapa {text.size(blame.shadowed)} con otra copia" if blame.shadowed else ""]
    does.append(f"borra {text.size(blame.deleted)}" if blame.deleted else "")
    return f"la {blame.by} {text.join(list(filter(None, does)))} de la {blame.layer}"
