"""Lo que contestan otros motores cuando no pueden construir, tal cual, y lo que lee quien aprende.

Los textos son de Docker 20.10.24 y 26.1.5 y de Podman 4.3.1 y 5.8, recogidos al construir estas
líneas; la línea es la que da su lectura.
"""

from __future__ import annotations

import pytest

from multietapa.build.events import BuildFailed
from multietapa.build.failure import explain
from multietapa.build.locating import locate, uncounted
from multietapa.dockerfile.stages import parse
from multietapa.errors import (
    BaseImageError,
    BuildError,
    ContextError,
    DockerfileError,
    DownloadError,
    MultietapaError,
    NetworkError,
    RegistryUnreachableError,
)

LLB = "failed to solve with frontend dockerfile.v0: failed to create LLB definition:"
GATEWAY = "failed to solve with frontend dockerfile.v0: failed to solve with frontend gateway.v0:"
LOOKUP = "dial tcp: lookup registry-1.docker.io on 10.0.2.100:53: no such host"
HUB = "https://registry-1.docker.io/v2"
REFUSED = "dial tcp 127.0.0.1:9: connect: connection refused"
RUNC = "OCI runtime create failed: runc create failed: unable to start container process: exec:"
STEP = "building at STEP"
COPIER = 'copier: stat: "{}": no such file or directory\n'
NOT_FOUND = 'failed to compute cache key: "{}" not found: not found'
ALIEN = 'Build error: Unknown instruction: "ECHO" &imagebuilder.Step{}\n'
HEREDOC = "RUN <<FIN\necho hola\nFIN"
NO_ANA = "unable to find user ana: no matching entries in passwd file"
NO_ANA_PODMAN = 'determining run uid: user: unknown user error looking up user "ana"\n'
MISLEADING = "RUN echo ': while running runtime: exit status 3'; exit 8"
UNDER = 'checking on sources under "/var/tmp/libpod_builder1216068774/build":'
ADD = "ADD http://127.0.0.1:9/x /x"
#: El Dockerfile (sin su «FROM»), la línea leída, lo que contestó, y del error su clase, su línea y qué dice.
ANSWERS: list[tuple[str, int | None, str, type[MultietapaError], int | None, str]] = [
    # Docker 20.10, BuildKit
    ("RUN x", 2, "executor failed running [/bin/sh -c x]: exit code: 8", BuildError, 2, "código 8"),
    ("COPY b.txt /b", 2, NOT_FOUND.format("/b.txt"), ContextError, 2, "«b.txt»"),
    ("COPY ../a /b", 2, NOT_FOUND.format("/a"), ContextError, 2, "«../a» está fuera"),
    (
        "COPY --from=nada:9 /a /a",
        None,
        f'failed to load cache key: failed to do request: Head "{HUB}/library/nada/manifests/9": {LOOKUP}',
        RegistryUnreachableError,
        None,
        "la imagen base «nada:9» (línea 2",
    ),
    (
        "",
        None,
        f'{LLB} failed to do request: Head "{HUB}/library/base/manifests/1": {LOOKUP}',
        RegistryUnreachableError,
        None,
        "la imagen base «base:1» (línea 1",
    ),
    (
        ADD,
        None,
        f'failed to load cache key: Get "http://127.0.0.1:9/x": {REFUSED}',
        DownloadError,
        2,
        "línea 2",
    ),
    (
        HEREDOC,
        None,
        f"{LLB} dockerfile parse error line 3: unknown instruction: ECHO",
        BuildError,
        2,
        "no conoce los documentos «<<FIN»",
    ),
    (
        "COPY --raro a b",
        None,
        f"{LLB} dockerfile parse error line 2: Unknown flag: raro",
        DockerfileError,
        2,
        "raro",
    ),
    (
        "EXPOSE x",
        None,
        f"{LLB} Invalid containerPort: x",
        DockerfileError,
        2,
        "«x» no es un puerto",
    ),
    (
        "USER ana\nRUN x",
        3,
        f"executor failed running [/bin/sh -c x]: {NO_ANA}",
        BuildError,
        3,
        "Lo pide el «USER» de la línea 2",
    ),
    # Docker 20.10, el clásico
    (
        'RUN ["/n"]',
        2,
        f'failed to create shim task: {RUNC} "/n": stat /n: no such file or directory: unknown',
        BuildError,
        2,
        "No existe el programa «/n»",
    ),
    (
        ADD,
        2,
        f'ADD failed: Get "http://127.0.0.1:9/x": {REFUSED}',
        DownloadError,
        2,
        "al otro lado nadie contestó",
    ),
    # Podman
    ("RUN x", 2, f'{STEP} "RUN x": while running runtime: exit status 3\n', BuildError, 2, "código 3"),
    ("RUN y", 2, f'{STEP} "{MISLEADING}": while running runtime: exit status 8\n', BuildError, 2, "código 8"),
    (
        "COPY b.txt /b",
        2,
        f'{STEP} "COPY b.txt /b": {UNDER} {COPIER.format("/b.txt")}',
        ContextError,
        2,
        "No existe «b.txt»",
    ),
    (
        "COPY ../a /b",
        2,
        f'{STEP} "COPY ../a /b": {UNDER} possible escaping context directory error: ' + COPIER.format("/a"),
        ContextError,
        2,
        "«../a» está fuera del contexto",
    ),
    (
        "FROM base\nCOPY --from=uno /no /b",
        3,
        f'{STEP} "COPY --from=uno /no /b": {UNDER} {COPIER.format("/no")}',
        BuildError,
        3,
        "«/no» no existe en «uno»",
    ),
    (
        "COPY <<FIN /n\nhola\nFIN",
        2,
        f'{STEP} "COPY <<FIN /n": {UNDER} {COPIER.format("/<<FIN")}',
        BuildError,
        2,
        "no conoce los documentos «<<FIN»",
    ),
    (HEREDOC, None, f'{STEP} "ECHO ": {ALIEN}', BuildError, 2, "no conoce los documentos «<<FIN»"),
    (
        "COPY --from=nada:9 /a /a",
        2,
        "COPY --from=nada:9: no stage or image found with that name\n",
        BaseImageError,
        None,
        "No se consigue la imagen base «nada:9» (línea 2",
    ),
    (
        "",
        1,
        "creating build container: unable to copy from source docker://base:1: initializing source "
        f'docker://base:1: pinging container registry registry-1.docker.io: Get "{HUB}/": {LOOKUP}\n',
        RegistryUnreachableError,
        None,
        "la imagen base «base:1» (línea 1",
    ),
    ("USER ana\nRUN x", 3, f'{STEP} "RUN x": {NO_ANA_PODMAN}', BuildError, 3, "No existe el usuario «ana»"),
    (
        ADD,
        2,
        f'{STEP} "{ADD}": reading "http://127.0.0.1:9/x": Get "http://127.0.0.1:9/x": {REFUSED}\n',
        DownloadError,
        2,
        "No se pudo descargar «http://127.0.0.1:9/x»",
    ),
]


