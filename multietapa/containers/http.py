"""Preguntar por HTTP a un puerto de esta máquina, sin pasar por ningún proxy."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from collections.abc import Callable

_MAX_ANSWER = 1_000_000  # bytes que se leen de una respuesta
_PAUSE_SECONDS = 0.1
# Un proxy de la empresa no debe ponerse entre el cuaderno y un puerto de esta misma máquina.
_open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open


def ask(url: str, timeout: float) -> tuple[int, str]:
    """Pide ``url`` una vez: código de estado y cuerpo (hasta 1 MB). ``timeout``, en segundos.

    Lanza :class:`OSError` si nadie contesta o si lo que contesta no es HTTP. Un 404 también es una respuesta.
    """
    try:
        with _open(url, timeout=timeout) as answer:
            return int(answer.status), answer.read(_MAX_ANSWER).decode("utf-8", "replace")
    except urllib.error.HTTPError as answer:  # un 404 también es una respuesta
        with answer:
            return int(answer.code), answer.read(_MAX_ANSWER).decode("utf-8", "replace")
    except (ValueError, urllib.error.URLError, OSError) as problem:
        raise problem if isinstance(problem, OSError) else OSError(str(problem)) from problem
    except Exception as problem:  # http.client lanza los suyos cuando la respuesta no es HTTP
        raise OSError(f"lo que contesta no es HTTP ({type(problem).__name__})") from problem


def wait_for_answer(url: str, *, seconds: float, check: Callable[[], None] = lambda: None) -> str:
    """Espera a que ``url`` conteste. Devuelve ``""``, o lo que pasaba si en ``seconds`` nadie contestó.

    Tras cada pregunta sin respuesta se llama a ``check``, que puede lanzar lo que quiera para dejarlo.
    """
    limit = time.monotonic() + seconds
    while True:
        try:
            ask(url, max(1.0, min(10.0, limit - time.monotonic())))
            return ""
        except OSError as problem:
            last = str(getattr(problem, "reason", problem))
        check()
        if time.monotonic() > limit:
            return last
        time.sleep(_PAUSE_SECONDS)
