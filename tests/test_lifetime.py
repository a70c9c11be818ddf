"""Procesos que acaban con quien los lanzó, y señales que no se pierden al lanzarlos."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from multietapa.motor.lifetime import signals_held

if sys.platform != "linux":
    pytest.skip("solo Linux", allow_module_level=True)


def test_a_signal_during_a_launch_is_not_lost() -> None:
    """Un Ctrl-C en pleno lanzamiento salta al soltarlo; el hijo nace sin señales aplazadas."""
    seen: list[str] = []
    with pytest.raises(KeyboardInterrupt), signals_held() as release:
        os.kill(os.getpid(), signal.SIGINT)
        child = subprocess.Popen(
            ["grep", "SigBlk", "/proc/self/status"], stdout=subprocess.PIPE, text=True, preexec_fn=release
        )
        seen.append(child.communicate()[0])
        release()
        seen.append("no debería llegar aquí")
    assert seen == ["SigBlk:\t0000000000000000\n"]


def test_signals_come_back_after_a_failed_launch() -> None:
    """Si el lanzamiento falla, las señales dejan de estar aplazadas igual."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with pytest.raises(FileNotFoundError), signals_held():
        subprocess.Popen(["esta-orden-no-existe"])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
