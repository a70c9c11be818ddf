"""Bajar una imagen de un registro: con su avance, sin esperar siempre y con la razón que da el motor."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import docker
import requests
import urllib3

from multietapa import sdk, text
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.bases.silent import SilentRegistries
from multietapa.errors import engine_lost, is_unreachable

#: Lo que dice el motor de un registro que contesta, pero no a cualquiera.
_CLOSED = re.compile(r"access denied|no basic auth credentials|unauthorized|authentication required", re.I)


class Unanswered(str):
    """La razón de un registro que no contestó: no se sabe si tiene la imagen o no."""


class Download:
    """Cuánto va bajado de una imagen, según los eventos del motor."""

    def __init__(self) -> None:
        self._layers: dict[str, tuple[int, int]] = {}

    def feed(self, event: dict[str, Any]) -> tuple[int, int] | None:
        """Los bytes bajados y los de todas las capas anunciadas, o ``None`` si el evento no habla de bytes.

        El total es 0 si de alguna capa no se sabe cuánto ocupa.
        """
        detail = event.get("progressDetail") or {}
        if event.get("status") != "Downloading" or not detail:
            return None
        self._layers[str(event.get("id"))] = int(detail.get("current") or 0), int(detail.get("total") or 0)
        totals = [total for _, total in self._layers.values()]
        return sum(done for done, _ in self._layers.values()), sum(totals) if all(totals) else 0


@dataclass
class Registries:
    """Los registros: cuánto se les espera, y cuáles no contestaron hace poco.

    ``silence`` son los segundos que una descarga puede estar callada; ``retry``, los que pasan antes de
    volver a preguntar a un registro que se hizo esperar y no contestó; ``unanswered``, cuáles fueron.
    """

    silence: float = 20.0
    retry: float = 300.0
    unanswered: SilentRegistries = field(default_factory=SilentRegistries, repr=False)

    def pull(
        self,
        client: docker.DockerClient,
        reference: str,
        *,
        mirror: str = "",
        progress: ReportProgress = silent,
    ) -> str:
        """Baja ``reference``, de ``mirror`` si se da. Devuelve ``""``, o por qué no se pudo.

        La razón es :class:`Unanswered` si el registro no llegó a decir si la tiene (también si corta la
        descarga, o si ya no atiende a más: 429).
        Lanza :class:`EngineLostError` si el que no contesta es el motor.
        """
        remote = f"{mirror}/{reference}" if mirror else reference
        repository, tag = sdk.split_reference(remote)
        registry = sdk.registry_of(repository)
        if known := self._not_yet(registry):
            progress(f"a {registry} no se le espera: hace poco no contestó", 0, 0)
            return Unanswered(known)
        title, download, began = f"descargando {remote}", Download(), time.monotonic()
        progress(title, 0, 0)
        try:
            for event in self._events(client.api, repository, tag, registry):
                if said := _failure(event):
                    return Unanswered(said) if is_unreachable(said) else said
                if counted := download.feed(event):
                    progress(title, *counted)
            if mirror and "@" not in reference:
                client.images.get(remote).tag(*sdk.split_reference(reference))
            client.images.get(reference)
        except docker.errors.NotFound as problem:
            if is_unreachable(sdk.reason(problem)):
                return Unanswered(f"no contesta ({explain(problem)})")
            closed = _CLOSED.search(sdk.reason(problem))
            return "no la tiene, o pide iniciar sesión (docker login)" if closed else "no la tiene"
        except (docker.errors.DockerException, urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            if isinstance(problem, docker.errors.APIError):
                if _CLOSED.search(sdk.reason(problem)):
                    return f"pide iniciar sesión con docker login ({explain(problem)})"
                if problem.status_code == 429:
                    return Unanswered(f"no atiende a más por ahora ({explain(problem)})")
                if problem.status_code < 500:
                    return explain(problem)
            check_engine(client)
            said = f"no contesta ({explain(problem, seconds=self.silence)})"
            # Lo que falla al momento se puede preguntar otra vez.
            if time.monotonic() - began > self.silence / 10:
                self.unanswered.note(registry, said)
            return Unanswered(said)
        self.unanswered.forget(registry)
        return ""

    def _not_yet(self, registry: str) -> str:
        """Por qué no se le pregunta ahora, si hace poco que no contestó."""
        known = self.unanswered.when(registry)
        if known is None or known[1] >= self.retry:
            return ""
        said, ago = known
        left = text.duration(self.retry - ago)
        asked = f"se le preguntó hace {text.duration(ago)}"
        return f"{said}: {asked}, y no se le espera otra vez hasta dentro de {left}"

    def _events(
        self, api: docker.APIClient, repository: str, tag: str, registry: str
    ) -> Iterator[dict[str, Any]]:
        """Descarga y da lo que cuenta el motor; falla si calla demasiado.

        No se usa ``APIClient.pull`` porque espera sin límite.
        """
        response = sdk.post(
            api,
            "/images/create",
            params={"fromImage": repository, "tag": tag},
            headers=sdk.registry_auth(api, registry),
            stream=True,
            timeout=self.silence,
        )
        with response:
            sdk.raise_for_status(api, response)
            for line in filter(None, response.iter_lines()):
                yield json.loads(line)


def _failure(event: dict[str, Any]) -> str:
    """Por qué se cortó la descarga, con las palabras del motor; ``""`` si el evento no es un fallo."""
    return sdk.error_in(event).strip().partition("\n")[0]


def check_engine(client: docker.DockerClient) -> None:
    """Si el que ya no está es el motor, la imagen no tiene la culpa. Lanza ``EngineLostError``."""
    try:
        sdk.ping(client, timeout=5)
    except requests.Timeout:
        return  # va lento, pero está
    except (docker.errors.DockerException, requests.RequestException, OSError) as error:
        raise engine_lost("buscaba una imagen base") from error


def explain(problem: Exception, *, seconds: float = 0.0) -> str:
    """La causa en una línea, sin la dirección interna del motor.

    ``seconds`` son los que se esperaron, por si la causa es que se acabó el plazo.
    """
    said = sdk.reason(problem)
    if "timed out" in said.lower() and not isinstance(problem, docker.errors.APIError):
        return f"pasaron {seconds:.0f} s sin respuesta" if seconds else "tardó demasiado en contestar"
    return said.splitlines()[0][:200]
