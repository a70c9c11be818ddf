"""Qué vista se abre de una construcción que empieza, y qué se enseña de una que ya acabó."""

from __future__ import annotations

import threading

from multietapa.build.follow import View
from multietapa.widgets.base import open_view
from multietapa.widgets.build.build import BuildView
from multietapa.widgets.build.text_view import TextView
from multietapa.widgets.build.words import Request
from multietapa.widgets.lanes.words import Built
from multietapa.widgets.live.live import LiveView
from multietapa.widgets.live.text_view import LiveTextView
from multietapa.widgets.live.value import Staged

STAGES = "etapas"
"""El valor de ``vista`` que pide las etapas."""


def open_build_view(
    vista: bool | str,
    request: Request,
    staged: Staged | None,
    cancel: threading.Event,
    *,
    rate: float = 1.0,
) -> View:
    """La vista de una construcción que empieza.

    Sin ``staged`` (el Dockerfile no se entiende, o no se puede dibujar) no hay etapas: se ve como siempre.
    """
    if vista == STAGES and staged is not None:
        return open_view(
            vista, lambda: LiveView(staged, cancel=cancel, rate=rate), lambda: LiveTextView(staged)
        )
    return open_view(vista, lambda: BuildView(request, cancel=cancel, rate=rate), lambda: TextView(request))


def finished_view(built: Built) -> LiveView:
    """El widget de una construcción que ya acabó."""
    line = built.line
    view = LiveView(Staged(built.request, line.source, line.graph, built.classic))
    view.finish(line.state)
    return view
