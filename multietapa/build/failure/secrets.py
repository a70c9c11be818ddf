"""Un paso pide un secreto o el agente de ssh, y no los tiene."""

from __future__ import annotations

import re

from multietapa.build.failure.case import Case, where
from multietapa.build.session.extras import Extras
from multietapa.build.ungiven import called, how_to_give, ungiven
from multietapa.dockerfile.mounts import DEFAULT_AGENT, SECRET, SSH, Mount, mounts_of
from multietapa.errors import BuildError, MultietapaError
from multietapa.text import join

_NO_SESSION = re.compile(r"(?:^|: )no active sessions$")
_REQUIRED = re.compile(
    r"^secret (?P<secret>.+): not found$|^no SSH key \"(?P<agent>[^\"]*)\" forwarded from the client$"
)
_NAMELESS = re.compile(r"^invalid secret mount\. one of source, target required$")


def required(case: Case) -> MultietapaError | None:
    """El montaje lleva ``required`` y no se le ha dado: el motor no ejecuta el paso."""
    found = _REQUIRED.match(case.words)
    if found is None:
        return None
    name = found["secret"]
    kind, name = (SECRET, name) if name else (SSH, found["agent"] or DEFAULT_AGENT)
    mount = Mount(kind, name, True, case.line or 0)
    return BuildError(
        f"El Dockerfile pide {called(mount)} y no se le ha dado{where(case.line)}.",
        why="Ese «--mount» lleva «required»: sin él, el paso no se ejecuta.",
        next_step=how_to_give(mount, case.extras or Extras()),
        detail="\n".join(filter(None, [case.quoted, case.reason])),
        line=case.line,
    )


def nameless(case: Case) -> MultietapaError | None:
    """Un ``--mount=type=secret`` sin ``id``."""
    if not _NAMELESS.match(case.words):
        return None
    return BuildError(
        f"A este secreto le falta su nombre{where(case.line)}.",
        why="El motor lo pide por su «id».",
        next_step="Escribe «--mount=type=secret,id=NOMBRE», con el mismo nombre que en «secretos».",
        detail="\n".join(filter(None, [case.quoted, case.reason])),
        line=case.line,
    )


def no_session(case: Case) -> MultietapaError | None:
    """El motor no ofrece sesiones, y un paso pide algo que solo viaja por una."""
    if not _NO_SESSION.search(case.words):
        return None
    return BuildError(
        f"Este paso pide un secreto o una llave ssh{where(case.line)}.",
        why="Viajan por una sesión de BuildKit, y este motor no la ofrece.",
        next_step="Construye con un motor de Docker que la tenga (desde la versión 18.09), y dáselos con "
        "«secretos» o con «ssh».",
        detail=case.quoted or case.reason,
        line=case.line,
    )


def without(case: Case) -> tuple[str, str]:
    """De una orden que acabó mal, lo que montaba y no se le había dado: por qué importa y cómo se le da.

    Dos textos vacíos si no le faltaba nada, o no se sabe qué se dio.
    """
    if case.instruction is None or case.extras is None:
        return "", ""
    missing = ungiven(mounts_of(case.instruction), case.extras)
    if not missing:
        return "", ""
    which = join([called(mount) for mount in missing])
    steps = " ".join(dict.fromkeys(how_to_give(mount, case.extras) for mount in missing))
    verb = "no se le ha dado" if len(missing) == 1 else "no se le han dado"
    return f"Este monta {which}, que {verb}.", steps
