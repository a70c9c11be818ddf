"""``python -m tools.sample VISTA [ARCHIVO.html]``: una página con las muestras de una vista, en dos temas.

No hace falta motor ni kernel: el JavaScript es el de verdad, y los estados, los del ``sample.py`` de su
carpeta. La página no pide nada a la red. Como no hay kernel que mande la hora, una construcción en marcha
dice a los 15 segundos que el kernel no da noticias.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from multietapa.console import complain, say
from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.base import WidgetView

WIDGETS = PROJECT_ROOT / "multietapa" / "widgets"
THEMES = ("claro", "oscuro")
_PAGE = Path(__file__).with_name("sample.html")
_DATA = '<script type="application/json" id="data">'


def names() -> list[str]:
    """Las vistas que traen muestras."""
    return sorted(path.parent.name for path in WIDGETS.glob("*/sample.py"))


def views(name: str) -> dict[str, WidgetView]:
    """Las muestras de una vista, por su nombre. Lanza ``UnknownNameError`` si no existe."""
    if name not in names():
        raise UnknownNameError(name, names(), kind="la vista")
    found: dict[str, WidgetView] = import_module(f"multietapa.widgets.{name}.sample").views()
    return found


def page(shown: Mapping[str, WidgetView], themes: Iterable[str] = THEMES) -> str:
    """Una página HTML que dibuja esos widgets, todos de la misma clase, en esos temas."""
    first = next(iter(shown.values()))
    samples = {
        name: {trait: value for trait, value in view.get_state().items() if not trait.startswith("_")}
        for name, view in shown.items()
    }
    drawing = first.shared
    drawn = {name: json.dumps(state, sort_keys=True) for name, state in samples.items()}  # como al guardarlo
    data = {"esm": drawing.esm, "css": drawing.css, "themes": list(themes), "samples": drawn}
    written = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return _PAGE.read_text(encoding="utf-8").replace(f"{_DATA}{{}}", f"{_DATA}{written}")


def main(arguments: list[str]) -> int:
    """La orden; devuelve el código de salida."""
    try:
        name = arguments[0] if arguments else ""
        written = page(views(name))
    except MultietapaError as problem:
        complain(problem)
        return 1
    target = Path(arguments[1]) if arguments[1:] else Path(tempfile.mkdtemp()) / f"{name}.html"
    target.write_text(written, encoding="utf-8")
    say(f"Ábrela con un navegador: {target.resolve()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
