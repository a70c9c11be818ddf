"""Lo que este constructor no sabe hacer."""

from __future__ import annotations

import re

from multietapa.build.failure.case import Case, where
from multietapa.errors import BuildError, MultietapaError

_BUILDKIT_ONLY = re.compile(r"^the --\w+ option requires BuildKit\b")


def needs_buildkit(line: int | None, detail: str) -> BuildError:
    """El error de pedirle al constructor clásico algo de BuildKit."""
    return BuildError(
        f"El constructor clásico no entiende esto{where(line)}.",
        why="Es una función de BuildKit (como «--mount» o un heredoc).",
        next_step='Quita «constructor="clasico"» para construir con BuildKit.',
        detail=detail,
        line=line,
    )


def buildkit_only(case: Case) -> MultietapaError | None:
    """El clásico no sabe hacerlo."""
    return needs_buildkit(case.line, case.reason) if _BUILDKIT_ONLY.match(case.words) else None
