"""Las reglas de ``.dockerignore``: qué línea deja fuera cada ruta.

Gana la última regla que encaja, ``!`` rescata y se distinguen mayúsculas; con qué encaja cada patrón lo dice
``patterns``. Una ruta hereda, regla por regla, lo que encajó con su carpeta. Y cada regla solo se mira cuando
puede cambiar la respuesta (las que excluyen, mientras nada excluye; las que rescatan, mientras algo excluye):
la que no se miró cuenta, para lo de dentro, como que no encaja. Por eso ``s/secreto`` y luego ``!s`` deja
fuera ``s/secreto``. Así lo hacen el motor y la orden ``docker``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn

from multietapa.dockerfile.patterns import BadPattern, Pattern, clean, native, read_pattern
from multietapa.dockerfile.shell import SPACES
from multietapa.errors import ContextError


@dataclass(frozen=True)
class Rule:
    """Una línea de ``.dockerignore``: ``text`` tal cual, ``rescues`` si empieza por ``!``.

    ``file`` y ``line`` (desde 1) dicen dónde está escrita.
    """

    text: str
    rescues: bool
    pattern: Pattern
    file: str
    line: int

    def matches(self, path: str) -> bool:
        """Si su patrón encaja con ``path``, sin mirar lo que heredó.

        Raises:
            ContextError: el patrón no se puede comparar.
        """
        try:
            return self.pattern.matches(path)
        except BadPattern as error:
            _refuse(self.file, self.line, self.text, str(error))


def judge(
    rules: tuple[Rule, ...], name: str, parents: tuple[bool, ...]
) -> tuple[Rule | None, tuple[bool, ...]]:
    """La regla que decide ``name`` y con cuáles encaja, sabiendo con cuáles encajó su carpeta.

    Decide la última que lo excluye o lo rescata; ``None`` si ninguna lo excluyó nunca (:func:`excludes`).

    Raises:
        ContextError: hay que mirar una regla que no se puede comparar.
    """
    decided: Rule | None = None
    matched = []
    for n, rule in enumerate(rules):
        hit = (bool(parents) and parents[n]) or (rule.rescues == excludes(decided) and rule.matches(name))
        matched.append(hit)
        if hit and (decided is not None or not rule.rescues):
            decided = rule
    return decided, tuple(matched)


def excludes(decided: Rule | None) -> bool:
    """Si lo que decide esa regla se queda fuera."""
    return decided is not None and not decided.rescues


def may_rescue_under(rules: tuple[Rule, ...], folder: str) -> bool:
    """Si hay que entrar en ``folder``, que está excluida, porque algo de dentro se puede rescatar.

    La orden ``docker`` no entra si todo lo que se rescata tiene un nombre fijo que no está dentro de
    ``folder``, y de ``x/*/**`` solo mira «x»: por eso lo que hay en ``x/y`` no se rescata así.
    """
    rescues = [rule.pattern for rule in rules if rule.rescues]
    fixed = [pattern.prefix for pattern in rescues]
    if None not in fixed:
        return any(f"{prefix}/".startswith(f"{folder}/") for prefix in fixed)
    return any(pattern.may_match_under(folder) for pattern in rescues)


def may_match_under(rules: tuple[Rule, ...], folder: str) -> bool:
    """Si ``folder``, con la que no encaja ninguna regla, puede tener dentro algo que sí."""
    return any(rule.pattern.may_match_under(folder) for rule in rules if not rule.rescues)


def excluded_by(rules: tuple[Rule, ...], path: str) -> str:
    """La regla que deja fuera ``path`` (relativo, con ``/``), o ``""``. Salta las que no se entienden."""
    usable = tuple(rule for rule in rules if not rule.pattern.broken)
    parts = [part for part in path.split("/") if part not in ("", ".")]
    matched: tuple[bool, ...] = ()
    last: Rule | None = None
    for n in range(1, len(parts) + 1):
        name = "/".join(parts[:n])
        last, matched = judge(usable, name, matched)
        if excludes(last) and not may_rescue_under(usable, name):
            break
    return last.text if last is not None and excludes(last) else ""


def is_hollow(rules: tuple[Rule, ...], name: str) -> bool:
    """Si el archivo ``name``, que no está excluido, llega vacío.

    La orden ``docker`` juzga dos veces: al recorrer la carpeta, como ``judge``, y al abrir cada archivo, sin
    el matiz de las reglas que no se miraron. Si no coinciden (``s``, ``!s/x`` y ``s*``) el archivo viaja sin
    su contenido. Aquí se hace igual: lo que ella no envía no debe salir.
    """
    if not any(rule.rescues for rule in rules):
        return False
    parts = name.split("/")
    paths = [name, *("/".join(parts[:n]) for n in range(1, len(parts)))]
    excluded = False
    for rule in rules:
        if rule.rescues == excluded:
            if rule.pattern.broken:
                return True
            if any(map(rule.pattern.matches, paths)):
                excluded = not rule.rescues
    return excluded


def read_rules(text: str, *, file: str = ".dockerignore") -> tuple[Rule, ...]:
    """Lee el texto de un ``.dockerignore``, que está en ``file``.

    Raises:
        ContextError: una línea está mal escrita; el mensaje dice cuál.
    """
    rules = []
    for line, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        plain = raw.strip(SPACES)
        if raw.startswith("#") or not plain:
            continue
        rescues = plain.startswith("!")
        wanted = plain[1:].strip(SPACES) if rescues else plain
        if wanted:
            wanted = clean(wanted)
            wanted = wanted[1:] if wanted.startswith("/") and wanted != "/" else wanted
        if rule := _rule(f"!{wanted}" if rescues else wanted, plain, file, line):
            rules.append(rule)
    return tuple(rules)


def received_rules(patterns: Iterable[str]) -> tuple[Rule, ...]:
    """Las reglas que manda el motor, que ya leyó el archivo: cada patrón, con su «!» si lo lleva.

    Raises:
        ContextError: un patrón está mal escrito.
    """
    found = (_rule(text, text, ".dockerignore", line) for line, text in enumerate(patterns, 1))
    return tuple(rule for rule in found if rule is not None)


def _rule(wanted: str, plain: str, file: str, line: int) -> Rule | None:
    """La regla de un patrón; ``plain`` es como está escrito en la línea ``line``."""
    if not wanted.strip(SPACES):
        return None
    # La orden docker lo limpia otra vez con su «!»: «!/» se queda en «!», y «!../../a», en «a».
    wanted = clean(native(wanted).strip(SPACES))
    rescues = wanted.startswith("!")
    try:
        if wanted == "!":
            raise BadPattern("«!» rescata algo, y aquí no dice qué")
        return Rule(plain, rescues, read_pattern(wanted.removeprefix("!")), file, line)
    except BadPattern as error:
        _refuse(file, line, plain, str(error))


def _refuse(file: str, line: int, text: str, why: str) -> NoReturn:
    raise ContextError(
        f"«{file}» no se entiende en la línea {line}.",
        why=f"El patrón no es válido: {why}. El motor tampoco lo admite.",
        detail=f"{line} | {text}",
        next_step="Corrige esa línea, o bórrala. Para un carácter especial tal cual, pon «\\» delante.",
    )
