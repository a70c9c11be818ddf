"""El avance en la terminal: una línea que se reescribe, o unas pocas en un registro."""

from __future__ import annotations

import io
import sys

import pytest

from multietapa.console import Steps, say, tolerate_any_terminal


class Terminal(io.StringIO):
    """Un texto que dice ser una terminal."""

    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_each_quarter() -> None:
    """En un registro, cada paso sale una vez y su avance cada 25 %, no cada vez que cambia."""
    written = io.StringIO()
    steps = Steps(stream=written)
    steps("leyendo")
    for percent in range(0, 101, 5):
        steps("descargando", percent * 1000, 100_000)
    steps("desempaquetando (40 %)")
    steps.close()
    assert written.getvalue().splitlines() == [
        "  leyendo",
        "  descargando",
        "  descargando (25 %)",
        "  descargando (50 %)",
        "  descargando (75 %)",
        "  descargando (100 %)",
        "  desempaquetando (40 %)",
    ]


def test_a_terminal_rewrites_the_line() -> None:
    """En una terminal, el avance de un paso reescribe su línea; el paso siguiente empieza otra."""
    written = Terminal()
    steps = Steps(stream=written)
    for percent in (10, 20):
        steps(f"descargando ({percent} %)")
    steps("cargando")
    steps.close()
    lines = [line.split("\r")[-1].replace("\x1b[K", "") for line in written.getvalue().split("\n")]
    assert [line for line in lines if line] == ["  descargando (20 %)", "  cargando"]


def test_an_unknown_total_is_not_a_percentage() -> None:
    """Sin total conocido se dice el paso, sin inventar un porcentaje."""
    written = io.StringIO()
    Steps(stream=written)("descargando", 5_000_000, 0)
    assert written.getvalue() == "  descargando\n"


def test_an_ascii_terminal_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lo que la terminal no sabe escribir sale como «?», sin error."""
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    tolerate_any_terminal()
    say("Qué")
    assert written.getvalue() == b"Qu?\n"
