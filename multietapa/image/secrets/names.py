"""Qué variables guardan un secreto, por su nombre: ``NPM_TOKEN`` y ``dbPassword`` sí; ``TOKEN_FILE``, no."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-ZÑ]+(?![a-zñ])|[A-ZÑ]?[a-zñ]+|\d+")
_SECRETS = (
    "password", "passwd", "passphrase", "secret", "token", "apikey", "secretkey", "accesskey", "privatekey",
    "authtoken", "contraseña", "contrasena", "credentials", "secreto",
)  # fmt: skip
_WHOLE = frozenset("pwd pass clave psk".split())
_KEYS = frozenset(
    """
    api access secret private encryption signing master account storage ssh deploy session app jwt hmac
    """.split()
)
_AUTH = frozenset("npm docker registry basic".split())
#: Si el nombre acaba en una de estas, la variable habla de un secreto y no lo lleva.
_ABOUT = frozenset(
    """
    file path dir folder name id type url uri host ttl length len size min max limit expiry expires expiration
    days hours minutes seconds count policy algorithm alg header prefix field endpoint hint regex enabled
    required user username email provider version issuer audience scope public publica pública archivo ruta
    carpeta nombre tipo longitud minimo máximo maximo mínimo dias días horas minutos segundos usuario correo
    """.split()
)


def is_sensitive(name: str) -> bool:
    """Si una variable que se llama así guarda un secreto: ``NPM_TOKEN``, ``TOKEN_NPM``, ``claveApi``..."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or "public" in words or name.upper() in ("PWD", "OLDPWD"):
        return False
    if words[-1] in _ABOUT:
        return False
    pairs = list(zip(["", *words], words, strict=False))
    return any(
        word.endswith(_SECRETS)
        or word in _WHOLE
        or (word == "key" and before in _KEYS)
        or (word == "auth" and before in _AUTH)
        for before, word in pairs
    )
