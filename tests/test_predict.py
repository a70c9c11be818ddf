"""``predecir``: el control de una predicción, sus gemelos y lo que llega a ``comparar``."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from multietapa import predecir
from multietapa.errors import MultietapaError
from multietapa.widgets.predict.sample import views
from tests.drawing import draw

NAME = "Tu predicción para tienda:ingenua, en MB"


def test_it_says_what_was_predicted() -> None:
    """Los gemelos dicen de qué es la predicción y cuánto; sin mover, que está sin hacer."""
    control = predecir("tienda:<b>", hasta=1500, paso=10)
    assert repr(control) == "Tu predicción para tienda:<b>: todavía sin hacer"
    control.value = 1420.0
    text, html = control.twins()
    assert text == "Tu predicción para tienda:<b>: 1\u202f420 MB"
    assert "tienda:&lt;b&gt;" in html
    assert repr(predecir()) == "Tu predicción: todavía sin hacer"


@pytest.mark.parametrize(("limit", "step"), [(0, 5), (100, 0), (-5, 5), (4, 5)])
def test_limits_that_do_not_move_are_refused(limit: int, step: int) -> None:
    """Un paso o un máximo con los que el control no se movería se explican."""
    with pytest.raises(MultietapaError, match="no se puede mover el control"):
        predecir(hasta=limit, paso=step)


def test_keys_and_numbers_move_it(blank_page: Page) -> None:
    """Con las flechas avanza un paso, la casilla admite cualquier número, y los dos dicen lo mismo."""
    draw(blank_page, views()["sin mover"], views()["hecha"])
    slider = blank_page.get_by_role("slider", name=NAME)
    box = blank_page.get_by_role("spinbutton", name=NAME)
    expect(slider).to_have_attribute("aria-valuetext", "300 MB")
    slider.focus()
    blank_page.keyboard.press("ArrowRight")
    expect(box).to_have_value("310")
    blank_page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "1\u202f500 MB")
    for written, kept in (("427", "427"), ("9999", "1500"), ("-3", "0"), ("", "0")):
        box.fill(written)
        box.press("Enter")
        expect(box).to_have_value(kept)
        assert blank_page.evaluate("shown[1].model.get('value')") == float(kept)
        same = predecir("tienda:ingenua", hasta=1500)
        same.value = float(kept)
        assert blank_page.evaluate("shown[1].model.get('said')") == same.said == repr(same)
    expect(blank_page.get_by_text("Muévelo, o escribe un número.")).to_have_count(2)
