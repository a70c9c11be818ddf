"""Los colores de las vistas se leen bien en los dos temas, y el color nunca es lo único."""

from __future__ import annotations

import pytest

from multietapa.image.file_kinds import FileKind
from multietapa.image.origins import Origin
from multietapa.measure.comparison import BASE_LAYERS, OWN_LAYERS, UNKNOWN_LAYERS
from multietapa.widgets.theme import (
    DARK,
    LIGHT,
    ORIGIN_PAINTS,
    PART_PAINTS,
    PATTERNS,
    Paint,
    paint_css,
    veil,
)

TEXT_CONTRAST = 4.5  # WCAG 2.2, nivel AA
LIGHT_BACKGROUNDS = ("#ffffff", "#eeeeee")  # --jp-layout-color1 y 2 de JupyterLab claro
DARK_BACKGROUNDS = ("#111111", "#212121", "#424242")  # 0, 1 y 2 del oscuro

Colour = tuple[float, float, float]


def colour(text: str) -> Colour:
    """Un ``#rrggbb`` como tres números de 0 a 1."""
    return (int(text[1:3], 16) / 255, int(text[3:5], 16) / 255, int(text[5:7], 16) / 255)


def luminance(values: Colour) -> float:
    """La luminancia relativa, como la define WCAG."""
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """Cuánto contrastan dos colores, de 1 a 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def veiled(paint: Paint) -> Colour:
    """El color de la trama: su velo (``#rrggbbaa``) sobre el fondo."""
    over, under = colour(veil(paint)), colour(paint.fill)
    alpha = int(veil(paint)[7:9], 16) / 255
    mixed = [alpha * top + (1 - alpha) * bottom for top, bottom in zip(over, under, strict=True)]
    return (mixed[0], mixed[1], mixed[2])


def test_contrast_is_computed_as_wcag_says() -> None:
    """Negro sobre blanco es 21 y un color consigo mismo, 1."""
    assert contrast(colour("#000000"), colour("#ffffff")) == pytest.approx(21)
    assert contrast(colour("#767676"), colour("#ffffff")) == pytest.approx(4.54, abs=0.01)
    assert contrast(colour("#0072b2"), colour("#0072b2")) == 1


@pytest.mark.parametrize("name", ORIGIN_PAINTS)
def test_text_on_a_segment_is_readable(name: str) -> None:
    """El texto de un tramo contrasta con su color, y sobre la trama contrasta todavía más."""
    paint = ORIGIN_PAINTS[name]
    plain = contrast(colour(paint.ink), colour(paint.fill))
    assert plain >= TEXT_CONTRAST
    assert contrast(colour(paint.ink), veiled(paint)) > plain


@pytest.mark.parametrize("name", LIGHT)
def test_words_are_readable_in_both_themes(name: str) -> None:
    """Los colores de los avisos y del texto suave se leen sobre todos los fondos de JupyterLab."""
    assert min(contrast(colour(LIGHT[name]), colour(b)) for b in LIGHT_BACKGROUNDS) >= TEXT_CONTRAST
    assert min(contrast(colour(DARK[name]), colour(b)) for b in DARK_BACKGROUNDS) >= TEXT_CONTRAST


def test_chosen_option_is_readable() -> None:
    """La opción elegida de un conmutador: blanco sobre el azul claro y negro sobre el oscuro."""
    assert contrast(colour("#ffffff"), colour(LIGHT["run"])) >= TEXT_CONTRAST
    assert contrast(colour("#111111"), colour(DARK["run"])) >= TEXT_CONTRAST


def test_every_category_has_its_own_colour_and_pattern() -> None:
    """Hay una pintura para cada origen y cada grupo de capas; dos orígenes no comparten color ni trama."""
    assert list(ORIGIN_PAINTS) == [origin.value for origin in Origin]
    assert set(PART_PAINTS) == {BASE_LAYERS, OWN_LAYERS, UNKNOWN_LAYERS, FileKind.MEDIA.value}
    assert PART_PAINTS[BASE_LAYERS].pattern != PART_PAINTS[OWN_LAYERS].pattern
    paints = ORIGIN_PAINTS.values()
    assert len({paint.fill for paint in paints}) == len({paint.pattern for paint in paints}) == len(paints)
    assert {paint.pattern for paint in [*paints, *PART_PAINTS.values()]} == set(PATTERNS)
    for paint in paints:
        assert f".mt-{paint.pattern} {{ color: {paint.ink};" in paint_css()
