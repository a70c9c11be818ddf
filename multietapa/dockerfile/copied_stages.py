"""De qué etapa o imagen copia cada ``COPY --from`` de un Dockerfile: la historia de la imagen no lo dice."""

from __future__ import annotations

from multietapa.dockerfile.graph import EdgeKind, graph
from multietapa.dockerfile.stages import Dockerfile


def copied_stages(source: Dockerfile) -> dict[int, str]:
    """La línea de cada ``COPY --from`` -> el nombre de la etapa, o de la imagen, de la que copia.

    Una etapa sin nombre se nombra con su número.
    """
    drawn = graph(source)
    return {edge.line: drawn.node(edge.source).name for edge in drawn.edges if edge.kind is EdgeKind.COPY}
