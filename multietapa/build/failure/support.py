"""Lo que este constructor, o esta manera de construir, no sabe hacer."""

from __future__ import annotations

import re

from multietapa.build.failure.case import Case, where
from multietapa.errors import BuildError, MultietapaError

_BUILDKIT_ONLY = re.compile(r"^the --\w+ option requires BuildKit\b")
_NO_SESSION = re.compile(r"(?:^|: )no active sessions$")


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


def secrets(case: Case) -> MultietapaError | None:
    """Pide un secreto o una llave, y no hay quien se los dé."""
    if not _NO_SESSION.search(case.words):
        return None
    return BuildError(
        f"Este paso pide un secreto o una llave ssh{where(case.line)}.",
        why="El SDK de Docker no puede enviarlos: hacen falta sesiones de BuildKit.",
        next_step="Constrúyelo con la orden «docker buildx build --secret ...».",
        detail=case.quoted or case.reason,
        line=case.line,
    )
