"""Errores del kit.

Cada error dice qué pasó, por qué y qué hacer después, siempre en español::

    MultietapaError
    ├── EngineError              el motor no responde o no se pudo preparar
    │   ├── NoEngineError        ningún candidato sirve en esta máquina
    │   ├── EngineLostError      el motor se apagó mientras trabajaba
    │   └── BundleError          el paquete del motor no se pudo descargar o abrir
    ├── NetworkError             algo de fuera no contestó: nadie sabe si lo que se le pidió existe
    ├── BaseImageError           una imagen base no se consigue por ningún camino
    │   └── RegistryUnreachableError   su registro no contesta (es también NetworkError)
    ├── BuildError               la construcción terminó con un fallo
    │   ├── DockerfileError      el Dockerfile no se entiende (línea señalada)
    │   ├── ContextError         el contexto de construcción no sirve
    │   ├── DownloadError        la dirección de un ADD no contesta (es también NetworkError)
    │   ├── EngineLimitError     el motor no sabe hacer lo que se le pide
    │   ├── DiskFullError        no queda espacio en el disco del motor
    │   └── BuildCancelled       la canceló quien la pidió
    ├── RegistryError            el registro del taller no arranca, se paró o no admite una imagen
    ├── DeployError              un despliegue no se puede hacer como se pide
    │   └── DeployCancelled      lo canceló quien lo pidió
    ├── ContainerError           un contenedor no arranca o no contesta
    ├── ArchiveError             un archivo de imagen está roto o es hostil
    ├── AppError                 una aplicación de ejemplo está mal descrita
    ├── UncheckableError         una respuesta que, como se dio, no se puede comprobar
    ├── CallError                una función del taller se llamó con otros argumentos
    └── UnknownNameError         un nombre que no existe; dice cuál se le parece

``Interrupted`` no es un fallo: es la interrupción de siempre, con la frase que dice qué quedó.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from multietapa.text import join

FEW = 6
"""Hasta cuántos nombres se listan enteros."""
ALIKE = 0.6
"""Desde qué parecido (de 0 a 1) un nombre se toma por otro mal escrito."""
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
#: Lo que dicen el motor y el núcleo cuando al otro lado nadie contesta, o contesta que ahora no puede.
_NO_ANSWER = re.compile(
    r"dial (?:tcp|udp)|no such host|server misbehaving|connection (?:refused|reset|timed out)|broken pipe"
    r"|i/o timeout|deadline exceeded|Client\.Timeout|(?:network is|host is|destination) unreachable"
    r"|no route to host|TLS handshake|tls: |x509: |proxyconnect|(?-i:\bEOF)\W*$|failed to do request"
    r"|toomanyrequests|response status (?:408|429|5\d\d)\b|\d{3} (?:Request Time-?out|Too Many Requests"
    r"|Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)",
    re.IGNORECASE,
)


class MultietapaError(Exception):
    """Base de todos los errores del kit.

    Args:
        what: qué pasó, en una frase.
        why: la causa, si se conoce.
        next_step: qué puede hacer la persona ahora.
        detail: líneas literales de apoyo (un registro, un comando), sin traducir.
    """

    def __init__(self, what: str, *, why: str = "", next_step: str = "", detail: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step
        self.detail = detail

    def __str__(self) -> str:
        parts = [self.what]
        if self.why:
            parts.append(f"Por qué: {self.why}")
        if self.detail:
            parts.append("\n".join(f"    {line}" for line in self.detail.splitlines()))
        if self.next_step:
            parts.append(f"Qué hacer: {self.next_step}")
        return "\n".join(parts)

    def _render_traceback_(self) -> list[str]:
        """IPython lo llama en lugar de pintar el rastro de Python."""
        return [f"✗ {line}" if i == 0 else line for i, line in enumerate(str(self).splitlines())]


class EngineError(MultietapaError):
    """El motor no responde o no se pudo preparar."""


class NoEngineError(EngineError):
    """Ningún motor es posible en esta máquina."""


class EngineLostError(EngineError):
    """El motor se apagó mientras trabajaba."""


def engine_lost(doing: str = "construía", *, why: str = "") -> EngineLostError:
    """El error de un motor que deja de contestar mientras hacía algo: ``doing`` completa «mientras».

    ``why``, si se sabe por qué no contesta.
    """
    return EngineLostError(
        f"El motor de Docker dejó de contestar mientras {doing}.",
        why=why or "La conexión se cortó a medias: el motor se apagó o se reinició.",
        next_step="Si es tu motor, enciéndelo otra vez; el del taller vuelve solo. Después repite la celda: "
        "no hace falta reiniciar el kernel.",
    )


class BundleError(EngineError):
    """El paquete del motor no se pudo descargar, comprobar o abrir."""


class NetworkError(MultietapaError):
    """Algo de fuera (un registro, una dirección) no contestó al motor.

    No dice que lo pedido no exista: no se sabe. Quien escribió el Dockerfile puede no tener la culpa.
    """


class BaseImageError(MultietapaError):
    """Una imagen base no se consigue por ningún camino."""


class RegistryUnreachableError(BaseImageError, NetworkError):
    """Una imagen base no está en el motor y el registro que la tendría no contesta."""


class BuildError(MultietapaError):
    """La construcción terminó con un fallo.

    Args:
        line: línea del Dockerfile (desde 1) que falló, si se conoce.
        log: últimas líneas del paso que falló.
    """

    def __init__(
        self,
        what: str,
        *,
        why: str = "",
        next_step: str = "",
        detail: str = "",
        line: int | None = None,
        log: tuple[str, ...] = (),
    ) -> None:
        super().__init__(what, why=why, next_step=next_step, detail=detail)
        self.line = line
        self.log = log


class DockerfileError(BuildError):
    """El Dockerfile no se entiende."""


class ContextError(BuildError):
    """El contexto de construcción no sirve (falta la carpeta, un archivo o el Dockerfile)."""


class DownloadError(BuildError, NetworkError):
    """La dirección que descarga un ``ADD`` no contesta."""


class EngineLimitError(BuildError):
    """El motor no sabe construir con lo que se le pide: le falta esa función."""


class DiskFullError(BuildError):
    """No queda espacio en el disco del motor."""


def is_disk_full(reason: str) -> bool:
    """Si lo que dice el sistema o el motor es que no queda espacio."""
    return _NO_SPACE.search(reason) is not None


def is_unreachable(reason: str) -> bool:
    """Si lo que dice el motor es que al otro lado de la red nadie contesta, o que ahora no puede.

    ``reason`` son palabras del motor: en lo que escribe un programa puede haber cualquier cosa.
    """
    return _NO_ANSWER.search(reason) is not None


class BuildCancelled(BuildError):
    """La construcción la canceló quien la pidió."""


class ContainerError(MultietapaError):
    """Un contenedor no arranca, no contesta o no consigue su puerto.

    Args:
        why: lo que afirma el motor; queda en ``facts``.
        said: lo que escribió el programa y lo que quiere decir, o ``""``.
    """

    def __init__(
        self, what: str, *, why: str = "", said: str = "", next_step: str = "", detail: str = ""
    ) -> None:
        super().__init__(what, why=" ".join(filter(None, [why, said])), next_step=next_step, detail=detail)
        self.facts = why
        self.said = said


class RegistryError(MultietapaError):
    """El registro del taller no arranca, se paró a medias o no admite una imagen."""


class DeployError(MultietapaError):
    """Un despliegue no se puede hacer como se pide."""


class DeployCancelled(DeployError):
    """El despliegue lo canceló quien lo pidió."""


class ArchiveError(MultietapaError):
    """Un archivo de imagen está roto o pide más de lo razonable."""


class AppError(MultietapaError):
    """Una aplicación de ejemplo está mal descrita; lista todo lo que hay que arreglar."""


class UncheckableError(MultietapaError):
    """Una respuesta que, como se dio, no se puede comprobar: no es que esté mal."""


class CallError(MultietapaError, TypeError):
    """Una función del taller se llamó con otros argumentos; ``example`` es una llamada correcta."""

    def __init__(self, what: str, why: str = "", *, example: str) -> None:
        super().__init__(what, why=why, next_step=f"Escribe, por ejemplo, {example}")


class Interrupted(KeyboardInterrupt):
    """Alguien interrumpió un trabajo; su texto dice, en una frase, qué quedó hecho y qué no."""


class UnknownNameError(MultietapaError):
    """Un nombre que no existe; el mensaje dice los que se le parecen y, si son pocos, todos los que hay.

    Args:
        name: lo que se pidió.
        valid: los nombres válidos.
        kind: qué clase de nombre es («el ejercicio», «la imagen», ...).
    """

    def __init__(self, name: str, valid: Iterable[str], *, kind: str) -> None:
        self.name = name
        self.valid = tuple(valid)
        super().__init__(f"No existe {kind} «{name}».", next_step=_which(name, self.valid))


def _which(name: str, valid: Sequence[str]) -> str:
    """Qué nombre poner en lugar de uno que no existe."""
    if not valid:
        return "Todavía no hay ninguno."
    close = closest(name, valid)
    question = f"¿Querías decir {join([f'«{one}»' for one in close], 'o')}?" if close else ""
    if close and len(valid) > FEW:
        return question
    rest = f" y {len(valid) - FEW} más" if len(valid) > FEW else ""
    listed = f"Usa uno de estos: {', '.join(valid[:FEW])}{rest}."
    return f"{question} {listed}".strip()


def closest(name: str, valid: Iterable[str]) -> list[str]:
    """Los nombres de ``valid`` con los que se confunde ``name``: casi siempre uno, tres como mucho.

    Las mayúsculas y los acentos no cuentan.
    """
    plain = {one: _plain(one) for one in valid}
    scores = {one: SequenceMatcher(None, _plain(name), text).ratio() for one, text in plain.items()}
    enough = max([ALIKE, *(score - 0.05 for score in scores.values())])
    return sorted((one for one in scores if scores[one] >= enough), key=lambda one: -scores[one])[:3]


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
