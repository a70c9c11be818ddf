"""El aviso de procesador en un servidor compartido: a tiempo, y sin repetirse en cada celda."""

from __future__ import annotations

import pytest

from multietapa.motor import budget

HUB = {"JUPYTERHUB_SERVICE_PREFIX": "/user/ana/"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cada prueba empieza sin avisos dados."""
    monkeypatch.setattr(budget, "_told_at", 0.0)


def test_only_on_a_shared_host() -> None:
    """En tu máquina nunca; en un servidor compartido, cerca de la hora."""
    assert not budget.notice({}, spent=10_000)
    assert not budget.notice(HUB, spent=2_000)
    assert "50 min" in budget.notice(HUB, spent=3_000) and not budget.shared_host({})


def test_it_is_not_repeated_in_every_cell() -> None:
    """Después de un aviso, el siguiente llega diez minutos de procesador más tarde."""
    assert budget.notice(HUB, spent=3_100)
    assert not budget.notice(HUB, spent=3_200)
    assert budget.notice(HUB, spent=3_700)


def test_it_reads_the_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin cifra, la lee de los grupos de control: en esta máquina se puede."""
    monkeypatch.setattr(budget, "FIRST_NOTICE_SECONDS", 0.0)
    monkeypatch.setattr(budget, "AGAIN_SECONDS", 0.0)
    assert "procesador" in budget.notice(HUB)
