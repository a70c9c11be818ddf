"""Una respuesta construida otra vez: hasta una etapa, con otro argumento o con el código cambiado."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from multietapa import apps
from multietapa.cells.motor import Motor
from multietapa.containers.commands import run_command
from multietapa.errors import BuildError, UncheckableError
from multietapa.exercises.bench import Bench
from multietapa.exercises.given import Given

DEV = "ARG BASE\nFROM $BASE AS dev\nARG QUE=nada\nRUN echo $QUE > /que.txt\nCOPY package.json /\n"
GATE = "FROM dev AS prod\nRUN grep -q tienda-node /package.json\n"
IMAGE = "otra-vez:1"


def spoil(folder: Path) -> None:
    """Deja sin nombre la aplicación."""
    (folder / "package.json").write_text("{}", encoding="utf-8")


@pytest.fixture
def bench(motor_real: Motor, base_image: str) -> Iterator[Bench]:
    """Una respuesta de dos etapas, que no hace falta construir antes; al final se borran sus imágenes."""
    given = Given(arguments={"BASE": base_image})
    yield Bench(motor_real, IMAGE, apps.app("tienda-node"), dockerfile=DEV + GATE, given=given)
    for image in motor_real.client.images.list("otra-vez"):
        motor_real.client.images.remove(image.id, force=True)


def test_up_to_a_stage(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    """Se construye hasta la etapa que se pide y no se enseña; lo que escribió se guarda."""
    dev = bench.up_to("dev")
    assert dev.image == f"{IMAGE}-dev"
    assert {step.etapa for step in dev.steps} == {"dev"}
    assert run_command(bench.motor.client, dev.image, "cat /que.txt") == "nada\n"
    assert "Preparación" not in capsys.readouterr().out


def test_a_change_does_not_touch_the_good_one(bench: Bench) -> None:
    """Con el código cambiado se falla o se hace otra imagen, y la carpeta y la buena siguen como estaban."""
    good = bench.up_to("dev")
    with pytest.raises(BuildError) as failed:
        bench.up_to("prod", spoil)
    assert failed.value.line == 7
    changed = bench.up_to("dev", spoil)
    assert run_command(bench.motor.client, changed.image, "cat /package.json") == "{}"
    assert "tienda-node" in run_command(bench.motor.client, good.image, "cat /package.json")
    assert "tienda-node" in (bench.app.folder / "package.json").read_text(encoding="utf-8")


def test_with_other_arguments(bench: Bench) -> None:
    """Los argumentos se suman a los que ya se daban, y se recuerdan."""
    other = bench.with_arguments({"QUE": "algo"})
    assert run_command(bench.motor.client, other.image, "cat /que.txt") == "algo\n"
    assert set(other.given.arguments) == {"BASE", "QUE"}
    assert set(bench.given.arguments) == {"BASE"}


@pytest.mark.parametrize(
    "ask", [lambda alone: alone.up_to("dev"), lambda alone: alone.with_arguments({"NODE": "24"})]
)
def test_an_image_alone_is_not_enough(ask: Callable[[Bench], Bench]) -> None:
    """De una imagen no se sabe el Dockerfile: no se puede pedir otra etapa ni otros argumentos."""
    alone = Bench(None, IMAGE, apps.app("tienda-node"))  # type: ignore[arg-type]
    with pytest.raises(UncheckableError, match="Con la imagen sola"):
        ask(alone)
