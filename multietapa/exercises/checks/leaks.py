"""Preguntas sobre los secretos que se escapan con una imagen."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from multietapa import text
from multietapa.exercises.leaks import GIVEN, Leaks
from multietapa.exercises.outcome import Observation
from multietapa.image.image import MeasuredImage, layer_name
from multietapa.image.secrets.masking import HIDDEN, without_values
from multietapa.image.secrets.report import CONFIG, FILE, HISTORY, SEEN, Secret

_LICENSED = "tienda"
_RIGHT_WAY = "Un secreto se monta en el «RUN» que lo necesita: dura lo que ese paso, y no queda en la capa."


def licence(token: str) -> str:
    """Lo que escribe ``activar.js`` cuando se le da ``token``: no se puede escribir sin tenerlo."""
    return hmac.new(token.encode(), _LICENSED.encode(), hashlib.sha256).hexdigest()


def keeps_licence(content: bytes | None, token: str, path: str) -> Observation:
    """La imagen lleva en ``path`` la licencia que solo se pudo escribir con ``token``."""
    if content is None:
        return Observation(
            False,
            f"En la imagen no está {path}.",
            (
                f"En tu imagen no hay ningún {path}: la tienda no está activada.",
                "¿En qué etapa se ejecuta «node activar.js»? La licencia es un archivo, y eso se copia.",
            ),
        )
    if content.decode("utf-8", "replace").strip() == licence(token):
        return Observation(True, f"{path} está, y solo se pudo escribir con el token.")
    return Observation(
        False,
        f"{path} está, pero no es la licencia que da el token de este ejercicio.",
        (
            f"Lo que hay en {path} no lo escribió «node activar.js» con el token de este ejercicio.",
            "No la escribas a mano: «node activar.js» la calcula con el token. Si construiste tú la imagen, "
            "comprueba mejor el texto del Dockerfile: aquí se construye con el token que toca.",
        ),
    )


def no_token_in_files(found: Leaks, image: MeasuredImage, token: str) -> Observation:
    """Ninguna capa lleva el token, ni a la vista ni borrado después."""
    secrets = found.at(FILE)
    if not secrets:
        return Observation(True, "Ninguna capa lleva el token.")
    secret = next((one for one in secrets if one.state != SEEN), secrets[0])
    named = _layers_of(image, token)
    where, layer = secret.where, named(secret.layer)
    more = text.count(len(secrets) - 1, "archivo más", "archivos más")
    others = f" Y hay {more} con él." if len(secrets) > 1 else ""
    if secret.state == SEEN:
        return Observation(
            False,
            f"Lleva {_what(secret)} en {where}, a la vista de quien entre: lo dejó la {layer}.{others}",
            (
                f"El archivo {where} viaja en la {layer}. ¿Lo necesita la tienda cuando ya está en marcha?",
                f"Copia de cada etapa solo lo que hace falta. {_RIGHT_WAY}",
            ),
        )
    return Observation(
        False,
        f"Lleva {_what(secret)} en {where}: la {named(secret.gone_layer)} lo esconde, pero sigue entero en "
        f"la {layer}.{others}",
        (
            f"Un contenedor ya no ve {where}, pero quien descargue la imagen lo tiene en la {layer}.",
            f"Borrar en otra instrucción no quita nada de la capa de antes. {_RIGHT_WAY}",
        ),
    )


def no_token_in_text(found: Leaks) -> Observation:
    """Ni la historia ni la configuración dicen el token."""
    configured, told = found.at(CONFIG), found.at(HISTORY)
    if configured:
        secret = configured[0]
        return Observation(
            False,
            f"Lleva {_what(secret)} en su configuración: «{secret.where}».",
            (
                f"«{secret.where}» guarda el token en la configuración de la imagen, y todos sus "
                "contenedores arrancan con él.",
                f"Lo que dice «ENV» se queda para siempre. {_RIGHT_WAY}",
            ),
        )
    if told:
        secret = told[0]
        return Observation(
            False,
            f"Su historia dice {_what(secret)} en el paso «{secret.instruction}».",
            (
                f"La historia de tu imagen (docker history) enseña el token en «{secret.instruction}».",
                "El motor guarda el valor de un «ARG» junto a lo que se ejecuta después en su etapa. "
                f"{_RIGHT_WAY}",
            ),
        )
    return Observation(True, "Ni su historia ni su configuración dicen el token.")


def _what(secret: Secret) -> str:
    kind = secret.kind if secret.kind == GIVEN else f"un secreto, {secret.kind}"
    return f"{kind} ({f'{secret.shown.start}…' if secret.shown.start else HIDDEN})"


def _layers_of(image: MeasuredImage, token: str) -> Callable[[int | None], str]:
    def named(index: int | None) -> str:
        return without_values(layer_name(image, (index or 0) + 1), [token])

    return named
