"""Lo que este constructor, o esta manera de construir, no sabe hacer."""

from __future__ import annotations

import re

from multietapa.build.failure.case import Case, where
from multietapa.errors import BuildError, MultietapaError

_BUILDKIT_ONLY = re.compile(r"^the --\w+ option requires BuildKit\b")
_NO_SECRET = re.compile(r"^(?:failed to load cache key: )?secret (?P<name>.+): not found$")
_NO_KEY = re.compile(r"^no SSH key \".*\" forwarded from the client$|^unset ssh forward key \S+$")
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
    """Pide un secreto o una llave, y no hay quien se los dé, o no se le dieron."""
    if _NO_SESSION.search(case.words):
        return BuildError(
            f"Este paso pide un secreto o una llave ssh{where(case.line)}.",
            why="Para dárselos hace falta una sesión de BuildKit, y este motor no la ofrece.",
            next_step="Constrúyelo con un motor de Docker.",
            detail=case.quoted or case.reason,
            line=case.line,
        )
    secret, key = _NO_SECRET.match(case.words), _NO_KEY.match(case.words)
    if secret:
        what, way = f"el secreto «{secret['name']}»", f'«secretos={{"{secret["name"]}": Path("…")}}»'
    elif key:
        what, way = "el agente de ssh", "«ssh=True»"
    else:
        return None
    return BuildError(
        f"Falta {what}, que este paso necesita{where(case.line)}.",
        why="El Dockerfile lo monta con «required», y no se le ha dado.",
        next_step=f"Pásalo al construir, con {way}.",
        detail=case.quoted or case.reason,
        line=case.line,
    )
