"""El widget de un contexto. Se dibuja entero de una vez; el filtro es del navegador."""

from __future__ import annotations

from typing import Any

import traitlets

from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.context.twin import lines, payload, static_html
from multietapa.widgets.context.words import Look, headline
from multietapa.widgets.theme import paint_css


class ContextView(WidgetView):
    """El widget. ``look`` es lo que se enseña, ya en palabras."""

    _esm, _css = drawing(__file__, css=paint_css())

    look: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, look: Look) -> None:
        self._look = look
        super().__init__(look=payload(look))

    def twins(self) -> tuple[str, str]:
        """Lo mismo, en texto y en HTML."""
        return "\n".join(lines(self._look)), static_html(self._look)

    def __repr__(self) -> str:
        return headline(self._look)


class TextView:
    """Lo mismo escrito (``vista="texto"``)."""

    def __init__(self, look: Look) -> None:
        print("\n".join(lines(look)))
