"""Lo que viene de fuera y no llega: imágenes base, la imagen de ``# syntax=`` y las descargas de ``ADD``."""

from __future__ import annotations

import re

from multietapa.build.events import BuildFailed
from multietapa.build.failure.case import Case, instruction_at, quote, where
from multietapa.dockerfile.instructions import Instruction, copy_paths
from multietapa.dockerfile.references import split_domain
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import (
    BaseImageError,
    BuildError,
    DownloadError,
    MultietapaError,
    NetworkError,
    RegistryUnreachableError,
    is_unreachable,
)

_BASE = re.compile(
    r"^(?:\S+: )?failed to resolve source metadata for (?P<buildkit>\S+): "
    r"|^pull access denied for (?P<denied>\S+?),"
    r"|^manifest for (?P<missing>\S+) not found"
    r"|^invalid from flag value (?P<classic>\S+): "
    r"|^creating build container: .*?docker://(?P<podman>\S+?): "
    r"|^COPY --from=(?P<copied>\S+): no stage or image found with that name$"
)
_REGISTRY = re.compile(
    r"^(?:failed to load cache key: )?(?:failed to do request: )?"
    r"(?:Get|Head) \"https?://[^/\"]+/v2/(?:(?P<repository>[^\"]+)/manifests/(?P<tag>[^\"]+))?\": "
)
_DOWNLOAD = re.compile(
    r"(?:Get|Head) \"?(?P<url>(?:https?|ftp)://[^\"\s]+)"
    r"|invalid response status|got HTTP status|failed to fetch remote"
)
_CLOSED = re.compile(
    r"\b401 Unauthorized|\b403 Forbidden|no basic auth credentials|incorrect username or password"
)
_FOREIGN = re.compile(r"exec format error(?:: unknown)?\s*$")
_SILENT = (
    "al otro lado nadie contestó al motor.",
    "Comprueba la conexión y la dirección, y repite; o descarga el archivo antes y cópialo con «COPY».",
)
_REFUSED = (
    "esta contestó que no.",
    "Revisa la dirección, o descarga el archivo antes y cópialo con «COPY».",
)


def download(case: Case) -> MultietapaError | None:
    """La descarga de un ``ADD`` con una dirección."""
    found = _DOWNLOAD.search(case.words)
    asker = case.instruction or (_adder(case, found["url"] or "") if found else None)
    if found is None or asker is None or asker.keyword != "ADD":
        return None
    urls = [path for path in copy_paths(asker)[:-1] if "://" in path]
    shown = found["url"] or (urls[0] if len(urls) == 1 else "")
    detail = "\n".join(filter(None, [quote(case.source, asker.line), case.reason]))
    # La dirección la escribió quien construye; lo que dice el motor va detrás.
    said = case.words[found.end() if found["url"] else found.start() :]
    kind, answer, step = (DownloadError, *_SILENT) if is_unreachable(said) else (BuildError, *_REFUSED)
    what = f"No se pudo descargar «{shown}»" if shown else "No se pudo hacer una descarga"
    return kind(
        f"{what}{where(asker.line)}.",
        why=f"«ADD» con una dirección la descarga al construir, y {answer}",
        next_step=step,
        detail=detail,
        line=asker.line,
    )


def base(case: Case) -> MultietapaError | None:
    """Una imagen base que el motor no consigue."""
    found = _BASE.match(case.words) or _REGISTRY.match(case.words)
    if found is None:
        return None
    groups = found.groupdict()
    full = (
        ":".join(filter(None, groups.values()))
        if "tag" in groups
        else next(filter(None, groups.values()), "")
    )
    name = full.removeprefix("docker.io/").removeprefix("library/")
    rest = case.words[found.end() :]
    said = f"la imagen base «{name}»" if name else "una imagen base"
    asker = _asker(case.source, full, name)
    line = case.line or (asker.line if asker else None)
    login = f"docker login {split_domain(name)[0]}".strip()
    if is_unreachable(rest):
        error: BaseImageError = RegistryUnreachableError(
            f"No se pudo descargar {said}{where(line)}: su registro no contesta.",
            why="No está en el motor, y sin su registro no se sabe si existe.",
            next_step="Comprueba la conexión (y el proxy) y repite la celda.",
            detail=case.reason,
        )
    elif _CLOSED.search(rest):
        error = BaseImageError(
            f"No se consigue {said}{where(line)}: su registro no deja entrar.",
            why="No está en el motor, y su registro pide iniciar sesión, o no admite la que hay.",
            next_step=f"Escribe «{login}» en una terminal y repite la celda.",
            detail=case.reason,
        )
    else:
        error = BaseImageError(
            f"No se consigue {said}{where(line)}.",
            why="No está en el motor ni se pudo descargar: el nombre puede estar mal o pedir iniciar sesión.",
            next_step="Revisa el nombre y la versión en «FROM» o en «--from».",
            detail=case.reason,
        )
    return syntax_image(error, case.source) if case.source and _is_syntax(case.source, full) else error


