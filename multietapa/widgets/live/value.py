"""Lo que se enseña de una construcción por etapas: lo que se pidió, su Dockerfile y el grafo ya colocado."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from multietapa.build.state import BuildState
from multietapa.build.timeline import Timeline, timeline
from multietapa.dockerfile.graph import Graph, graph
from multietapa.dockerfile.stages import Dockerfile
from multietapa.widgets.build.words import Request
from multietapa.widgets.lanes.words import Built
from multietapa.widgets.live.picture import Scene, scene
from multietapa.widgets.stages.value import Stages


@dataclass(frozen=True)
class Staged:
    """Lo que se sabe antes de empezar. ``classic``: lo hace el constructor clásico, que va en fila."""

    request: Request
    source: Dockerfile
    graph: Graph
    classic: bool = False

    @cached_property
    def scene(self) -> Scene:
        """El grafo colocado."""
        return scene(self.source, self.graph)

    @cached_property
    def stages(self) -> Stages:
        """Lo mismo, como lo dicen las frases de las etapas."""
        return Stages(self.request.title, self.source, self.graph, (self.graph,), self.classic)

    def ended(self, state: BuildState) -> Built:
        """La construcción, ya terminada."""
        return Built(self.request, self.at(state), self.classic)

    def at(self, state: BuildState) -> Timeline:
        """Las etapas en ese momento de la construcción."""
        return timeline(state, self.source, self.graph)


def stages_of(request: Request, source: Dockerfile, target: str | None, *, classic: bool = False) -> Staged:
    """Lo que se enseña de la construcción de ese Dockerfile hasta ``target``."""
    return Staged(request, source, graph(source, target, all_before=classic), classic)
