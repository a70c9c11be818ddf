"""El widget de las etapas de un Dockerfile. Contesta el navegador: vale con el kernel ocupado, y sin él."""

from __future__ import annotations

from typing import Any

import traitlets

from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.stages.payload import payload
from multietapa.widgets.stages.picture import PICTURE_CSS, picture, twin_css
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import headline, lines, static_html


class StagesView(WidgetView):
    """El widget. ``target`` es el número, en ``targets``, del objetivo que se mira.

    ``picture`` es el dibujo para el objetivo pedido: el navegador lo cambia con las letras del que se elija.
    ``order`` son los nodos en el orden en que se recorren.
    """

    _esm, _css = drawing(__file__, css=PICTURE_CSS)

    name = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    order: traitlets.List[int] = traitlets.List().tag(sync=True)
    nodes: traitlets.List[Any] = traitlets.List().tag(sync=True)
    targets: traitlets.List[Any] = traitlets.List().tag(sync=True)
    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    target = traitlets.Int(0).tag(sync=True)

    def __init__(self, stages: Stages) -> None:
        self._stages, self._drawn = stages, picture(stages)
        super().__init__(**payload(stages, self._drawn))

    def twins(self) -> tuple[str, str]:
        """Las etapas, para el objetivo que se pidió, en texto y en HTML."""
        svg = self._drawn.svg
        shown = f'<style>{twin_css()}</style><div class="mt">{static_html(self._stages, svg)}</div>'
        return "\n".join(lines(self._stages)), shown

    def __repr__(self) -> str:
        return f"Etapas de {self._stages.name}: {headline(self._stages)}"
