"""Lo que contesta un motor cuando no puede construir, y lo que lee quien aprende.

Los textos son los de los dos constructores de Docker 28.5, casi todos recogidos al construir estas líneas.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from multietapa.build.events import BuildFailed
from multietapa.build.failure import explain, misplaced, missing_stage
from multietapa.build.session.extras import Extras
from multietapa.dockerfile.context import Context, open_context
from multietapa.dockerfile.stages import parse
from multietapa.errors import (
    BaseImageError,
    BuildCancelled,
    BuildError,
    ContextError,
    DiskFullError,
    DockerfileError,
    DownloadError,
    MultietapaError,
    NetworkError,
    RegistryUnreachableError,
)

BUILDKIT_COPY = 'failed to compute cache key: failed to calculate checksum of ref a0::b1: "/{}": not found'
CLASSIC_COPY = (
    "COPY failed: file not found in build context or excluded by .dockerignore: stat {}: file does not exist"
)
BUILDKIT_RUN = 'process "/bin/sh -c x" did not complete successfully: exit code: {}'
CLASSIC_RUN = "The command '/bin/sh -c x' returned a non-zero code: {}"
URL = "http://127.0.0.1:9/a.txt"
REFUSED = f'Get "{URL}": dial tcp 127.0.0.1:9: connect: connection refused'
MOUNT = "the --mount option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how"
LOOKUP = "dial tcp: lookup nadie.invalid on 10.0.2.100:53: no such host"
NO_BASE = (
    "nadie.invalid/no:1: failed to resolve source metadata for nadie.invalid/no:1: failed to do request: "
    f'Head "https://nadie.invalid/v2/no/manifests/1": {LOOKUP}'
)
NAME = "docker.io/docker/dockerfile:1"
META = f"{NAME}: failed to resolve source metadata for"
OUTSIDE = "forbidden path outside the build context"
UNCLOSED = "failed to process \"${X\": syntax error: missing '}'"
UNSET = 'failed to process "${A:?}": A: not set'
PODMAN = 'building at STEP "{}": {}'
COPIER = 'checking on sources under "/x": copier: stat: "/b.txt": no such file or directory'
OLD_COPY, OLD_PARSE = "failed to compute cache key:", "dockerfile parse error line"
FLAG, RUNC = "invalid from flag value", "OCI runtime create failed: runc create failed: exec:"
NO_GROUP = "unable to find group g: no matching entries in group file"
NO_OWNER = "unable to convert uid/gid chown string: can't find uid for user ana: no such user: ana"
PARSE, STAGE = "dockerfile parse error", "failed to parse stage name"
#: La segunda línea del Dockerfile, la que dijo el motor, lo que contestó, la clase de error y lo que dice.
ANSWERS: list[tuple[str, int | None, str, type[MultietapaError], str]] = [
    *(
        ("FROM base\nCOPY --from=uno /nada /x", 3, reason, BuildError, "«/nada» no existe en «uno»")
        for reason in (
            "lstat /nada: no such file or directory",
            "COPY failed: stat nada: file does not exist",
        )
    ),
    (
        "COPY --from=otra:1 /n /x",
        2,
        "lstat /n: no such file or directory",
        BuildError,
        "dentro de esa imagen",
    ),
    ("ADD nada /x", 2, "ADD failed: stat nada: file does not exist", ContextError, "No existe «nada»"),
    (
        "COPY ../fuera /x",
        2,
        f"COPY failed: {OUTSIDE}: ../fuera ()",
        ContextError,
        "fuera del contexto (línea 2",
    ),
    ("RUN x", 2, BUILDKIT_RUN.format(3), BuildError, "con el código 3 (línea 2 del Dockerfile)"),
    ("RUN x", 2, CLASSIC_RUN.format(126), BuildError, "permiso de ejecución"),
    ("RUN x", 2, BUILDKIT_RUN.format(127), BuildError, "Esa orden no existe dentro de la imagen"),
    ("RUN x", 2, CLASSIC_RUN.format(137), BuildError, "falta de memoria"),
    (
        f"ADD {URL} /x",
        2,
        f"failed to load cache key: {REFUSED}",
        DownloadError,
        f"No se pudo descargar «{URL}»",
    ),
    (f"ADD {URL} /x", 2, "invalid response status 404", BuildError, f"No se pudo descargar «{URL}»"),
    (f"ADD {URL} {URL} /x/", 2, "invalid response status 404", BuildError, "No se pudo hacer una descarga"),
    ("", None, NO_BASE, RegistryUnreachableError, "descargar la imagen base «nadie.invalid/no:1»: su"),
    (
        "",
        1,
        f'Get "https://nadie.invalid/v2/": {LOOKUP}',
        RegistryUnreachableError,
        "una imagen base (línea 1",
    ),
    (
        "RUN --mount=type=secret,id=a x",
        2,
        "no active sessions",
        BuildError,
        "pide un secreto o una llave ssh",
    ),
    (
        "RUN --mount=type=secret,id=a,required x",
        2,
        "secret a: not found",
        BuildError,
        'secretos={"a": Path("...")}',
    ),
    (
        "RUN --mount=type=ssh,required x",
        2,
        'no SSH key "" forwarded from the client',
        BuildError,
        "pide el agente de ssh y no se le ha dado (línea 2",
    ),
    (
        "RUN --mount=type=ssh,id=b,required x",
        2,
        'no SSH key "b" forwarded from the client',
        BuildError,
        "quita «id=b»",
    ),
    (
        "RUN --mount=type=secret x",
        2,
        "invalid secret mount. one of source, target required",
        BuildError,
        "le falta su nombre",
    ),
    ("RUN --mount=type=cache,target=/x x", 2, MOUNT, BuildError, 'Quita «constructor="clasico"»'),
    ("COPY --raro a b", None, f"{PARSE} on line 2: unknown flag: --raro", DockerfileError, "en la línea 2"),
    ("EXPOSE hola", None, "invalid containerPort: hola", DockerfileError, "en la línea 2"),
    ("EXPOSE hola", 2, "Invalid containerPort: hola", DockerfileError, "2 | EXPOSE hola"),
    ("", None, "circular dependency detected on stage: uno", DockerfileError, "La etapa «uno» y otra"),
    ("", None, "base name (${X}) should not be blank", DockerfileError, "«${X}» está vacío"),
    ("", None, f'{STAGE} "base": invalid reference format', DockerfileError, "en la línea 1"),
    ("RUN x", 2, "invalid reference format", DockerfileError, "en la línea 2"),
    ("", None, "target stage dos could not be found", BuildError, "No existe la etapa «dos»."),
    ("", None, "failed to reach build target uni in Dockerfile", BuildError, "¿Querías decir «uno»?"),
    (
        "COPY --from=dos /a /b\nFROM base AS dos",
        None,
        'cannot copy from stage "dos", it needs to be defined before current stage "uno"',
        DockerfileError,
        "Copia de la etapa «dos» (línea 3), que está más abajo",
    ),
    (
        "RUN --mount=from=dos,target=/d x\nFROM base AS dos",
        None,
        'cannot mount from stage "dos" to "/d", stage needs to be defined before current command',
        DockerfileError,
        "en la línea 2",
    ),
    (
        "COPY --from=uno /a /b",
        None,
        "circular dependency detected on stage: uno",
        DockerfileError,
        "La etapa «uno» copia de sí misma",
    ),
    ("COPY ../a /x", 2, BUILDKIT_COPY.format("a"), ContextError, "«../a» está fuera del contexto (línea 2"),
    ("COPY b/../a /x", 2, BUILDKIT_COPY.format("a"), ContextError, "No existe «a»"),
    ("LABEL a=${X", None, UNCLOSED, DockerfileError, "2 | LABEL a=${X"),
    ("LABEL a=b\nENV a=${X", None, UNCLOSED, DockerfileError, "3 | ENV a=${X"),
    ("ENV a=${X", None, UNCLOSED, DockerfileError, "En «${X», falta la «}» que cierra «${»."),
    ("LABEL a=${A:?}\nENV A=1\nWORKDIR /${A:?}", None, UNSET, DockerfileError, "en la línea 2"),
    (
        "ENV P=hola\nEXPOSE 80\nEXPOSE $P",
        None,
        "invalid containerPort: hola",
        DockerfileError,
        "4 | EXPOSE $P",
    ),
    (
        "FROM b AS uno",
        2,
        "uno stage name already used",
        DockerfileError,
        "Ya hay una etapa «uno», en la línea 1",
    ),
    ("COPY --from=dos /a /b\nFROM base AS dos", 2, f"{FLAG} dos: x", DockerfileError, "está más abajo"),
    ("COPY --from=uno /a /b", 2, f"{FLAG} uno: x", DockerfileError, "copia de sí misma"),
    (
        "COPY --from=uno /a /b",
        2,
        "COPY failed: stat a: file does not exist",
        DockerfileError,
        "copia de sí misma",
    ),
    ("COPY --from=nadie /a /b", 2, f"{FLAG} nadie: x", BaseImageError, "la imagen base «nadie» (línea 2"),
    (
        "COPY --from=dos /a /b\nFROM base AS dos\nCOPY --from=uno /a /a",
        None,
        "circular dependency detected on stage: uno",
        DockerfileError,
        "2 | COPY --from=dos /a /b",
    ),
    ('RUN ["/x"]', 2, f'{RUNC} "/x": permission denied', BuildError, "«chmod +x»"),
    ('RUN ["/x"]', 2, f'{RUNC} "/x": exec format error', BuildError, "es de otro procesador"),
    ("USER a:g\nRUN x", 3, NO_GROUP, BuildError, "No existe el grupo «g»"),
    ("COPY --chown=ana a b", 2, NO_OWNER, BuildError, "Lo pide esta línea"),
    ("COPY --chmod=x a b", None, "invalid syntax", DockerfileError, "cifras octales"),
    ("STOPSIGNAL x", None, "invalid signal: x", DockerfileError, "«x» no es una señal"),
    ("LABEL a=${b:-c}", None, 'failed to process "${b:-c}": algo nuevo', DockerfileError, "2 | LABEL"),
    ("LABEL a=1", None, 'failed to process "otra": algo nuevo', DockerfileError, "El motor dice: failed"),
    ("RUN x", 1, CLASSIC_RUN.format(3), BuildError, "Un «ONBUILD» de la base terminó con el código 3"),
    (
        "ONBUILD RUN x\nFROM uno\nRUN y",
        3,
        CLASSIC_RUN.format(3),
        BuildError,
        "terminó con el código 3 (línea 2",
    ),
    ("", 1, CLASSIC_COPY.format("nada"), ContextError, "que copia un «ONBUILD» de la base (línea 1"),
    # Motores antiguos (Docker 20.10) y Podman.
    (
        "RUN x",
        2,
        "executor failed running [/bin/sh -c x]: exit code: 4",
        BuildError,
        "con el código 4 (línea 2",
    ),
    (
        "RUN x",
        2,
        PODMAN.format("RUN x", "while running runtime: exit status 3"),
        BuildError,
        "el código 3 (línea",
    ),
    ("COPY b.txt /", 2, PODMAN.format("COPY b.txt /", COPIER), ContextError, "No existe «b.txt»"),
    (
        "FROM base\nCOPY --from=uno b.txt /",
        3,
        PODMAN.format("COPY", COPIER),
        BuildError,
        "«/b.txt» no existe en «uno»",
    ),
    ("COPY b.txt /", 2, f'{OLD_COPY} "/b.txt" not found: not found', ContextError, "No existe «b.txt»"),
    (
        "COPY <<FIN /n\nhola\nFIN",
        None,
        f"{OLD_PARSE} 3: unknown instruction: HOLA",
        BuildError,
        "«<<FIN» (línea 2",
    ),
    ("RUN <<FIN\nexit 1\nFIN", None, f"{OLD_PARSE} 3: unknown instruction: EXIT", BuildError, "# syntax="),
    (
        "COPY <<FIN /n\nFIN",
        2,
        f'{OLD_COPY} "/<<FIN" not found: not found',
        BuildError,
        "no conoce los documentos",
    ),
    ("COPY --raro a b", None, f"{OLD_PARSE} 2: unknown flag: raro", DockerfileError, "en la línea 2"),
    ("RUN x", 2, "algo que nadie había visto", BuildError, "El motor no pudo terminar este paso."),
    ("", None, "algo que nadie había visto", BuildError, "El motor no pudo terminar."),
]


def told(
    reason: str,
    line: int | None,
    recipe: str,
    *,
    log: tuple[str, ...] = (),
    context: Context | None = None,
    free: int | None = None,
    step: str = "",
) -> MultietapaError:
    """El error que ve quien construyó ese Dockerfile y recibió esa respuesta; ``free``, el sitio libre."""
    failed = BuildFailed(reason, 1.0, line=line, log=log, step=step)
    return explain(failed, parse(recipe), context, free_space=lambda: free)


@pytest.mark.parametrize(("recipe", "line", "reason", "kind", "says"), ANSWERS)
def test_what_the_engine_said_is_explained(
    recipe: str, line: int | None, reason: str, kind: type[MultietapaError], says: str
) -> None:
    """Cada respuesta es un error de su clase que dice qué pasó, dónde y qué hacer."""
    error = told(reason, line, f"FROM base AS uno\n{recipe}\n")
    assert type(error) is kind
    assert says in str(error)
    assert "Qué hacer: " in str(error)


def test_without_a_dockerfile_the_words_of_the_engine_remain() -> None:
    """Sin el texto del Dockerfile se explica igual, con las palabras del motor en lugar de la línea."""
    reason = CLASSIC_COPY.format("nada.txt")
    error = explain(BuildFailed(reason, 1.0, line=2), None, None)
    assert "No existe «nada.txt»" in str(error)
    assert reason in str(error)
    assert "Las etapas" not in str(explain(BuildFailed("target stage x could not be found", 1.0), None, None))


@pytest.mark.parametrize("answer", [BUILDKIT_COPY, CLASSIC_COPY], ids=["buildkit", "clásico"])
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("secreto.txt", "«.dockerignore» lo excluye con la regla «secreto.txt»"),
        ("package.jsn", "¿Querías copiar «src/package.json»?"),
        ("package.json", "¿Querías copiar «src/package.json»?"),
        ("nada-que-ver", "la ruta parte de la carpeta de contexto"),
    ],
)
def test_what_is_not_copied_is_looked_for(tmp_path: Path, answer: str, path: str, says: str) -> None:
    """Lo que falta se busca: puede estar excluido, en otra carpeta o con otro nombre."""
    (tmp_path / "src").mkdir()
    for name in ("secreto.txt", "src/package.json"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".dockerignore").write_text("secreto.txt\n")
    recipe = f"FROM base\nCOPY {path} /x\n"
    (tmp_path / "Dockerfile").write_text(recipe)
    error = told(answer.format(path), 2, recipe, context=open_context(tmp_path))
    assert isinstance(error, ContextError)
    assert f"No existe «{path}»" in str(error)
    assert says in str(error)


FULL = "write /x: no space left on device"


@pytest.mark.parametrize(
    ("reason", "free", "full"),
    [
        (FULL, None, True),
        (f"failed to copy files: {FULL}", None, True),
        (BUILDKIT_RUN.format(1), 55_000_000, True),
        (CLASSIC_RUN.format(1), 0, True),
        (BUILDKIT_RUN.format(1), 80_000_000_000, False),
        (BUILDKIT_RUN.format(1), None, False),
        (BUILDKIT_COPY.format("no space left on device"), None, False),
    ],
)
def test_a_full_disk_is_not_something_else(reason: str, free: int | None, full: bool) -> None:
    """Un disco lleno lo dice el motor; si lo dice una orden, solo cuando al motor le queda poco."""
    error = told(reason, 2, "FROM base\nRUN x\n", log=("creando /x", FULL), free=free)
    assert isinstance(error, DiskFullError) is full
    assert "línea 2" in str(error)
    assert ("limpiar(cache=True)" in str(error)) is full
    if free == 80_000_000_000:
        assert "al motor le quedan 80,00 GB" in str(error)


def test_the_engine_is_asked_only_when_a_program_says_that_it_is_full() -> None:
    """Al motor no se le pregunta por su sitio si la orden no habla de ello."""

    def never() -> int:
        raise AssertionError("nadie dijo que no quedara sitio")

    failed = BuildFailed(BUILDKIT_RUN.format(1), 1.0, line=2, log=("otra cosa",))
    assert "código 1" in str(explain(failed, parse("FROM base\nRUN x\n"), None, free_space=never))


SYNTAX = "# syntax=docker/dockerfile:1\nFROM base\nRUN x\n"


@pytest.mark.parametrize(
    ("reason", "kind", "says"),
    [
        (f"{META} {NAME}: failed to do request: Head: {LOOKUP}", True, "su registro no contesta"),
        (f"{META} {NAME}: {NAME}: not found", False, "ningún registro la da"),
    ],
)
def test_the_image_that_reads_the_dockerfile_is_not_a_base(reason: str, kind: bool, says: str) -> None:
    """Si no se consigue la imagen de «# syntax=» se dice qué línea la pide, y que se puede quitar."""
    error = told(reason, None, SYNTAX)
    assert isinstance(error, BaseImageError)
    assert isinstance(error, NetworkError) is kind
    assert "«docker/dockerfile:1», la imagen que lee el Dockerfile (línea 1)" in error.what
    assert "Quita la línea 1" in error.next_step
    assert says in error.why


