"""La sesión con el otro almacén de imágenes, el de containerd."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from multietapa.build.events import BuildFinished, ContextSent
from multietapa.build.image import build_image
from multietapa.build.pipeline import build_events
from multietapa.errors import BuildError
from tests.conftest import SecondEngine, load_base_image
from tests.sessions import everything_at_once


def test_the_containerd_store_builds_the_same_way(
    second_engine_factory: SecondEngine, tmp_path: Path
) -> None:
    """La imagen tiene el id que dice la construcción, solo viaja lo que cambió y un fallo dice su línea."""
    for n in range(20):
        (tmp_path / f"{n}.txt").write_text("x" * 1000)
    with second_engine_factory(containerd=True) as (client, _):
        time.sleep(
            0.05
        )  # dos escrituras en el mismo tic del reloj llevan la misma fecha: en la duda viaja todo
        text = f"FROM {load_base_image(client)}\nCOPY . /app\nRUN test -s /app/7.txt\n"
        list(build_events(client, tmp_path, tag="sesion:1", dockerfile=text))
        time.sleep(0.05)
        (tmp_path / "7.txt").write_text("y" * 1001)
        events = list(build_events(client, tmp_path, tag="sesion:1", dockerfile=text))
        finished = events[-1]
        assert isinstance(finished, BuildFinished)
        assert client.images.get("sesion:1").id == finished.image_id
        assert [e.files for e in events if isinstance(e, ContextSent) and e.complete] == [1]
        assert build_image(client, tmp_path, tag="sesion:2", dockerfile=text).tags == ["sesion:2"]
        with pytest.raises(BuildError) as caught:
            build_image(client, tmp_path, tag="sesion:3", dockerfile=f"{text}RUN exit 4\n")
        assert caught.value.line == 4


def test_the_containerd_store_takes_all_that_is_given(
    second_engine_factory: SecondEngine, tmp_path: Path
) -> None:
    """Secretos, otras carpetas, otra plataforma y archivos de vuelta, también con ese almacén."""
    with second_engine_factory(containerd=True) as (client, _):
        everything_at_once(client, load_base_image(client), tmp_path)
