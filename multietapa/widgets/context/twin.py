"""Un contexto en texto, en HTML y en lo que viaja al widget. Todo son funciones de ``Look``.

Lo que se lista se recorta, y se dice cuánto queda: una carpeta puede tener cien mil archivos, y lo que se
enseña se guarda con el cuaderno.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from html import escape
from typing import Any

from multietapa import text
from multietapa.dockerfile.travel import Folder, Item, Kind
from multietapa.widgets.context.words import (
    MEANING,
    OUT,
    TRAVELS,
    Look,
    amount,
    fate,
    headline,
    notes,
    rule_does,
    rules_title,
    shown,
    travelling,
    whole,
)

FILES, FOLDERS, RULES, SUSPECTS, PROBLEMS = 100, 80, 50, 20, 20
"""Cuántos se enseñan de cada lista."""
_IN_TEXT = 15
_TITLES = {
    "suspects": "Viaja, y seguramente no hace falta",
    "problems": "Lo que no se puede leer o no puede viajar",
    "folders": "Las carpetas que más ocupan",
    "files": "Los archivos que más ocupan",
}


def lines(look: Look) -> Iterator[str]:
    """El gemelo en texto."""
    yield f"{headline(look)}."
    if look.suspects:
        yield from ("", f"{_TITLES['suspects']}:")
        for one in look.suspects[:SUSPECTS]:
            yield f"  {shown(one.name)} ({amount(one.amount)}): {one.why}"
        yield from _rest(len(look.suspects) - SUSPECTS)
    if look.travel.rules:
        yield from ("", f"{rules_title(look)}:")
        for use in look.travel.rules[:RULES]:
            yield f"  línea {use.rule.line}: {shown(use.rule.text)} · {rule_does(use)}"
        yield from _rest(len(look.travel.rules) - RULES)
    if look.travel.problems:
        yield from ("", f"{_TITLES['problems']}:")
        for problem in look.travel.problems[:PROBLEMS]:
            yield f"  {shown(problem.name)}: {problem.why}{_blocks(problem.blocks)}"
        yield from _rest(len(look.travel.problems) - PROBLEMS)
    if look.travel.root.folders:
        yield from ("", f"{_TITLES['folders']}:")
        for folder in look.travel.root.folders[:_IN_TEXT]:
            yield f"  {shown(folder.name)}: {amount(whole(folder))}; {fate(folder)}"
        yield from _rest(len(look.travel.root.folders) - _IN_TEXT)
    found, left = largest(look)
    if found:
        yield from ("", f"{_TITLES['files']}:")
        for item in found[:_IN_TEXT]:
            yield f"  {_name(item)}: {_size(item)}; {travelling(item)}"
        yield from _rest(len(found) + left - _IN_TEXT)
    yield ""
    yield from (MEANING, *notes(look))


def static_html(look: Look) -> str:
    """El gemelo en HTML, sin controles: para exportaciones y lectores de pantalla."""
    found, left = largest(look)
    parts = [
        f"<p><strong>{escape(headline(look))}.</strong></p><p>{escape(MEANING)}</p>",
        _list(
            _TITLES["suspects"],
            [f"{shown(one.name)} ({amount(one.amount)}): {one.why}" for one in look.suspects[:SUSPECTS]],
            len(look.suspects) - SUSPECTS,
        ),
        _table(
            rules_title(look),
            ("Línea", "Texto", "Qué hace"),
            [(str(u.rule.line), shown(u.rule.text), rule_does(u)) for u in look.travel.rules[:RULES]],
            len(look.travel.rules) - RULES,
        ),
        _list(
            _TITLES["problems"],
            [f"{shown(one.name)}: {one.why}{_blocks(one.blocks)}" for one in look.travel.problems[:PROBLEMS]],
            len(look.travel.problems) - PROBLEMS,
        ),
        _table(
            _TITLES["folders"],
            ("Carpeta", "Tamaño", "Qué pasa"),
            [
                (shown(each.name), amount(whole(each)), fate(each))
                for each in look.travel.root.folders[:_IN_TEXT]
            ],
            len(look.travel.root.folders) - _IN_TEXT,
        ),
        _table(
            _TITLES["files"],
            ("Archivo", "Tamaño", "Qué pasa"),
            [(_name(item), _size(item), travelling(item)) for item in found[:_IN_TEXT]],
            len(found) + left - _IN_TEXT,
        ),
        "".join(f"<p><small>{escape(note)}</small></p>" for note in notes(look)),
    ]
    return f'<div class="mt">{"".join(parts)}</div>'


def payload(look: Look) -> dict[str, Any]:
    """Lo que viaja al widget."""
    found, left = largest(look)
    travels, out = look.travel.travels, look.travel.out
    return {
        "about": f"Contexto de {shown(look.folder)}",
        "title": headline(look),
        "meaning": MEANING,
        "bars": [
            [name, paint, each.bytes, amount(each)]
            for name, paint, each in ((TRAVELS, "diagonal", travels), (OUT, "liso", out))
        ],
        "titles": {**_TITLES, "rules": rules_title(look)},
        "tree": _branch(look.travel.root, _biggest(look.travel.root)),
        "files": [[_name(item), _size(item), travelling(item), item.travels] for item in found],
        "filesMore": _more(left),
        "rules": [
            [use.rule.line, shown(use.rule.text), rule_does(use), use.effect.name.lower(), bool(use.hint)]
            for use in look.travel.rules[:RULES]
        ],
        "rulesMore": _more(len(look.travel.rules) - RULES),
        "suspects": [
            [shown(one.name), one.why, amount(one.amount), one.secret] for one in look.suspects[:SUSPECTS]
        ],
        "suspectsMore": _more(len(look.suspects) - SUSPECTS),
        "problems": [
            [shown(one.name), f"{one.why}{_blocks(one.blocks)}"] for one in look.travel.problems[:PROBLEMS]
        ],
        "problemsMore": _more(len(look.travel.problems) - PROBLEMS),
        "notes": list(notes(look)),
    }


def largest(look: Look) -> tuple[list[Item], int]:
    """Las entradas que más ocupan, y cuántas quedan sin decir. Una carpeta excluida cuenta como una."""
    listed = [item for item in look.travel.items if item.kind is not Kind.FOLDER or not item.travels]
    listed = [item for item in listed if item.kind is not Kind.FOLDER or item.amount.files]
    found = heapq.nsmallest(FILES, listed, key=lambda item: (-item.amount.bytes, item.name))
    return found, len(listed) - len(found)


def _biggest(root: Folder) -> set[str]:
    """Las carpetas que se enseñan, a cualquier nivel; la que contiene a una de ellas también lo es."""
    waiting, found = [(root, 0)], []
    while waiting:
        folder, level = waiting.pop()
        found += [(-one.bytes, level, one.name) for one in folder.folders]
        waiting += [(one, level + 1) for one in folder.folders]
    return {name for _, _, name in heapq.nsmallest(FOLDERS, found)}


def _branch(folder: Folder, biggest: set[str]) -> dict[str, Any]:
    """Las subcarpetas que se enseñan de una, y lo que queda."""
    kept = [one for one in folder.folders if one.name in biggest]
    return {
        "inside": [
            [shown(_last(one)), one.bytes, amount(whole(one)), fate(one), _branch(one, biggest)]
            for one in kept
        ],
        "more": _more(len(folder.folders) - len(kept), "carpeta", "carpetas"),
    }


def _last(folder: Folder) -> str:
    return folder.name.rsplit("/", 1)[-1]


def _name(item: Item) -> str:
    return f"{shown(item.name)}/" if item.kind is Kind.FOLDER else shown(item.name)


def _size(item: Item) -> str:
    if item.kind is Kind.FOLDER or not item.amount.whole:
        return amount(item.amount)
    return text.size(item.amount.bytes)


def _more(left: int, one: str = "", many: str = "") -> str:
    if left <= 0:
        return ""
    return f"y {text.count(left, one, many).strip()} más"


def _rest(left: int) -> Iterator[str]:
    if left > 0:
        yield f"  {_more(left)}"


def _blocks(blocks: bool) -> str:
    return "; así no se puede construir" if blocks else "; no viaja, así que no impide construir"


def _list(title: str, items: list[str], left: int) -> str:
    if not items:
        return ""
    rows = "".join(f"<li>{escape(one)}</li>" for one in [*items, *filter(None, [_more(left)])])
    return f"<p><strong>{escape(title)}</strong></p><ul>{rows}</ul>"


def _table(title: str, heads: tuple[str, ...], rows: list[tuple[str, str, str]], left: int) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    rest = f"<p>{escape(_more(left))}</p>" if left > 0 else ""
    top = f"<caption>{escape(title)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>{body}</tbody></table>{rest}"
