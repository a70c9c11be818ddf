"""Mira una carpeta: qué viaja al motor, qué no y por qué regla. No abre ningún archivo.

Lo que hay en una carpeta excluida se cuenta, sin nombrarlo, hasta que se acaba el tiempo. Los enlaces no se
siguen, así que no hay vueltas.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice

from multietapa.dockerfile.context import Context
from multietapa.dockerfile.ignore import Rule, excludes, is_hollow
from multietapa.dockerfile.travel import NONE, Amount, Effect, Folder, Item, Kind, Problem, RuleUse, Travel
from multietapa.dockerfile.walk import Step, steps

COUNTING = 3.0
"""Segundos que se dedican a contar lo que hay en las carpetas excluidas."""
SOCKET = "es un socket, y el motor no lo admite"
NOT_UTF8 = "su nombre no es UTF-8, y el motor no lo admite"
_COMPARED, _ALIKE = 500, 0.8  # entre cuántos nombres se busca uno parecido, y cuánto ha de serlo
FORBIDDEN = "no tienes permiso para leerlo"
_AS_THE_OWNER = os.access in os.supports_effective_ids


def survey(context: Context, *, counting: float = COUNTING) -> Travel:
    """Mira una carpeta. ``counting`` son los segundos que se dedican a lo que hay en las carpetas excluidas.

    Raises:
        ContextError: la carpeta no se puede leer, o una regla que hay que mirar no es válida.
    """
    return _Survey(context, counting).done()


@dataclass
class _Node:
    """Una carpeta mientras se recorre: lo que tiene directamente y sus subcarpetas."""

    name: str
    travels: Amount = NONE
    out: Amount = NONE
    rule: Rule | None = None
    inside: list[_Node] = field(default_factory=list)

    def add(self, amount: Amount, *, travels: bool) -> None:
        if travels:
            self.travels = self.travels.plus(amount)
        else:
            self.out = self.out.plus(amount)

    def closed(self) -> Folder:
        folders = sorted((node.closed() for node in self.inside), key=lambda one: (-one.bytes, one.name))
        travels, out = self.travels, self.out
        for folder in folders:
            travels, out = travels.plus(folder.travels), out.plus(folder.out)
        return Folder(self.name, travels, out, tuple(folders), self.rule)


class _Survey:
    def __init__(self, context: Context, counting: float) -> None:
        self._context, self._rules = context, context.rules
        self._rescues = any(rule.rescues for rule in self._rules)
        self._left = counting
        self._items: list[Item] = []
        self._waiting: list[int] = []  # las carpetas excluidas que viajan si dentro se rescata algo
        self._root = _Node("")
        self._open = [self._root]
        self._used = [NONE] * len(self._rules)
        self._decides: set[int] = set()
        self._idle = dict(enumerate(self._rules))  # las que todavía no encajan con nada
        self._idle_rescues = {n: rule for n, rule in self._idle.items() if rule.rescues}
        self._places = {rule.line: n for n, rule in enumerate(self._rules)}
        self._links: set[tuple[int, int]] = set()
        self._deeper: dict[str, str] = {}  # cada nombre que hay más adentro, y el primero que se llama así
        self._problems: list[Problem] = []
        self._complete = True  # no hay ninguna carpeta sin mirar

    def done(self) -> Travel:
        for step in steps(self._context.root, self._rules, failed=self._failed):
            self._match(step.name, step.hits, excluded=excludes(step.rule))
            self._add(step)
        uses = tuple(
            RuleUse(rule, amount, effect := self._effect(n), self._hint(rule, effect))
            for n, (rule, amount) in enumerate(zip(self._rules, self._used, strict=True))
        )
        return Travel(
            self._context, tuple(self._items), self._root.closed(), uses, tuple(sorted(self._problems))
        )

    def _add(self, step: Step) -> None:
        while self._open[-1] is not self._root and not step.name.startswith(f"{self._open[-1].name}/"):
            self._open.pop()
        if step.travels and self._waiting:
            for at in self._waiting:
                if step.name.startswith(f"{self._items[at].name}/"):
                    self._items[at] = self._items[at]._replace(travels=True, rule=None)
            self._waiting = []
        item = self._folder(step) if step.enters else self._leaf(step)
        if step.enters and not step.travels:
            self._waiting.append(len(self._items))
        self._items.append(item)
        folder, _, last = item.name.rpartition("/")
        if folder and self._rules:
            self._deeper.setdefault(last, item.name)
        if step.rule is not None:
            place = self._places[step.rule.line]
            self._decides.add(place)
            self._used[place] = self._used[place].plus(item.amount)
        if item.kind is not Kind.FOLDER or not step.enters:
            node = self._open[-1]
            if item.kind is Kind.FOLDER:
                node.inside.append(node := _Node(step.name, rule=step.rule))
            node.add(item.amount, travels=step.travels)

    def _folder(self, step: Step) -> Item:
        node = _Node(step.name)
        self._open[-1].inside.append(node)
        self._open.append(node)
        return Item(step.name, Kind.FOLDER, step.travels, Amount(), step.rule)

    def _leaf(self, step: Step) -> Item:
        try:
            found = step.item.stat(follow_symlinks=False)
        except OSError as error:
            self._problem(step.name, _why(error), blocks=step.travels)
            return Item(step.name, Kind.OTHER, step.travels, Amount(1, 0, False), step.rule)
        kind = _kind(found.st_mode)
        if kind is Kind.FOLDER:  # excluida, y dentro no hay nada que rescatar
            return Item(step.name, kind, False, self._inside(step.name, step.item.path), step.rule)
        n_bytes = found.st_size if kind is Kind.FILE else 0
        hollow = False
        if step.travels:
            self._check(step, found)
            hollow = kind is Kind.FILE and self._rescues and is_hollow(self._rules, step.name)
            repeated = kind is Kind.FILE and found.st_nlink > 1 and self._sent_before(found)
            n_bytes = 0 if hollow or repeated else n_bytes
        return Item(step.name, kind, step.travels, Amount(1, n_bytes), step.rule, hollow)

    def _sent_before(self, found: os.stat_result) -> bool:
        """Si es otro nombre de un archivo que ya viaja: con una sesión, va como un enlace."""
        key = (found.st_dev, found.st_ino)
        known = key in self._links
        self._links.add(key)
        return known and os.name == "posix"

    def _check(self, step: Step, found: os.stat_result) -> None:
        """Apunta lo que no dejaría construir."""
        if stat.S_ISSOCK(found.st_mode):
            self._problem(step.name, SOCKET, blocks=True)
        elif stat.S_ISREG(found.st_mode) and not os.access(
            step.item.path, os.R_OK, effective_ids=_AS_THE_OWNER
        ):
            self._problem(step.name, FORBIDDEN, blocks=True)
        try:
            step.name.encode()
        except UnicodeEncodeError:
            self._problem(step.name, NOT_UTF8, blocks=True)

    def _inside(self, name: str, path: str) -> Amount:
        """Lo que hay en una carpeta excluida, mientras quede tiempo."""
        files = n_bytes = 0
        whole = True
        started = time.monotonic()
        folders = [(name, path)]
        while folders:
            if time.monotonic() - started > self._left:
                whole = False
                break
            prefix, folder = folders.pop()
            try:
                for item in _scan(folder):
                    self._match(f"{prefix}/{item.name}", (), excluded=True)
                    if item.is_dir(follow_symlinks=False):
                        folders.append((f"{prefix}/{item.name}", item.path))
                        continue
                    files += 1
                    if item.is_file(follow_symlinks=False):
                        n_bytes += item.stat(follow_symlinks=False).st_size
            except OSError as error:
                whole = False
                self._problem(prefix, _why(error), blocks=False)
        self._left -= time.monotonic() - started
        self._complete = self._complete and whole
        return Amount(files, n_bytes, whole)

    def _match(self, name: str, hits: tuple[bool, ...], *, excluded: bool) -> None:
        """Quita de las ociosas las reglas con las que encaja ``name``.

        Mientras nada lo excluye ya se miraron todas, menos las que rescatan: ``hits`` lo dice.
        """
        asked = self._idle if excluded else self._idle_rescues
        found = [n for n, rule in asked.items() if not rule.pattern.broken and rule.pattern.matches(name)]
        if True in hits:
            found += [n for n in self._idle if hits[n]]
        for n in found:
            self._idle.pop(n, None)
            self._idle_rescues.pop(n, None)

    def _effect(self, place: int) -> Effect:
        if place in self._decides:
            return Effect.DECIDES
        if place not in self._idle:
            return Effect.REPEATED
        return Effect.NOTHING if self._complete else Effect.UNKNOWN

    def _hint(self, rule: Rule, effect: Effect) -> str:
        """Lo que hay más adentro con el nombre que busca la regla, o con uno que se le parece."""
        if effect is not Effect.NOTHING or rule.pattern.broken or "/" in rule.pattern.text:
            return ""
        if deeper := next((path for name, path in self._deeper.items() if rule.pattern.matches(name)), ""):
            return deeper
        top = (item.name for item in self._items if "/" not in item.name)
        close = get_close_matches(rule.pattern.text, islice(top, _COMPARED), 1, _ALIKE)
        return close[0] if close and rule.pattern.prefix else ""

    def _failed(self, _name: str, error: OSError, shown: bool) -> None:
        self._complete = False
        self._open[-1].add(Amount(whole=False), travels=shown)  # es la última que se abrió
        self._problem(self._open[-1].name or ".", _why(error), blocks=shown)

    def _problem(self, name: str, why: str, *, blocks: bool) -> None:
        self._problems.append(Problem(name, why, blocks))


def _scan(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as found:
        yield from found


def _why(error: OSError) -> str:
    return FORBIDDEN if isinstance(error, PermissionError) else error.strerror or "cambió mientras se miraba"


def _kind(mode: int) -> Kind:
    kinds = {stat.S_IFREG: Kind.FILE, stat.S_IFDIR: Kind.FOLDER, stat.S_IFLNK: Kind.LINK}
    return kinds.get(stat.S_IFMT(mode), Kind.OTHER)
