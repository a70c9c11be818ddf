"""Contextos de muestra: para mirar el widget sin ninguna carpeta y para las pruebas que lo dibujan."""

from __future__ import annotations

from pathlib import Path

from multietapa.build.suspects import FOLDERS, Suspect
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.ignore import Rule, read_rules
from multietapa.dockerfile.travel import NONE, Amount, Effect, Folder, Item, Kind, Problem, RuleUse, Travel
from multietapa.widgets.context.context import ContextView
from multietapa.widgets.context.words import Look

_ROOT = Path("tienda")
_MODULES = Amount(48_211, 312_400_000)
_CUT = Amount(20_480, 96_000_000, False)


def good() -> Look:
    """Una tienda con sus reglas: una rescata, otra tiene una errata, otra no encaja y otra sobra."""
    rules = read_rules("node_modules\n*.log\n!avisos.log\nsrcs\ndist\nnode_modules/.cache\n")
    modules, logs, rescued, mistyped, dist, cache = rules
    files = [_file("package-lock.json", 402_118), _file("src/servidor.js", 18_230), _file("Dockerfile", 812)]
    items = (
        *files,
        Item("node_modules", Kind.FOLDER, False, _MODULES, modules),
        _file("errores.log", 2_400_000, logs, travels=False),
        _file("avisos.log", 1_200, rescued),
    )
    out = Amount(48_212, 314_800_000)
    public = Folder("src/publico", Amount(14, 96_400), NONE)
    folders = (
        Folder("node_modules", NONE, _MODULES, (), modules),
        Folder("src", Amount(31, 140_220), NONE, (public, Folder("src/vistas", Amount(6, 8_100), NONE))),
    )
    uses = (
        RuleUse(modules, _MODULES, Effect.DECIDES),
        RuleUse(logs, Amount(1, 2_400_000), Effect.DECIDES),
        RuleUse(rescued, Amount(1, 1_200), Effect.DECIDES),
        RuleUse(mistyped, NONE, Effect.NOTHING, "src"),
        RuleUse(dist, NONE, Effect.NOTHING),
        RuleUse(cache, NONE, Effect.REPEATED),
    )
    root = Folder("", Amount(34, 544_350), out, folders)
    return Look("apps/tienda-node", Travel(_context(rules), items, root, uses, ()), ())


def careless() -> Look:
    """La misma carpeta sin ``.dockerignore``: viaja todo, también un token y la historia del proyecto."""
    items = (_file(".npmrc", 64), _file("fotos/catalogo.tar", 61_000_000), _file("Dockerfile", 812))
    git, photos = Amount(930, 21_700_000), Amount(3, 61_400_000)
    folders = (
        Folder("node_modules", _MODULES, NONE, (Folder("node_modules/esbuild", Amount(9, 9_800_000), NONE),)),
        Folder("fotos", photos, NONE),
        Folder(".git", git, NONE, (Folder(".git/objects", Amount(880, 21_100_000), NONE),)),
    )
    root = Folder("", Amount(49_178, 396_044_226), NONE, folders)
    noticed = (
        Suspect(".npmrc", "lleva dentro: token de un registro de npm", Amount(1, 64), True),
        Suspect("node_modules", FOLDERS["node_modules"], _MODULES),
        Suspect("fotos/catalogo.tar", "es un archivo grande", Amount(1, 61_000_000)),
        Suspect(".git", FOLDERS[".git"], git),
    )
    return Look("apps/tienda-node", Travel(_context(()), items, root, (), ()), noticed)


def cut() -> Look:
    """Una carpeta con algo que no se puede leer y otra excluida que no dio tiempo a contar."""
    rules = read_rules("datos\n*.tmp\n")
    root = Folder("", Amount(2, 900), _CUT, (Folder("datos", NONE, _CUT, (), rules[0]),))
    problems = (
        Problem("app.sock", "es un socket, y el motor no lo admite", True),
        Problem("datos/privado", "no tienes permiso para leerlo", False),
    )
    uses = (RuleUse(rules[0], _CUT, Effect.DECIDES), RuleUse(rules[1], NONE, Effect.UNKNOWN))
    items = (_file("Dockerfile", 900), Item("datos", Kind.FOLDER, False, _CUT, rules[0]))
    return Look(".", Travel(_context(rules), items, root, uses, problems), ())


def views() -> dict[str, ContextView]:
    """El widget en cada caso que merece mirarse, por su nombre."""
    return {
        name: ContextView(look()) for name, look in (("reglas", good), ("sin", careless), ("a medias", cut))
    }


def _file(name: str, n_bytes: int, rule: Rule | None = None, *, travels: bool = True) -> Item:
    return Item(name, Kind.FILE, travels, Amount(1, n_bytes), rule)


def _context(rules: tuple[Rule, ...]) -> Context:
    return Context(
        _ROOT, "Dockerfile", "FROM scratch\n", ignore_file=".dockerignore" if rules else "", rules=rules
    )
