"""El widget de varias construcciones terminadas, con los tiempos de sus etapas en un mismo eje."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.lanes.twin import static_html
from multietapa.widgets.lanes.words import Built, headline, lines, payload

_HERE = Path(__file__).parent
STRIP_JS, STRIP_CSS = ((_HERE / name).read_text(encoding="utf-8") for name in ("strip.js", "strip.css"))
"""Las franjas, que también dibuja la vista de una construcción en marcha."""


class LanesView(WidgetView):
    """El widget. ``shown`` es todo lo que enseña: ya no cambia."""

    _esm, _css = drawing(__file__, js=STRIP_JS, css=STRIP_CSS)

    shown: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, builds: Sequence[Built]) -> None:
        self._builds = tuple(builds)
        super().__init__(shown=payload(self._builds))

    def twins(self) -> tuple[str, str]:
        """Las mismas construcciones, en texto y en HTML."""
        return "\n".join(lines(self._builds)), static_html(self._builds, STRIP_CSS)

    def __repr__(self) -> str:
        return headline(self._builds)
