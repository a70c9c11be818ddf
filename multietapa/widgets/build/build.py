"""El widget de una construcción en marcha: sus pasos, por etapas, y su registro."""

from __future__ import annotations

import threading
from typing import Any

import traitlets

from multietapa.build.state import BuildState
from multietapa.widgets.base import drawing
from multietapa.widgets.build.words import Request, lines, payload, static_html
from multietapa.widgets.building import BuildingView


class BuildView(BuildingView):
    """El widget. Guarda el último estado para sus gemelos."""

    _esm, _css = drawing(__file__)

    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    log: traitlets.List[str] = traitlets.List().tag(sync=True)
    warnings: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, request: Request, *, cancel: threading.Event | None = None, rate: float = 1.0) -> None:
        self._request, self._state = request, BuildState()
        super().__init__(cancel, rate=rate, **payload(self._state, request, 0.0))

    def _changes(self, state: BuildState, elapsed: float) -> dict[str, Any]:
        self._state = state
        return payload(state, self._request, elapsed)

    def twins(self) -> tuple[str, str]:
        """La construcción, con lo último que se sabe, en texto y en HTML."""
        said = (self._state, self._request, self.summary)
        return "\n".join(lines(*said)), static_html(*said)

    def __repr__(self) -> str:
        return f"Construcción de {self._request.title}: {self._state.phase.value}"
