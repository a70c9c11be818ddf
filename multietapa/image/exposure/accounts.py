"""Con qué usuario corre una imagen: lo que dice ``USER``, resuelto con el ``/etc/passwd`` de la imagen."""

from __future__ import annotations

from dataclasses import dataclass

UNSAID = ""
NOBODY = "la imagen no lleva ese usuario en /etc/passwd: el contenedor no arranca"
NO_LIST = "la imagen no lleva /etc/passwd, o no se pudo leer"
_BIGGEST = 2**31 - 1


@dataclass(frozen=True)
class Account:
    """El usuario de una imagen. ``declared`` es el texto de ``USER`` (``""`` si no lo dice).

    ``name`` es ``""`` y ``uid`` es ``None`` si no se pueden saber; ``why`` dice entonces por qué. ``root``
    es si tiene el uid 0, o ``None`` si no se sabe.
    """

    declared: str
    name: str
    uid: int | None
    why: str = UNSAID

    @property
    def root(self) -> bool | None:
        """Si es root: si su uid es 0, se llame como se llame."""
        return None if self.uid is None else self.uid == 0


def account(declared: str, passwd: str | None) -> Account:
    """Quién es ``declared`` (``""``, ``node``, ``1000``, ``node:www``...), como lo resuelve Docker.

    ``passwd`` es el texto de ``/etc/passwd``, o ``None`` si no se tiene. Un número vale aunque no esté en
    la lista; un nombre, no. Sin ``USER``, es el uid 0.
    """
    wanted = declared.strip().partition(":")[0] or "0"
    number = int(wanted) if wanted.isascii() and wanted.isdigit() else None
    for name, uid in _users(passwd or ""):
        if name == wanted or uid == number:
            return Account(declared, name, uid)
    if number is not None:
        known = number <= _BIGGEST
        return Account(declared, "", number if known else None, UNSAID if known else NOBODY)
    return Account(declared, wanted if passwd is None else "", None, NO_LIST if passwd is None else NOBODY)


def known_users(passwd: str) -> dict[int, str]:
    """El nombre de cada uid de ``/etc/passwd``; de los que tienen varios, el primero, como hace Linux."""
    return {uid: name for name, uid in reversed(_users(passwd))}


def _users(passwd: str) -> list[tuple[str, int]]:
    fields = (line.strip().split(":") for line in passwd.splitlines() if not line.lstrip().startswith("#"))
    return [(row[0], int(row[2])) for row in fields if len(row) > 2 and row[2].isascii() and row[2].isdigit()]
