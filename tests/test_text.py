"""Números, tiempos y listas en español."""

import pytest

from multietapa import text


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [(0, "0 B"), (999, "999 B"), (1500, "1,5 kB"), (99_949_999, "99,9 MB"), (148_200_000, "148 MB"),
     (999_600_000, "1,00 GB"), (1_476_200_000, "1,48 GB"), (-2_000_000, "-2,0 MB")],
)  # fmt: skip
def test_size_uses_decimal_units_and_comma(n_bytes: int, expected: str) -> None:
    """Un tamaño se escribe con unidad decimal y coma."""
    assert text.size(n_bytes) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.42, "0,4 s"), (12.4, "12 s"), (185, "3 min 05 s"), (59.7, "1 min 00 s")]
)
def test_duration(seconds: float, expected: str) -> None:
    """Una duración se escribe como se diría."""
    assert text.duration(seconds) == expected


def test_join_uses_e_before_i() -> None:
    """«y» pasa a «e» delante de i."""
    assert text.join(["capas", "imágenes"]) == "capas e imágenes"
    assert text.join(["a", "b", "c"]) == "a, b y c"
    assert text.join([]) == ""


def test_ratio_without_divisor_says_so() -> None:
    """Dividir por cero se dice, no revienta."""
    assert text.ratio(5, 0) == "no se puede dividir"
    assert text.ratio(60, 10) == "6,0 veces"