@pytest.mark.parametrize(("recipe", "read", "reason", "kind", "line", "says"), ANSWERS)
def test_what_another_engine_said_is_explained(
    recipe: str, read: int | None, reason: str, kind: type[MultietapaError], line: int | None, says: str
) -> None:
    """Cada respuesta de otro motor es un error de su clase, con su línea, que dice lo mismo."""
    error = explain(BuildFailed(reason, 1.0, line=read), parse(f"FROM base:1 AS uno\n{recipe}\n"), None)
    assert type(error) is kind
    assert getattr(error, "line", None) == line
    assert says in str(error)
    assert error.next_step


@pytest.mark.parametrize(
    "reason",
    [
        f'{GATEWAY} failed to do request: Head "{HUB}/docker/dockerfile/manifests/1": {LOOKUP}',
        "failed to resolve source metadata for docker.io/docker/dockerfile:1: failed to do request: Head "
        f'"{HUB}/docker/dockerfile/manifests/1": {LOOKUP}',
    ],
    ids=["20.10", "26.1"],
)
def test_the_syntax_image_is_not_a_base(reason: str) -> None:
    """Sin red, lo que no se consigue es la imagen de «# syntax=»: se dice su línea y que se puede quitar."""
    error = explain(BuildFailed(reason, 1.0), parse("# syntax=docker/dockerfile:1\nFROM base:1\n"), None)
    assert isinstance(error, RegistryUnreachableError)
    assert isinstance(error, NetworkError)
    assert "la imagen que lee el Dockerfile (línea 1)" in error.what
    assert "Quita la línea 1" in error.next_step


def test_an_onbuild_that_is_not_counted_is_not_a_line_of_the_child() -> None:
    """Antes de Docker 27 los ``ONBUILD`` no contaban en el total: los delata un paso que lo pasa."""
    names = ["[1/2] FROM docker.io/x/onb:1", "[2/2] RUN false", "[3/2] RUN true"]
    source = parse("FROM x/onb:1\nRUN true\n")
    extra = uncounted(names)
    assert [locate(name, source, extra=extra).line for name in names] == [1, 1, 2]
    assert [locate(name, source, extra=uncounted(names[:2])).line for name in names[:2]] == [1, 2]