@pytest.mark.parametrize(
    ("text", "line", "step", "says"),
    [
        (
            "FROM base\nRUN x\n",
            1,
            "ONBUILD RUN x",
            "Un «ONBUILD» de la base terminó con el código 3 (línea 1",
        ),
        ("FROM base AS a\nONBUILD RUN x\nFROM a\n", 2, "ONBUILD RUN x", "«ONBUILD» de una etapa terminó"),
        ("FROM base\nRUN x\n", 2, "RUN x", "Una orden terminó con el código 3 (línea 2"),
        ("FROM base\nRUN\tx\n", 2, "RUN\tx", "Una orden terminó con el código 3 (línea 2"),
    ],
)
def test_what_the_base_left_said_is_not_a_line_of_the_child(
    text: str, line: int, step: str, says: str
) -> None:
    """Un ``ONBUILD`` que falla se cita, y se señala el «FROM» que lo arrastra."""
    error = told(BUILDKIT_RUN.format(3), line, text, step=step)
    assert says in str(error)
    assert ("ONBUILD RUN x" in error.detail) is ("ONBUILD" in says)


@pytest.mark.parametrize(("base", "says"), [("scratch", "«scratch» está vacía"), ("otra", "con el código 1")])
def test_without_a_shell_there_is_no_run(base: str, says: str) -> None:
    """En «scratch» no hay ni «sh»; en otra base, lo que diga el registro no es una prueba."""
    log = ('runc run failed: container init: exec: "/bin/sh": stat /bin/sh: no such file or directory',)
    error = told(BUILDKIT_RUN.format(1), 2, f"FROM {base}\nRUN x\n", log=log)
    assert says in str(error)


