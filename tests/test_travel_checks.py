"""Lo que comprueban los ejercicios del cuaderno 06, con medidas escritas a mano: sin motor."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from multietapa import apps
from multietapa.errors import UncheckableError
from multietapa.exercises.change import MARK, change_a_line
from multietapa.exercises.checks import deployment, travel
from multietapa.exercises.trial import Trial
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry, Layer
from multietapa.registry.events import Phase
from multietapa.registry.outcome import NodeKind

CHANGED = "src/catalogue.ts"
STEPS = ("equivalente local", "COPY package*.json ./", "RUN npm ci", "COPY /app/dist ./dist")
SIZES = (40_000_000, 58_000, 1_000_000, 13_600)


def image(*versions: int) -> MeasuredImage:
    """Una imagen de cuatro capas sobre una base de una; ``versions`` dice cuál es cada una."""
    layers = tuple(
        Layer(n, f"sha256:{n}-{v}", STEPS[n], (FileEntry(f"app/f{n}", 3 * SIZES[n], "file", 0o644, 0, 0),),
              3 * SIZES[n], SIZES[n])
        for n, v in enumerate(versions)
    )  # fmt: skip
    return MeasuredImage(
        image_id="sha256:x", tags=(), architecture="amd64", layers=layers, base_layer_count=1,
        unpacked_bytes=3 * sum(SIZES), transfer_bytes=sum(SIZES),
    )  # fmt: skip


def test_only_the_code_travels() -> None:
    """Si solo cambia la última capa, viaja ella, con su peso comprimido y el objetivo dicho."""
    seen = travel.travels_again(image(1, 1, 1, 1), image(1, 1, 1, 2), 200_000, CHANGED)
    assert seen.ok
    assert "13,6 kB (Transferencia), en 1 capa" in seen.text
    assert "200 kB" in seen.text


def test_what_travels_again_is_blamed() -> None:
    """Si pesa más, se nombra la capa que más pesa y, en la pista, la primera que cambió."""
    seen = travel.travels_again(image(1, 1, 1, 1), image(1, 2, 2, 2), 200_000, CHANGED)
    assert not seen.ok
    assert "1,1 MB (Transferencia), en 3 capas" in seen.text
    assert "La que más pesa es la capa 3 («RUN npm ci»): 1,0 MB" in seen.text
    assert "La primera capa que cambia es la capa 2 («COPY package*.json ./»)" in seen.hints[0]
    assert "¿Necesita la capa 3 algo de la 2?" in seen.hints[1]


def test_a_layer_with_everything_is_blamed_by_itself() -> None:
    """Si la que pesa es la primera que cambia, la pista habla de lo que lleva junto."""
    seen = travel.travels_again(image(1, 1, 1, 1), image(1, 1, 2, 2), 200_000, CHANGED)
    assert "La capa 3 («RUN npm ci») lleva juntos 1 archivo o carpeta, por ejemplo /app/f2" in seen.hints[0]


def test_a_change_that_does_not_arrive() -> None:
    """La misma imagen dos veces no está bien: el código que cambió no va en ella."""
    seen = travel.travels_again(image(1, 1, 1, 1), image(1, 1, 1, 1), 200_000, CHANGED)
    assert not seen.ok
    assert "no cambia ninguna capa" in seen.text


@pytest.mark.parametrize(
    ("body", "arrives"),
    [
        ({"productos": [{"descripcion": "Taza"}, {"descripcion": "Edición nueva. Botella"}]}, True),
        ({"productos": [{"descripcion": "Taza"}, {"id": 3}, "otra cosa"]}, False),
        ({"productos": {}}, False),
        ([], False),
        (None, False),
    ],
)
def test_the_change_is_asked_to_the_second_version(body: object, arrives: bool) -> None:
    """El cambio se busca en el catálogo que contesta la segunda imagen, conteste lo que conteste."""
    seen = travel.change_arrives(json.dumps(body), "/api/productos", "Edición nueva.", CHANGED)
    assert seen.ok is arrives
    assert not travel.change_arrives("<html>", "/api/productos", "Edición nueva.", CHANGED).ok


SECONDS = dict(zip(Phase, (16.4, 0.6, 0.1, 0.3, 1.1), strict=True))
DONE = Trial(NodeKind.CLIENT, 20.0, 18.5, 41_071_600, 41_071_600, answered=True, seconds=SECONDS)


def test_a_deployment_in_time() -> None:
    """Uno que llega dice a qué nodo, a qué velocidad, cuánto tardó cada fase y el presupuesto."""
    seen = deployment.in_time(DONE, 27.0, image(1, 1, 1, 1))
    assert seen.ok
    for said in (
        "20 Mb/s",
        "el cliente del taller",
        "a los 19 s",
        "transferir, 16 s",
        "presupuesto son 27 s",
    ):
        assert said in seen.text


def test_a_deployment_out_of_time() -> None:
    """Uno que contesta tarde enseña lo mismo, y su pista nombra la capa que más ocupa y de quién es."""
    seen = deployment.in_time(DONE, 10.0, image(1, 1, 1, 1))
    assert not seen.ok
    assert "contesta a los 19 s" in seen.text
    assert "es la capa 1 («equivalente local»): 120 MB desempaquetada" in seen.hints[0]
    assert "Viene con la base de tu última etapa" in seen.hints[0]


def test_a_deployment_that_is_cut() -> None:
    """Uno cortado dice lo que había llegado (medido) y lo que faltaba (cálculo), sin mezclarlos."""
    cut = replace(DONE, answered=False, total=2.1, travelled=5_000_000, size=230_000_000, seconds={})
    seen = deployment.in_time(cut, 27.0, image(1, 1, 1, 1))
    assert not seen.ok
    assert "a los 2,1 s habían llegado 5,0 MB de 230 MB" in seen.text
    assert "faltaban otros 1 min 30 s (cálculo)" in seen.text
    late = replace(cut, travelled=230_000_000, total=28.0)
    assert "había llegado entera, y no contestaba" in deployment.in_time(late, 27.0, image(1, 1, 1, 1)).text


def test_one_line_changes_in_a_copy(tmp_path: Path) -> None:
    """El cambio es una sola línea del código; si no hay qué cambiar, no se puede comprobar."""
    source = apps.app("tienda-node").folder / CHANGED
    copy = tmp_path / CHANGED
    copy.parent.mkdir()
    copy.write_bytes(source.read_bytes())
    change_a_line(tmp_path)
    before, after = source.read_text("utf-8").splitlines(), copy.read_text("utf-8").splitlines()
    assert len(before) == len(after)
    assert [MARK in b for a, b in zip(before, after, strict=True) if a != b] == [True]
    copy.write_text("export const PRODUCTS = [];\n", encoding="utf-8")
    with pytest.raises(UncheckableError, match="ninguna descripción"):
        change_a_line(tmp_path)
