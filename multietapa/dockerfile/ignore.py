"""Las reglas de ``.dockerignore``: gana la última que encaja, ``!`` rescata y se distinguen mayúsculas."""

from __future__ import annotations

import re
from dataclasses import dataclass

from docker.utils.build import Pattern
from docker.utils.fnmatch import translate


@dataclass(frozen=True)
class Rule:
    """Una línea de ``.dockerignore``: ``text`` tal cual, ``rescues`` si empieza por ``!``."""

    text: str
    rescues: bool
    parts: tuple[str, ...]
    regex: re.Pattern[str]

    def may_match_under(self, folder: str) -> bool:
        """Puede encajar con algo de dentro de ``folder``."""
        for part, wanted in zip(folder.split("/"), self.parts, strict=False):
            if wanted == "**":
                return True
            if not re.match(translate(wanted), part):
                return False
        return True


def judge(rules: tuple[Rule, ...], name: str, parents: tuple[bool, ...]) -> tuple[str, tuple[bool, ...]]:
    """La regla que excluye ``name`` (o ``""``) y con cuáles encaja, sabiendo con cuáles encajó su carpeta."""
    matched = tuple(
        (bool(parents) and parents[n]) or rule.regex.match(name) is not None for n, rule in enumerate(rules)
    )
    last = next((rule for rule, hit in zip(reversed(rules), reversed(matched), strict=True) if hit), None)
    return ("" if last is None or last.rescues else last.text), matched


def read_rules(text: str) -> tuple[Rule, ...]:
    """Lee el texto de un ``.dockerignore``."""
    rules = []
    for line in text.removeprefix("\ufeff").splitlines():
        clean = line.strip()
        if line.startswith("#") or not clean or clean == "!":
            continue
        rescues = clean.startswith("!")
        parts = tuple(Pattern.normalize(clean[1:] if rescues else clean))
        if parts:
            rules.append(Rule(clean, rescues, parts, re.compile(translate("/".join(parts)))))
    return tuple(rules)
