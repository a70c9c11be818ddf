"""El dibujo de cada clase de vistas, que viaja una vez por kernel y no con cada vista.

anywidget guarda el JavaScript y el CSS en cada widget: un cuaderno con diez vistas los llevaría diez veces.
Aquí los lleva un modelo aparte, y cada vista solo un cargador (``loader.js``) que se los pide.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import ipywidgets
import traitlets

from multietapa.widgets.theme import VARIABLES

_HERE = Path(__file__).parent
LOADER = (_HERE / "loader.js").read_text(encoding="utf-8")
"""El módulo que lleva cada vista en ``_esm``."""
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)


def drawing(module: str, *, js: str = "", css: str = "", parts: Sequence[str] = ()) -> tuple[str, str]:
    """El JavaScript y el CSS de una vista: lo de todas, ``js`` y ``css``, y los archivos de su módulo.

    ``parts`` son los otros JavaScript de su carpeta, en su orden, si el suyo no cabe en uno. Se guardan con
    el cuaderno, así que han de ser pequeños y no pedir nada a la red; sus líneas de comentario no viajan.
    """
    own = Path(module)
    shared = [(_HERE / name).read_text(encoding="utf-8") for name in ("dom.js", "dom.css")]
    esm, style = (own.with_suffix(kind).read_text(encoding="utf-8") for kind in (".js", ".css"))
    inner = [own.with_name(f"{part}.js").read_text(encoding="utf-8") for part in parts]
    whole = "\n".join((shared[0], js, *inner, esm))
    return _COMMENT.sub("", whole), f"{VARIABLES}{shared[1]}{css}\n{style}"


class Drawing(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets no publica tipos
    """El JavaScript y el CSS de una clase de vistas. No se ve: lo leen los cargadores de las vistas."""

    esm = traitlets.Unicode().tag(sync=True)
    css = traitlets.Unicode().tag(sync=True)


_opened: dict[tuple[str, str], Drawing] = {}


def shared_drawing(esm: str, css: str) -> Drawing:
    """El ``Drawing`` de ese JavaScript y ese CSS: siempre el mismo, mientras nadie lo cierre."""
    found = _opened.get((esm, css))
    if found is None or found.comm is None:
        found = _opened[esm, css] = Drawing(esm=esm, css=css)
    return found