def syntax_image(error: BaseImageError, source: Dockerfile) -> BaseImageError:
    """El error de no conseguir la imagen de ``# syntax=``, a partir del de no conseguir una base."""
    line = next(n for n in range(1, 1000) if "syntax" in source.line_text(n).lower())
    kind = RegistryUnreachableError if isinstance(error, NetworkError) else BaseImageError
    return kind(
        f"No se consigue «{source.syntax}», la imagen que lee el Dockerfile (línea {line}).",
        why="La línea «# syntax=» pide que lo lea esa imagen, y "
        + ("su registro no contesta." if isinstance(error, NetworkError) else "ningún registro la da."),
        next_step=f"Quita la línea {line}: el motor sabe leer un Dockerfile corriente sin ella.",
        detail="\n".join([quote(source, line), error.detail]),
    )


def wrong_platform(error: MultietapaError, name: str, has: str, wants: str) -> BaseImageError:
    """El error de una base que está en el motor, pero para otra plataforma (``linux/arm64``).

    ``error`` es el que explica por qué no se consigue la que hace falta.
    """
    kind = RegistryUnreachableError if isinstance(error, NetworkError) else BaseImageError
    return kind(
        f"La imagen base «{name}» está en el motor, pero es para {has}.",
        why=f"Aquí se construye para {wants}, y para esa plataforma no se consigue.",
        next_step=f"Tráela para {wants}, o usa otra versión que la tenga.",
        detail=error.detail,
    )


def foreign_run(error: MultietapaError, failed: BuildFailed, wants: str, has: str) -> BuildError | None:
    """El error de un ``RUN`` con programas de otro procesador, o ``None`` si no acabó por eso.

    ``wants`` es la plataforma de su etapa y ``has`` la del motor.
    """
    said = [failed.reason, *failed.log[-1:]]
    if not isinstance(error, BuildError) or not any(_FOREIGN.search(text) for text in said):
        return None
    return BuildError(
        f"Este motor no puede ejecutar los programas de {wants}{where(failed.line)}.",
        why=f"Es {has}, y un «RUN» ejecuta los de la imagen, que son de otro procesador.",
        next_step="Haz ese paso en una etapa «FROM --platform=$BUILDPLATFORM», para «$TARGETARCH», y copia "
        "lo que dé; o construye con un motor de ese procesador, o que lo emule.",
        detail=error.detail,
        line=failed.line,
        log=failed.log,
    )


def _is_syntax(source: Dockerfile, name: str) -> bool:
    return bool(source.syntax) and name.removeprefix("docker.io/") == source.syntax.removeprefix("docker.io/")


def _adder(case: Case, url: str) -> Instruction | None:
    """El ``ADD`` que pide esa dirección; los motores antiguos no dicen en qué paso."""
    every = case.source.instructions if case.source else ()
    return next((i for i in every if i.keyword == "ADD" and url and url in copy_paths(i)[:-1]), None)


def _asker(source: Dockerfile | None, full: str, name: str) -> Instruction | None:
    """La instrucción que pide esa imagen, si se sabe."""
    if source is None or not name:
        return None
    for stage in source.stages:
        if stage.image in (full, name, name.removesuffix(":latest")):
            return stage.opening
        for instruction in source.done_in(stage):
            if {full, name, name.removesuffix(":latest")} & set(instruction.froms):
                return instruction_at(source, instruction.line)
    return None
