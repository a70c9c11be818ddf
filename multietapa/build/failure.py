"""De lo que dice el motor cuando falla, al error en español: qué pasó, por qué y qué hacer.

El texto literal del motor va siempre en ``detail``, para poder buscarlo.
"""

from __future__ import annotations

import difflib
import re
from pathlib import PurePosixPath

from multietapa.build.events import BuildFailed
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.instructions import Instruction, copy_paths
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import (
    BaseImageError,
    BuildCancelled,
    BuildError,
    ContextError,
    DiskFullError,
    DockerfileError,
    MultietapaError,
    is_disk_full,
)
from multietapa.text import join

_SYNTAX = re.compile(r"parse error on line (\d+): (.*)", re.IGNORECASE | re.DOTALL)
_MISSING = re.compile(
    r"failed to calculate checksum of ref .*?: \"/?(?P<a>[^\"]*)\": not found"
    r"|COPY failed: .*?stat (?P<b>.*?): file does not exist"
    r"|ADD failed: .*?stat (?P<c>.*?): file does not exist"
    r"|^lstat /(?P<d>.*?): no such file or directory"
)
_OUTSIDE = re.compile(r"forbidden path outside the build context: (\S+)")
#: El final de un ``RUN``: el motor cita entera la orden, que puede decir cualquier cosa (también otro final).
_COMMAND = re.compile(
    r"process \".*\" did not complete successfully: "
    r"|executor failed running \[.*\]: "  # los motores 20.10
    r"|The command '.*' (?=returned a non-zero code: \d+\s*$)",
    re.DOTALL,
)
_EXIT = re.compile(r"^(?:exit code:|returned a non-zero code:) (\d+)")
_TARGET = re.compile(r"target stage \"?(.*?)\"? could not be found|failed to reach build target (\S+)")
_BASE = re.compile(
    r"failed to resolve source metadata for (\S+):|pull access denied for (\S+?),"
    r"|manifest for (\S+) not found"
)
_DOWNLOAD = re.compile(
    r"(?:Get|Head) \"?(?P<url>(?:https?|ftp)://[^\"\s]+)"
    r"|invalid response status|got HTTP status|failed to fetch remote"
)
_NO_REGISTRY = re.compile(r"^Get \"https://[^\"]+/v2/|no such host|connection refused.*/v2/")
_FORM = re.compile(
    r"must have|requires|invalid reference format|should not be blank|circular dependency|invalid stage index"
    r"|unknown flag|unsupported mount type|invalid containerPort|must be a directory and end with"
    r"|cannot be empty|can't find =|names can not be blank|failed to parse|invalid from flag",
    re.IGNORECASE,
)
_STAGE_LIKE = re.compile(r"^[A-Za-z][\w-]*$")
_LONGEST = 300  # caracteres de una línea del motor que se enseñan
_EXIT_HINTS = {
    126: "El programa existe pero no se puede ejecutar: revisa su permiso de ejecución.",
    127: "Esa orden no existe dentro de la imagen: instálala antes, o revisa su nombre.",
    137: "Algo mató el proceso, casi siempre por falta de memoria: dale más al motor.",
}


def explain(failed: BuildFailed, source: Dockerfile | None, context: Context | None) -> MultietapaError:
    """El error que corresponde a un ``BuildFailed``; con ``source`` y ``context`` señala más cosas."""
    error = _explain(failed, source, context)
    error.why, error.detail = _clip(error.why), "\n".join(map(_clip, error.detail.splitlines()))
    if isinstance(error, BuildError):
        error.log = tuple(map(_clip, error.log))
    return error


