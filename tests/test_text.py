"""Números, tiempos y listas en español."""

import pytest

from multietapa import text


@pytest.mark.parametrize(
    ("n_bytes", "expected"),
    [(0, "0 B"), (999, "999 B"), (1500, "1,5 kB"), (99_949_999, "99,9 MB"), (148_200_000, "148 MB"),
     (999_600_000, "1,00 GB"), (1_476_200_000, "1,48 GB"), (-2_000_000, "-2,0 MB"), (1250, "1,3 kB"),
     (9_950, "10,0 kB"), (999_499, "999 kB"), (999_500, "1,0 MB"), (999_950, "1,0 MB"), (-400, "-400 B")],
)  # fmt: skip
def test_size_uses_decimal_units_and_comma(n_bytes: int, expected: str) -> None:
    """Un tamaño se escribe con unidad decimal y coma."""
    assert text.size(n_bytes) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.42, "0,4 s"), (12.4, "12 s"), (185, "3 min 05 s"), (59.7, "1 min 00 s"),
        (0, "0,0 s"), (-0.0, "0,0 s"), (-3, "0,0 s"), (9.94, "9,9 s"), (9.95, "10 s"), (10.5, "11 s"),
        (59.4, "59 s"), (59.5, "1 min 00 s"), (60.5, "1 min 01 s"), (3599.6, "60 min 00 s"),
    ],
)  # fmt: skip
def test_duration(seconds: float, expected: str) -> None:
    """Una duración se escribe como se diría."""
    assert text.duration(seconds) == expected


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [(0.25, 1, "0,3"), (2.5, 0, "3"), (-0.04, 1, "0,0"), (-0.0, 0, "0"), (-2.5, 0, "-3"), (0.999, 2, "1,00")],
)
def test_halves_go_up_and_zero_has_no_sign(value: float, decimals: int, expected: str) -> None:
    """La mitad se redondea hacia arriba, y lo que se queda en cero no lleva signo."""
    assert text.number(value, decimals) == expected


def test_counting_names_what_is_counted() -> None:
    """Solo uno es singular; los millares se separan con un espacio fino."""
    assert text.count(1, "imagen", "imágenes") == "1 imagen"
    assert text.count(12_345, "imagen", "imágenes") == "12\u202f345 imágenes"


def test_join_uses_e_before_i() -> None:
    """«y» pasa a «e» delante de i."""
    assert text.join(["capas", "imágenes"]) == "capas e imágenes"
    assert text.join(["a", "b", "c"]) == "a, b y c"
    assert text.join([]) == ""


def test_ratio_without_divisor_says_so() -> None:
    """Dividir por cero se dice, no revienta."""
    assert text.ratio(5, 0) == "no se puede dividir"
    assert text.ratio(60, 10) == "6,0 veces"


def test_twice_is_said_as_people_say_it() -> None:
    """Lo que se queda en 2,0 veces es «el doble» o «la mitad»; lo demás se cuenta en veces."""
    assert [text.more(*pair) for pair in ((60, 10), (20, 10), (204, 100))] == ["6,0 veces más"] + 2 * [
        "el doble"
    ]
    assert [text.less(*pair) for pair in ((60, 10), (196, 100))] == ["6,0 veces menos", "la mitad"]
    assert text.as_much(20, 10) == "el doble que"
    assert text.as_much(30, 10, "los bytes") == "3,0 veces los bytes que"
    assert text.as_much(20, 10, "los bytes", " de bytes") == "el doble de bytes que"
