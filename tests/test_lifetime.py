"""Procesos que acaban con quien los lanzó, y señales que no se pierden al lanzarlos."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from multietapa.engine.host.lifetime import signals_held

if sys.platform != "linux":
    pytest.skip("solo Linux", allow_module_level=True)


@pytest.fixture
def second_thread() -> Iterator[None]:
    """Otro hilo, que también puede recibir las señales del proceso."""
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("second_thread")
def test_a_signal_during_a_launch_is_not_lost(number: int) -> None:
    """Una señal en pleno lanzamiento salta al soltarlas, aunque haya más hilos; el hijo no se entera."""
    seen: list[str] = []

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    def launch() -> None:
        with signals_held() as release:
            os.kill(os.getpid(), number)
            time.sleep(0.05)
            child = subprocess.Popen(
                ["grep", "SigBlk", "/proc/self/status"], stdout=subprocess.PIPE, text=True,
                preexec_fn=lambda: os.kill(os.getpid(), number),
            )  # fmt: skip
            seen.append(child.communicate()[0])
            release()
            seen.append("no debería llegar aquí")

    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            launch()
        assert seen == ["SigBlk:\t0000000000000000\n"]
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)


def test_signals_come_back_after_a_failed_launch() -> None:
    """Si el lanzamiento falla, los manejadores vuelven a ser los de antes."""
    before = signal.getsignal(signal.SIGINT)

    def launch() -> None:
        with signals_held():
            assert signal.getsignal(signal.SIGINT) is not before
            subprocess.Popen(["esta-orden-no-existe"])

    with pytest.raises(FileNotFoundError):
        launch()
    assert signal.getsignal(signal.SIGINT) is before