def _explain(failed: BuildFailed, source: Dockerfile | None, context: Context | None) -> MultietapaError:
    reason, line = failed.reason, failed.line
    said = engine_words(reason)
    if failed.cancelled:
        return BuildCancelled("La construcción se canceló.", next_step="Vuelve a ejecutarla cuando quieras.")
    if is_disk_full(said) or any(map(is_disk_full, failed.log)):
        return DiskFullError(
            f"No queda espacio en el disco del motor{_where(line)}.",
            why="El paso necesitaba escribir más de lo que cabe.",
            next_step="Libera espacio con «limpiar(cache=True)» o borra lo que no uses, y repite.",
            detail=reason,
            line=line,
            log=failed.log,
        )
    if syntax := _SYNTAX.search(said):
        return _dockerfile_error(int(syntax[1]), f"El motor dice: {syntax[2].strip()}", source)
    if missing := _MISSING.search(said):
        path = next(group for group in missing.groups() if group is not None)
        return _missing_source(path, reason, line, source, context)
    if outside := _OUTSIDE.search(said):
        return ContextError(
            f"«{outside[1]}» está fuera del contexto{_where(line)}.",
            why="«COPY» solo ve lo que hay dentro de la carpeta de contexto.",
            next_step="Construye desde una carpeta que lo contenga, o copia el archivo dentro.",
            detail=_quoted(source, line) or reason,
            line=line,
        )
    if target := _TARGET.search(said):
        return unknown_target(target[1] or target[2], source)
    if code := _EXIT.search(said):
        return _failed_run(int(code[1]), failed, source)
    asker = _instruction(source, line)
    if asker and asker.keyword == "ADD" and (download := _DOWNLOAD.search(reason)):
        return _failed_download(download["url"] or "", asker, reason, source)
    if (base := _BASE.search(reason)) or _NO_REGISTRY.search(reason):
        name = next((g for g in base.groups() if g), "") if base else ""
        return BaseImageError(
            f"No se consigue la imagen base «{name.removeprefix('docker.io/library/')}»{_where(line)}."
            if name
            else f"No se consigue una imagen base{_where(line)}.",
            why="No está en el motor ni se pudo descargar: el nombre puede estar mal o no hay conexión.",
            next_step="Revisa el nombre y la versión en «FROM» o en «--from».",
            detail=reason,
        )
    if "no active sessions" in reason:
        return BuildError(
            f"Este paso pide un secreto o una llave ssh{_where(line)}.",
            why="El SDK de Docker no puede enviarlos: hacen falta sesiones de BuildKit.",
            next_step="Constrúyelo con la orden «docker buildx build --secret ...».",
            detail=_quoted(source, line) or reason,
            line=line,
        )
    if "requires BuildKit" in reason:
        return needs_buildkit(line, reason)
    if blank := re.search(r"base name \((.*?)\) should not be blank", reason):
        why = f"«{blank[1]}» está vacío: ningún «ARG» anterior al primer «FROM» le da valor."
        return _dockerfile_error(_from_line(blank[1], source), why, source)
    if (
        name := re.search(r"failed to parse stage name \"(.*?)\"", reason)
    ) or "invalid reference format" in reason:
        why = "El nombre de la imagen no es válido: va en minúsculas y con «:» antes de la versión."
        return _dockerfile_error(_from_line(name[1], source) if name else line, why, source)
    if circular := re.search(r"circular dependency detected on stage: (\S+)", reason):
        why = f"La etapa «{circular[1]}» y otra se necesitan la una a la otra; el orden no se puede resolver."
        stage = source.stage(circular[1]) if source else None
        return _dockerfile_error(stage.line if stage else None, why, source)
    if _FORM.search(reason):
        return _dockerfile_error(line, f"El motor dice: {reason.strip()}", source)
    return BuildError(
        f"La construcción falló{_where(line)}.",
        why="El motor no pudo terminar este paso." if line else "El motor no pudo terminar.",
        next_step="Lee el mensaje del motor, corrige el Dockerfile y vuelve a construir.",
        detail="\n".join([*filter(None, [_quoted(source, line)]), *failed.log, reason]),
        line=line,
        log=failed.log,
    )


def engine_words(reason: str) -> str:
    """Lo que dice el motor de un fallo, sin la orden que cita: esa la escribió quien construye."""
    return reason[cited.end() :] if (cited := _COMMAND.search(reason)) else reason


def unknown_target(name: str, source: Dockerfile | None) -> BuildError:
    """El error de un ``objetivo`` que no existe; lista las etapas que hay."""
    labels = source.stage_labels if source else ()
    close = difflib.get_close_matches(name.lower(), labels, n=1)
    listed = f"Las etapas de este Dockerfile son: {join(labels)}." if labels else ""
    hint = (
        f"¿Querías decir «{close[0]}»?"
        if close
        else "Elige una, o quita el objetivo para construir la última."
    )
    return BuildError(f"No existe la etapa «{name}».", why=listed, next_step=hint)


def missing_stage(name: str, source: Dockerfile, asker: Instruction | None) -> BuildError | None:
    """El error de un ``--from`` sin imagen que parece el nombre de una etapa mal escrito, o ``None``."""
    if asker is None or asker.keyword == "FROM" or not _STAGE_LIKE.match(name):
        return None
    error = unknown_target(name, source)
    return BuildError(
        f"No existe la etapa «{name}»{_where(asker.line)}.",
        why=f"{error.why} Tampoco se consigue una imagen con ese nombre.",
        next_step=error.next_step
        if error.next_step.startswith("¿")
        else "Escribe una de esas etapas en «--from», o el nombre de la imagen con su versión.",
        detail=_quoted(source, asker.line),
        line=asker.line,
    )


