"""El motor que sirve otro proceso: se le espera, con sus fases, y su final se explica."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from multietapa.engine import state
from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded import daemon as embedded
from multietapa.engine.embedded.data_disk import DataDisk
from multietapa.engine.state import VARIABLE, StateFile, read, wait_for_served
from multietapa.errors import EngineError
from tests.conftest import processes_mentioning, unavailable, until

KERNEL = """
from multietapa import motor
engine = motor()
print(engine.choice.kind, engine.client.info()["ID"])
"""


def test_nobody_serving_is_not_an_error() -> None:
    """Sin la variable no hay nada que esperar."""
    assert wait_for_served({}, log=print) == {}


def test_waiting_shows_the_phases(tmp_path: Path) -> None:
    """Quien espera ve las fases según llegan, y recibe la dirección al final."""
    served = StateFile(tmp_path / "estado.json")
    served.update(fase="arrancando el núcleo")

    def finish() -> None:
        time.sleep(0.4)
        served.update(fase="conectando su red")
        time.sleep(0.4)
        served.update(host="unix:///x", kind="embebido")

    threading.Thread(target=finish).start()
    told: list[str] = []
    assert wait_for_served({VARIABLE: str(served.path)}, log=told.append)["host"] == "unix:///x"
    assert list(dict.fromkeys(told)) == ["arrancando el núcleo", "conectando su red"]


def test_failures_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Si no arrancó, se dice por qué; si quien servía murió, no se espera para siempre."""
    served = StateFile(tmp_path / "estado.json")
    served.update(error="no hay memoria")
    with pytest.raises(EngineError) as caught:
        wait_for_served({VARIABLE: str(served.path)}, log=print)
    assert "no hay memoria" in str(caught.value)
    dead = subprocess.Popen(["true"])
    dead.wait()
    served.update(error=None, fase="conectando su red", pid=dead.pid)
    monkeypatch.setattr(state, "APPEAR_SECONDS", 0.3)
    with pytest.raises(EngineError) as caught:
        wait_for_served({VARIABLE: str(served.path)}, log=lambda _: None)
    assert "conectando su red" in str(caught.value)


def test_half_written_state_is_not_read(tmp_path: Path) -> None:
    """Un archivo a medias o de otra cosa vale como que no hay nada todavía."""
    path = tmp_path / "estado.json"
    for content in ("", "{", "[]"):
        path.write_text(content)
        assert read(path) == {}


@pytest.mark.motor
def test_served_engine_outlives_kernels_and_dies_with_its_server(tmp_path: Path) -> None:
    """Como en Binder: dos kernels seguidos usan el mismo motor; al irse el servidor no queda nada."""
    if reason := embedded.missing_reason():
        unavailable(f"no se puede arrancar un motor embebido: {reason}")
    environment = {
        **os.environ,
        VARIABLE: str(tmp_path / "estado.json"),
        "MULTIETAPA_MOTOR": "embebido",
        "MULTIETAPA_PAQUETE": str(bundle.make()),
        "MULTIETAPA_CACHE": str(tmp_path / "cache"),
        "MULTIETAPA_RUN": str(tmp_path / "r"),
    }
    environment.pop("DOCKER_HOST", None)
    server = subprocess.Popen(
        [sys.executable, "-m", "multietapa", "motor", "--servir"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    assert server.stdin is not None
    try:
        kernel_environment = {k: v for k, v in environment.items() if k != "MULTIETAPA_MOTOR"}
        answers = [
            subprocess.run(
                [sys.executable, "-c", KERNEL],
                env=kernel_environment,
                capture_output=True,
                text=True,
                timeout=90,
            )
            for _ in range(2)
        ]
        assert [a.returncode for a in answers] == [0, 0], answers
        said = [answer.stdout.splitlines()[-1] for answer in answers]  # antes pueden ir las fases
        assert said[0] == said[1]
        assert said[0].startswith("embebido ")
        told = json.loads((tmp_path / "estado.json").read_text())
        assert (told["kind"], told["fase"]) == ("embebido", "en marcha")
        report = subprocess.run(
            [sys.executable, "-m", "multietapa", "motor", "--diagnostico"],
            env=kernel_environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert report.returncode == 0
        for expected in ("vm.max_map_count", "seccomp", "memoria", "arranques: 1", "últimas líneas"):
            assert expected in report.stdout
    finally:
        server.stdin.close()
        code = server.wait(40)
    assert code == 0
    until(lambda: not processes_mentioning(str(tmp_path / "r")), seconds=5)
    assert not (tmp_path / "estado.json").exists()
    disk = next((tmp_path / "cache").glob("motores/*/disco.img"))
    assert DataDisk(bundle.make(), disk).clean()


def test_a_forced_engine_that_cannot_be_is_told_to_the_notebooks(tmp_path: Path) -> None:
    """Si se sirve un motor pedido que no está, los cuadernos saben enseguida por qué."""
    environment = {
        **os.environ,
        VARIABLE: str(tmp_path / "estado.json"),
        "MULTIETAPA_MOTOR": "existente",
        "DOCKER_HOST": f"unix://{tmp_path}/nadie.sock",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "multietapa", "motor", "--servir"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment,
    )  # fmt: skip
    try:
        with pytest.raises(EngineError, match="Se pidió el motor «existente»"):
            wait_for_served(environment, log=lambda _: None)
    finally:
        assert server.stdin is not None
        server.stdin.close()
        assert server.wait(20) == 1