def test_a_cancelled_build_is_not_a_failure() -> None:
    """Cancelar no es un error del Dockerfile, aunque el motor conteste algo."""
    cancelled = BuildFailed("context canceled", 1.0, cancelled=True)
    assert isinstance(explain(cancelled, None, None), BuildCancelled)


def test_a_line_without_end_keeps_its_two_ends() -> None:
    """De una línea larguísima quedan el principio y el final, donde va el código de salida."""
    error = told(BUILDKIT_RUN.format(1), 2, "FROM base\nRUN x\n", log=("a" * 5000 + "el final",))
    assert isinstance(error, BuildError)
    assert len(str(error)) < 1000
    assert error.log[0].startswith("aaa")
    assert error.log[0].endswith("el final")


@pytest.mark.parametrize(("asked", "kind"), [("bulid", BuildError), ("compilado", RegistryUnreachableError)])
def test_a_name_that_is_no_stage_without_network(asked: str, kind: type[MultietapaError]) -> None:
    """Sin registro, lo que se parece a una etapa es una mal escrita; lo demás puede ser una imagen."""
    source = parse(f"FROM a AS build\nFROM b\nCOPY --from={asked} /x /\n")
    asker = source.stages[1].instructions[0]
    error = missing_stage(asked, source, asker, unreachable=True)
    assert type(error) is kind
    assert "línea 3" in error.what
    assert "Las etapas de este Dockerfile son: build" in error.why