def needs_buildkit(line: int | None, detail: str) -> BuildError:
    """El error de pedirle al constructor clásico algo de BuildKit."""
    return BuildError(
        f"El constructor clásico no entiende esto{_where(line)}.",
        why="Es una función de BuildKit (como «--mount» o un heredoc).",
        next_step='Quita «constructor="clasico"» para construir con BuildKit.',
        detail=detail,
        line=line,
    )


def _failed_download(url: str, asker: Instruction, reason: str, source: Dockerfile | None) -> BuildError:
    urls = [path for path in copy_paths(asker)[:-1] if "://" in path]
    shown = url or (urls[0] if len(urls) == 1 else "")
    return BuildError(
        f"No se pudo descargar «{shown}»{_where(asker.line)}."
        if shown
        else f"No se pudo hacer una descarga{_where(asker.line)}.",
        why="«ADD» con una dirección la descarga al construir, y esta no contestó con el archivo.",
        next_step="Revisa la dirección y la conexión, o descarga el archivo antes y cópialo con «COPY».",
        detail="\n".join(filter(None, [_quoted(source, asker.line), reason])),
        line=asker.line,
    )


def _clip(text: str) -> str:
    """Una línea larguísima, con su principio y su final (donde va el código de salida)."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 100]} … {text[-100:]}"


def _where(line: int | None) -> str:
    return f" (línea {line} del Dockerfile)" if line else ""


def _quoted(source: Dockerfile | None, line: int | None) -> str:
    return f"{line} | {source.line_text(line).strip()}" if source and line else ""


def _from_line(base: str, source: Dockerfile | None) -> int | None:
    stages = source.stages if source else ()
    return next((s.line for s in stages if s.image == base), stages[0].line if len(stages) == 1 else None)


def _instruction(source: Dockerfile | None, line: int | None) -> Instruction | None:
    if source is None or line is None:
        return None
    every = (i for stage in source.stages for i in (stage.opening, *stage.instructions))
    return next((i for i in every if i.line == line), None)


def _dockerfile_error(line: int | None, why: str, source: Dockerfile | None) -> DockerfileError:
    return DockerfileError(
        f"El Dockerfile no se entiende en la línea {line}." if line else "El Dockerfile no se entiende.",
        why=why,
        next_step="Corrige esa línea y vuelve a construir." if line else "Corrígelo y vuelve a construir.",
        detail=_quoted(source, line),
        line=line,
    )


def _missing_source(
    path: str, reason: str, line: int | None, source: Dockerfile | None, context: Context | None
) -> BuildError:
    path = path.lstrip("/")
    instruction = _instruction(source, line)
    origin = instruction.froms[0] if instruction and instruction.froms else ""
    detail = _quoted(source, line) or reason
    if origin:
        return BuildError(
            f"«/{path}» no existe en «{origin}»{_where(line)}.",
            why=f"Ningún paso de «{origin}» crea ese archivo, o lo crea en otra carpeta.",
            next_step=f'Revisa la ruta: con «objetivo="{origin}"» construyes solo esa etapa para mirarla.'
            if source and source.stage(origin)
            else "Revisa la ruta dentro de esa imagen.",
            detail=detail,
            line=line,
        )
    why, next_step = (
        "No está en la carpeta de contexto.",
        "Revisa el nombre; la ruta parte de la carpeta de contexto.",
    )
    if context is not None:
        rule = context.excluded_by(path)
        if (context.root / path).exists() and rule:
            why = f"Está en la carpeta, pero «{context.ignore_file}» lo excluye con la regla «{rule}»."
            next_step = f"Quita esa regla, o añade después «!{path}»."
        else:
            why = f"No está en «{context.root}»."
            names = [name for name, _ in context.entries()]
            same = [name for name in names if PurePosixPath(name).name == PurePosixPath(path).name]
            close = same[:3] or difflib.get_close_matches(path, names, n=3)
            if close:
                next_step = f"¿Querías copiar {join([f'«{name}»' for name in close], 'o')}?"
    return ContextError(
        f"No existe «{path}», que hay que copiar{_where(line)}.",
        why=why,
        next_step=next_step,
        detail=detail,
        line=line,
    )


def _failed_run(code: int, failed: BuildFailed, source: Dockerfile | None) -> BuildError:
    quoted = _quoted(source, failed.line)
    return BuildError(
        f"Una orden terminó con el código {code}{_where(failed.line)}.",
        why="En un «RUN», cualquier código distinto de 0 detiene la construcción.",
        next_step=_EXIT_HINTS.get(code, "Lee el final del registro: suele decir qué faltó."),
        detail="\n".join([*([quoted] if quoted else [failed.reason]), *failed.log]),
        line=failed.line,
        log=failed.log,
    )
