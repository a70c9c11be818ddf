"""Las llamadas a lo que ofrece el taller: las mal escritas se explican, y las interrumpidas dicen qué quedó.

``@offered`` se pone a cada función que se escribe en una celda. Comprueba los argumentos antes de llamarla:
lo que Python diría en inglés (falta uno, sobra otro, no es de su tipo) se dice en español, con un ejemplo.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

import docker

from multietapa import text
from multietapa.errors import CallError, Interrupted, closest

P = ParamSpec("P")
R = TypeVar("R")
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
#: Los argumentos cuyo valor no se cita.
_PRIVATE = ("secretos",)
#: Lo que se puede pasar donde la firma dice ese tipo, si no es exactamente él.
_ALSO: Mapping[Any, type] = {int: numbers.Integral, float: numbers.Real}
_CALLED: Mapping[Any, str] = {
    str: "un texto entre comillas",
    int: "un número entero",
    float: "un número",
    bool: "True o False",
    os.PathLike: "un Path",
    collections.abc.Mapping: "un diccionario",
    collections.abc.Sequence: "una lista",
    collections.abc.Callable: "una función",
    docker.DockerClient: "un cliente del SDK",
}


def offered(example: str, *, interrupted: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Para una función que se escribe en una celda: ``example`` es una llamada correcta.

    Si los argumentos no son los suyos, se lanza :class:`CallError` sin llegar a llamarla. ``interrupted`` es
    lo que se dice si se interrumpe: qué quedó hecho y qué no.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if problem := _problem(function, args, kwargs):
                raise CallError(*problem, example=example)
            try:
                return function(*args, **kwargs)
            except Interrupted:
                raise  # ya lo dijo quien estaba trabajando
            except KeyboardInterrupt:
                if not interrupted:
                    raise
                raise Interrupted(interrupted) from None

        return call

    return decorate


def _problem(
    function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Qué pasa con unos argumentos y por qué; ``None`` si valen."""
    name, parameters = function.__name__, inspect.signature(function).parameters
    usable = {n: p for n, p in parameters.items() if n != "self" and p.kind not in _VARIABLE}
    for word in kwargs:
        if word not in usable:
            return _unknown(name, word, usable)
    slots = [n for n, p in parameters.items() if p.kind in _POSITIONAL]
    if len(args) > len(slots) and not any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        return _too_many(name, args, slots, usable)
    given = dict(zip(slots, args, strict=False))
    if twice := next((n for n in given if n in kwargs), ""):
        return f"A «{name}» se le da dos veces «{twice}».", "una vez sin nombre, la primera, y otra con él."
    given.update(kwargs)
    missing = [n for n, p in usable.items() if n not in given and p.default is p.empty]
    if missing:
        return f"A «{name}» le falta{'n' if len(missing) > 1 else ''} {_quoted(missing)}.", ""
    return _wrong_type(name, function, {n: given[n] for n in usable if n in given})


def _unknown(name: str, word: str, usable: Mapping[str, Any]) -> tuple[str, str]:
    close = closest(word, usable)
    listed = f"Puede llevar {_quoted(usable)}." if usable else "No lleva ninguno."
    meant = f"¿Querías decir «{close[0]}»? " if close else ""
    return f"«{name}» no tiene ningún argumento «{word}».", f"{meant}{listed}"


def _too_many(
    name: str, args: Sequence[Any], slots: Sequence[str], usable: Mapping[str, Any]
) -> tuple[str, str]:
    own = [slot for slot in slots if slot != "self"]
    rest = ", ".join(f"{one}=..." for one in usable if one not in own)
    alone = f"Sin nombre solo puede ir {_quoted(own)}." if own else "Sin nombre no va nada."
    named = f" Con su nombre: {rest}" if rest else ""
    return f"«{name}» no sabe qué hacer con {_shown(args[len(slots)])}.", alone + named


def _wrong_type(name: str, function: Callable[..., Any], given: Mapping[str, Any]) -> tuple[str, str] | None:
    hints = _hints(function)
    for word, value in given.items():
        if word in hints and not _fits(value, hints[word]):
            kinds = text.join(_names(hints[word]), "o")
            said = f"de la clase «{type(value).__name__}»" if word in _PRIVATE else _shown(value)
            return (
                f"El argumento «{word}» de «{name}» no puede ser {said}.",
                f"tiene que ser {kinds}.",
            )
    return None


@functools.cache
def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    return typing.get_type_hints(function)


def _options(hint: Any) -> tuple[Any, ...]:
    """Los tipos de una anotación, sin sus parámetros: ``str | list[int]`` son ``str`` y ``list``."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(option for one in typing.get_args(hint) for option in _options(one))
    return (typing.get_origin(hint) or hint,)


def _fits(value: Any, hint: Any) -> bool:
    for option in _options(hint):
        if option is Any or not isinstance(option, type):  # lo que no se puede comprobar
            return True
        if isinstance(value, _ALSO.get(option, option)):
            return True
    return False


def _names(hint: Any) -> list[str]:
    found = [_CALLED.get(one, f"un {one.__name__}") for one in _options(hint) if one is not type(None)]
    return list(dict.fromkeys(found))


def _shown(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


def _quoted(names: Iterable[str]) -> str:
    return text.join([f"«{one}»" for one in names])