def test_a_registry_that_asks_who_you_are() -> None:
    """Si el registro no deja entrar se dice, con la orden que inicia sesión en él."""
    asked = "failed to resolve source metadata for ghcr.io/casa/app:1: "
    reason = asked + "failed to authorize: failed to fetch anonymous token: 401 Unauthorized"
    error = told(f"ghcr.io/casa/app:1: {reason}", 1, "FROM ghcr.io/casa/app:1\n")
    assert type(error) is BaseImageError
    assert "no deja entrar" in error.what
    assert "docker login ghcr.io" in error.next_step


def test_a_stage_by_its_number_in_a_mount() -> None:
    """En un ``--mount`` un número es el nombre de una imagen: se dice cómo se nombra una etapa."""
    source = parse("FROM a\nFROM b\nRUN --mount=from=0,target=/m ls /m\n")
    error = missing_stage("0", source, source.stages[1].instructions[0])
    assert error is not None
    assert "línea 3" in error.what
    assert "«AS»" in error.next_step


@pytest.mark.parametrize(
    ("text", "target", "classic", "line", "says"),
    [
        ("FROM a\nCOPY --from=0 /x /\n", None, True, 2, "copia de sí misma"),
        ("FROM a\nCOPY --from=b /x /\nFROM c AS b\n", None, True, 2, "está más abajo"),
        ("FROM a AS x\nCOPY --from=y /x /\nFROM c AS y\nFROM x\n", None, False, 2, "está más abajo"),
        ("FROM a AS x\nCOPY --from=x /x /\n", "x", False, 2, "copia de sí misma"),
        (
            "FROM a AS x\nCOPY c /\nCOPY --from=y /x /\nFROM b AS y\nCOPY --from=x /x /\n",
            None,
            False,
            3,
            "se necesitan la una a la otra",
        ),
    ],
)
def test_an_order_that_cannot_be(text: str, target: str | None, classic: bool, line: int, says: str) -> None:
    """Quien copia de sí misma, de otra posterior o en círculo se dice antes de construir, con su línea."""
    error = misplaced(parse(text), target, classic=classic)
    assert isinstance(error, DockerfileError)
    assert error.line == line
    assert says in error.why


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("FROM a AS x\nFROM b\nCOPY --from=x /x /\n", None),
        ("FROM a AS x\nFROM b AS y\nCOPY --from=z /x /\nFROM c AS z\nFROM x\n", "x"),
    ],
)
def test_an_order_that_can_be(text: str, target: str | None) -> None:
    """Si el orden vale, o lo que está mal no se construye, no hay error."""
    assert misplaced(parse(text), target, classic=False) is None


