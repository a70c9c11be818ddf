"""Los secretos y agentes que pide un Dockerfile, sin motor; y cómo se tapa lo que un paso escribe."""

from __future__ import annotations

import pytest

from multietapa.build.events import BuildFailed, Event, LogLine, StepFinished, StepStarted
from multietapa.build.masking import HIDDEN, masked
from multietapa.dockerfile.mounts import asked_mounts
from multietapa.dockerfile.stages import parse


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("--mount=type=secret,id=x", [("secret", "x", False)]),
        ('--mount="type=secret,id=x"', [("secret", "x", False)]),
        ("--mount=TYPE=Secret,ID=x,required", [("secret", "x", True)]),
        ("--mount=type=secret,id=x,source=y,required=false", [("secret", "y", False)]),
        ("--mount=type=secret,target=/root/.npmrc,required=1", [("secret", ".npmrc", True)]),
        ("--mount=type=secret", []),
        ("--mount=type=ssh", [("ssh", "default", False)]),
        ("--mount=type=ssh,id=otro,required=true", [("ssh", "otro", True)]),
        ("--mount=type=cache,target=/c --mount=target=/d", []),
        ("--mount=type=secret,id=a --mount=type=ssh", [("secret", "a", False), ("ssh", "default", False)]),
    ],
)
def test_what_a_run_asks_for(flags: str, found: list[tuple[str, str, bool]]) -> None:
    """Cada ``--mount`` de un secreto o de un agente, con el nombre y la obligación que le da BuildKit."""
    source = parse(f"FROM a\nRUN true\nRUN {flags} true\nCOPY --link a b\n")
    mounts = asked_mounts(source)
    assert [(mount.kind, mount.name, mount.required) for mount in mounts] == found
    assert {mount.line for mount in mounts} <= {3}


def test_a_name_in_a_variable_is_not_known() -> None:
    """Un ``id`` con una variable no se adivina."""
    (mount,) = asked_mounts(parse("FROM a\nRUN --mount=type=secret,id=$X true\n"))
    assert not mount.known


def test_only_the_stages_that_are_asked() -> None:
    """Se miran las etapas que se dicen; si no se dice ninguna, todas."""
    mount = "RUN --mount=type=secret,id="
    source = parse(f"FROM a AS uno\n{mount}x true\nFROM a AS dos\n{mount}y true\n")
    assert [found.name for found in asked_mounts(source)] == ["x", "y"]
    assert [found.name for found in asked_mounts(source, source.needed("uno"))] == ["x"]


def test_each_line_of_a_secret_is_covered_wherever_it_is() -> None:
    """Se tapa en el registro, en el error de un paso y en el fallo, antes lo más largo; y nada más."""
    events: list[Event] = [
        StepStarted("1", 0.0),
        LogLine("1", "clave=abcd-efgh y abcd, no abc"),
        StepFinished("1", 1.0, 1.0, error="salió abcd-efgh"),
        BuildFailed("con abcd", 1.0, log=("abcd-efgh", "nada")),
    ]
    secrets = [b"abcd\n", b"abcd-efgh\n\nabc\n", b"\xff\xfeabcd"]
    assert list(masked(events, secrets)) == [
        StepStarted("1", 0.0),
        LogLine("1", f"clave={HIDDEN} y {HIDDEN}, no abc"),
        StepFinished("1", 1.0, 1.0, error=f"salió {HIDDEN}"),
        BuildFailed(f"con {HIDDEN}", 1.0, log=(HIDDEN, "nada")),
    ]


def test_without_secrets_nothing_is_touched() -> None:
    """Sin secretos, o con uno que es demasiado corto para buscarlo, los eventos son los mismos."""
    events: list[Event] = [LogLine("1", "abc"), LogLine("1", "hola")]
    assert list(masked(events, [])) == list(masked(events, [b"abc"])) == events


def test_what_a_parent_stage_triggers_counts() -> None:
    """Un secreto que pide el ``ONBUILD`` de una etapa lo pide la que parte de ella."""
    source = parse("FROM a AS x\nONBUILD RUN --mount=type=secret,id=npm true\nFROM x\nRUN ls\n")
    assert [(mount.name, mount.line) for mount in asked_mounts(source)] == [("npm", 2)]
