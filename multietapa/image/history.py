"""Lo que cuenta la historia de una imagen. El único lector de ``created_by``.

El constructor clásico y BuildKit envuelven la instrucción cada uno a su manera (``/bin/sh -c #(nop) COPY
...``, ``RUN /bin/sh -c ... # buildkit``) y a un ``RUN`` el clásico ni lo nombra.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from multietapa.keywords import WITHOUT_LAYER

_WRAPPED_RUN = re.compile(r"^(?:RUN )?(?:\|\d+ .*?)?/bin/sh -c ")


@dataclass(frozen=True)
class HistoryStep:
    """Un paso de la historia: ``reported_bytes`` es lo que dice el motor, con sus redondeos."""

    created_by: str
    reported_bytes: int = 0

    @property
    def keyword(self) -> str:
        """Su instrucción (``RUN``, ``COPY``...)."""
        return keyword(self.created_by)

    @property
    def leaves_layer(self) -> bool:
        """Si dejó una capa, aunque esté vacía."""
        return bool(self.reported_bytes) or self.keyword not in WITHOUT_LAYER


def keyword(created_by: str) -> str:
    """La instrucción de una línea de la historia (``COPY``); lo que no nombra ninguna es un ``RUN``."""
    word = next(iter((created_by.partition("#(nop)")[2] or created_by).split()), "")
    return word if word.isalpha() and word.isupper() else "RUN"


def instruction(created_by: str) -> str:
    """La instrucción entera, como se escribió o casi: ``RUN npm install``, sin los ``ARG`` que recibió."""
    line = " ".join(created_by.partition("#(nop)")[2].split() or created_by.split())
    line = line.removesuffix("# buildkit").strip()
    return _WRAPPED_RUN.sub("RUN ", line)


def layer_steps(history: Iterable[HistoryStep], count: int) -> tuple[str, ...] | None:
    """El ``created_by`` de cada una de las ``count`` capas, de abajo arriba; ``None`` si no queda claro."""
    steps = tuple(step.created_by for step in history if step.leaves_layer)
    return steps if len(steps) == count else None
