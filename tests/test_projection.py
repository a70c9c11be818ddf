"""Lo calculado: la cuenta, que no se mezcla con lo medido, y que el navegador hace la misma."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import Page

from multietapa.paths import PROJECT_ROOT
from multietapa.registry.events import Phase
from multietapa.registry.outcome import DeployedLayer, Deployment, NodeKind
from multietapa.registry.projection import Plan, project, rest_seconds
from multietapa.widgets.deploy.estimate import hours, plan_words
from multietapa.widgets.deploy.words import speed

RANDOM = 3000
WIDGETS = PROJECT_ROOT / "multietapa" / "widgets"
SCRIPT = "\n".join(
    (WIDGETS / name).read_text(encoding="utf-8").replace("export default", "return")
    for name in ("dom.js", "deploy/deploy.js")
)


def in_page(page: Page, call: str, cases: list[list[object]]) -> list[object]:
    """Lo que da ``call``, una función del dibujo, con cada caso."""
    script = SCRIPT[: SCRIPT.rindex("return {")]
    found: list[object] = page.evaluate(
        f"cases => {{ {script}\n return cases.map((args) => {call}(...args)); }}", cases
    )
    return found


def test_the_sums_by_hand() -> None:
    """100 MB a 20 Mb/s son 40 s: con dos réplicas que se reparten el enlace, 80; y lo demás, una vez."""
    found = project(100_000_000, 5.0, Plan(mbps=20.0, replicas=2, deployments=36, price=0.5))
    assert found.seconds == pytest.approx(85.0)
    assert found.traffic == 7_200_000_000
    assert found.hours == pytest.approx(0.85)
    assert found.cost == pytest.approx(3.6)
    assert project(100_000_000, 5.0, Plan()).cost is None


def test_one_replica_at_the_measured_speed_is_what_was_measured() -> None:
    """Con una réplica, a la velocidad a la que se midió, el cálculo da lo medido."""
    rest = {Phase.UNPACK: 1.0, Phase.CREATE: 0.1, Phase.START: 0.4, Phase.HEALTHY: 0.8}
    layers = (DeployedLayer("sha256:a", 25_000_000, True), DeployedLayer("sha256:b", 9_000_000, False))
    one = Deployment("v1", NodeKind.ENGINE, 20.0, layers, {Phase.TRANSFER: 10.0, **rest}, 0, 0.0, 200)
    assert rest_seconds(one) == pytest.approx(2.3)
    found = project(one.travelled_bytes, rest_seconds(one), Plan(mbps=20.0, replicas=1))
    assert found.seconds == pytest.approx(one.total_seconds)


def test_nothing_travels_for_free() -> None:
    """Si no viaja nada, no hay tráfico ni coste, y el tiempo es el de lo demás."""
    found = project(0, 2.0, Plan(price=1.0))
    assert (found.seconds, found.traffic, found.cost) == (2.0, 0, 0.0)


def test_the_browser_makes_the_same_sums(blank_page: Page) -> None:
    """Con miles de casos al azar, la cuenta del dibujo da exactamente los mismos números."""
    dice = random.Random(6)
    cases: list[list[object]] = []
    expected = []
    for _ in range(RANDOM):
        size, rest = int(10 ** dice.uniform(0, 9.5)), 10 ** dice.uniform(-2, 3)
        price = None if dice.random() < 0.3 else dice.uniform(0, 2)
        plan = Plan(10 ** dice.uniform(-1, 4), dice.randint(1, 1000), dice.randint(1, 1000), price)
        cases.append([size, rest, plan.mbps, plan.replicas, plan.deployments, plan.price])
        found = project(size, rest, plan)
        names = ("seconds", "traffic", "hours", "cost")
        expected.append({name: getattr(found, name) for name in names})
    assert in_page(blank_page, "project", cases) == expected


def test_the_browser_writes_it_the_same(blank_page: Page) -> None:
    """Las velocidades, los tiempos largos y lo que se supone se escriben igual en las dos partes."""
    dice = random.Random(7)
    speeds = [0.1, 0.25, 1.0, 1.5, 2.0, 20.0, 99.5, 100.0, 100.4, 10_000.0]
    speeds += [round(10 ** dice.uniform(-1, 4), 3) for _ in range(RANDOM)]
    assert in_page(blank_page, "speedWords", [[one] for one in speeds]) == [speed(one) for one in speeds]
    times = [0.0, 0.01, 0.999, 1.0, 1.05, 1.25, 999.95]
    times += [10 ** dice.uniform(-4, 5) for _ in range(RANDOM)]
    assert in_page(blank_page, "hoursWords", [[one] for one in times]) == [hours(one) for one in times]
    plans = [(20.0, 1, 1), (0.5, 3, 20), (1000.0, 1000, 1000), (2.5, 2, 1)]
    written = [plan_words(Plan(*plan)) for plan in plans]
    assert in_page(blank_page, "planWords", [list(plan) for plan in plans]) == written
    assert written[0] == "con un enlace de 20 Mb/s, 1 réplica y 1 despliegue al mes"


@pytest.mark.parametrize(
    ("typed", "price", "around"),
    [
        ("0,09", 0.09, ("", "")),
        ("0.09 €", 0.09, ("", " €")),
        ("$0.1", 0.1, ("$", "")),
        (" US$ 12 ", 12.0, ("US$ ", "")),
        ("3 pesos", 3.0, ("", " pesos")),
        ("0", 0.0, ("", "")),
    ],
)
def test_a_price_keeps_its_currency(
    blank_page: Page, typed: str, price: float, around: tuple[str, str]
) -> None:
    """El precio se escribe con coma o con punto, y con la moneda de cada uno delante o detrás."""
    (found,) = in_page(blank_page, "money", [[typed]])
    assert found == {"price": price, "before": around[0], "after": around[1]}


@pytest.mark.parametrize("typed", ["gratis", "-3", "1.234,5", "1,2,3", "0,09 € 5", "+1"])
def test_a_price_that_is_not_understood(blank_page: Page, typed: str) -> None:
    """Lo que no es un precio no se adivina; y vacío es que no lo hay."""
    assert in_page(blank_page, "money", [[typed], [" "]]) == [None, {"price": None}]