def test_an_order_that_fails_says_what_it_did_not_have() -> None:
    """Una orden que monta algo que no se le dio lo dice, con cómo dárselo; si se le dio, o no se sabe, no."""
    mounts = "--mount=type=secret,id=npm_token --mount=type=ssh --mount=type=ssh,id=otro"
    source = parse(f"FROM a\nRUN {mounts} x\n")
    failed = BuildFailed(BUILDKIT_RUN.format(3), 1.0, line=2)
    error = explain(failed, source, None, extras=Extras(secrets={"npm-tokn": b"x"}))
    wanted = "el secreto «npm_token», el agente de ssh y el agente de ssh «otro»"
    assert error.why.endswith(f"Este monta {wanted}, que no se le han dado.")
    assert error.next_step == (
        '¿Es «npm-tokn», que sí se ha dado? Si no, dáselo con secretos={"npm_token": Path("...")}. '
        "Dáselo con ssh=True. Solo se puede dar uno, «default»: quita «id=otro» y construye con ssh=True. "
        "Lee el final del registro: suele decir qué faltó."
    )
    given = Extras(secrets={"npm_token": b"x"}, ssh=Path("agente"))
    assert "Este monta el agente de ssh «otro», que no se le ha dado." in str(
        explain(failed, source, None, extras=given)
    )
    assert "Este monta" not in str(explain(failed, source, None))
