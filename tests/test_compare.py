"""``comparar``: lo que mide, lo que dice, lo que dibuja y lo que pasa cuando algo va mal."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from multietapa import text
from multietapa.cells.comparar import comparar
from multietapa.cells.construccion import Construccion
from multietapa.engine.model import EngineInfo
from multietapa.errors import MultietapaError, NoEngineError
from multietapa.identity import BASE_LABEL, EQUIVALENT_LABEL
from multietapa.image.image import measure_archive
from multietapa.measure.comparison import Comparison, Figure, Grid, Measure, Part, Row
from multietapa.measure.disappeared import Contents, disappeared
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.compare.twin import lines, payload, static_html
from multietapa.widgets.compare.words import (
    headline,
    interplay,
    notes,
    percent,
    prediction,
)
from multietapa.widgets.progress import FIRST_TIME, Phase, Progress, progress_payload
from multietapa.widgets.reading import TextView
from tests.crafted import archive, entry, layer

BIG, SMALL = "multietapa-pruebas/comparar:grande", "multietapa-pruebas/comparar:chica"
BASE = layer(entry("usr/lib/a", "x" * 3000), entry("usr/local/bin/node", "n" * 1000))
LABELS = {BASE_LABEL: "node:14", f"{BASE_LABEL}.capas": "1", EQUIVALENT_LABEL: "1"}
NOBODY = docker.DockerClient("tcp://127.0.0.1:1", version="1.44")  # nadie le pregunta nada
INFO = EngineInfo("privado", "Docker Engine", "28.5.2", "1.51", "overlay2", "amd64")
CELLS = (("una", "grande"), ("una", "pequeña"), ("dos", "grande"), ("dos", "pequeña"))


@pytest.fixture(autouse=True)
def cache_of_each_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cada prueba mide de verdad: su caché empieza vacía."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[docker.DockerClient]:
    """Dos imágenes con la misma base en un motor real; se borran al final."""
    own = layer(entry("app/server.js", "s" * 500), entry("root/.npm/x", "c" * 2500))
    engine.images.load(archive([BASE, own], BIG, labels=LABELS))
    engine.images.load(archive([BASE, layer(entry("app/server.js", "s" * 500))], SMALL, labels=LABELS))
    yield engine
    for tag in (BIG, SMALL):
        engine.images.remove(tag, force=True)


def row(name: str, size: int, **fields: Any) -> Row:
    """Una fila medida: el 75 % es sistema y el resto, aplicación."""
    system = size * 3 // 4
    parts = (Part("sistema base", system), Part("aplicación", size - system), Part("cachés", 0))
    packed = (Part("capas de la base", system // 3), Part("capas propias", size // 3 - system // 3))
    figures = {Measure.UNPACKED: Figure(size, parts), Measure.TRANSFER: Figure(size // 3, packed)}
    return Row(name, name, figures=figures, architecture="amd64", **fields)


def comparison(*sizes: int, **fields: Any) -> Comparison:
    """Imágenes medidas con esos tamaños y los nombres ``a``, ``b``, ``c``..."""
    rows = tuple(row(chr(97 + n), size) for n, size in enumerate(sizes))
    return Comparison(rows, INFO.label, "amd64", **fields)


def square(*sizes: int) -> Comparison:
    """Un cuadro medido con esos cuatro tamaños."""
    rows = tuple(row(text.join(cell), size) for cell, size in zip(CELLS, sizes, strict=True))
    return Comparison(rows, INFO.label, "amd64", Grid(("una", "dos"), ("grande", "pequeña")))


def unmeasured(*names: str) -> Comparison:
    """Imágenes de las que solo se sabe lo que dice el motor."""
    return Comparison(tuple(Row(name, name, reported_bytes=5_000_000) for name in names), INFO.label)


# --- medir de verdad -------------------------------------------------------------------------------


def test_measures_what_the_images_carry(images: docker.DockerClient) -> None:
    """Los totales, su reparto y la razón salen de las capas, y se nombran por su etiqueta."""
    found = comparar(BIG, SMALL, cliente=images, vista=False)
    assert found.desempaquetado == {BIG: 7000, SMALL: 4500}
    assert found.veces == pytest.approx(7000 / 4500)
    assert found.por_origen[BIG] == {
        "sistema base": 3000,
        "runtime": 1000,
        "dependencias de producción": 0,
        "dependencias de desarrollo": 0,
        "aplicación": 500,
        "cachés": 2500,
    }
    assert found.transferencia == {name: m.transfer_bytes for name, m in found.medidas.items()}
    first = found.tabla[0]
    assert first["imagen"] == first["etiqueta"] == BIG
    assert first["cachés"] == 2500
    packed = [int(first[name]) for name in ("capas de la base", "capas propias", "capas (base desconocida)")]
    assert sum(packed) == first["transferencia"]
    assert packed[2] == 0
    assert (first["base"], first["base equivalente local"]) == ("node:14", True)
    assert [set(line) for line in found.tabla] == [set(first), set(first)]


def test_results_say_layers_kinds_waste_and_changes(
    engine: docker.DockerClient, images: docker.DockerClient
) -> None:
    """De un motor real salen las capas, de quién son, las clases, el desperdicio y lo que desaparece."""
    third = "multietapa-pruebas/comparar:tapada"
    again = layer(entry("app/server.js", "t" * 700))
    engine.images.load(archive([BASE, layer(entry("app/server.js", "s" * 500)), again], third, labels=LABELS))
    try:
        found = comparar(BIG, SMALL, third, cliente=images, vista=False, nombres=["a", "b", "c"])
    finally:
        engine.images.remove(third, force=True)
    first = found.por_capa["a"][0]
    assert (first["capa"], first["instrucción"], first["desempaquetado"]) == (1, "paso 0", 4000)
    assert (first["de la base"], first["también en"]) == (True, ["b", "c"])
    for name, layers in found.por_capa.items():
        assert sum(each["desempaquetado"] for each in layers) == found.desempaquetado[name]
        assert sum(each["transferencia"] for each in layers) == found.transferencia[name]
        assert sum(found.por_clase[name].values()) == found.desempaquetado[name]
    assert found.desperdicio["a"] == {"bytes": 0, "tapado": 0, "borrado": 0, "capas": []}
    (blame,) = found.desperdicio["c"]["capas"]
    assert (found.desperdicio["c"]["bytes"], blame["tapado"]) == (500, 500)
    assert (blame["de"], blame["por"]) == ("capa 2 («paso 1»)", "capa 3 («paso 2»)")
    rows = [row for row in found.desaparecido if row["a"] == "b"]
    assert [(row["qué pasa"], row["origen"], row["bytes"]) for row in rows] == [
        ("desaparece", "cachés", 2500),
        ("se queda", "", 4500),
    ]
    assert rows[0]["razón"] == "la dejó la capa 2 («paso 1»)"
    assert rows[0]["sobre todo"] == ["/root/.npm"]


def test_one_image_is_enough(images: docker.DockerClient) -> None:
    """Con una sola imagen la razón es 1 y la frase dice cuánto ocupa."""
    found = comparar(SMALL, cliente=images, vista=False)
    assert found.veces == 1.0
    assert repr(found).startswith(f"{SMALL}: 4,5 kB de Desempaquetado · ")
    assert found.efectos == []


def test_repr_is_one_sentence_with_measure_and_engine(images: docker.DockerClient) -> None:
    """Como última línea de una celda no repite el widget: una frase con su medida y su motor."""
    found = comparar(BIG, SMALL, cliente=images, vista=False, nombres=["la grande", "la chica"])
    expected = "la grande ocupa 1,6 veces lo que la chica: 7,0 kB frente a 4,5 kB de Desempaquetado"
    assert repr(found) == f"{expected} · {found.motor.label}"
    assert not hasattr(found, "_repr_mimebundle_")
    assert not hasattr(found, "_repr_html_")


def test_a_finished_build_can_be_compared(images: docker.DockerClient) -> None:
    """Lo que devuelve ``construir`` vale: se mide su id y se llama por su etiqueta."""
    built = Construccion(images.images.get(BIG).id, "tienda:mía", 1.0, (), "", INFO)
    found = comparar(built, SMALL, cliente=images, vista=False)
    assert found.desempaquetado == {"tienda:mía": 7000, SMALL: 4500}


def test_grid_in_a_real_engine(images: docker.DockerClient) -> None:
    """Un cuadro mide sus cuatro casillas y devuelve los efectos de las dos medidas."""
    cells = dict(zip(CELLS, (BIG, SMALL, BIG, SMALL), strict=True))
    found = comparar(cuadro=cells, cliente=images, vista=False)
    assert list(found.desempaquetado) == [text.join(cell) for cell in CELLS]
    effects = [line for line in found.efectos if line["medida"] == "Desempaquetado"]
    assert [line["ahorro"] for line in effects] == [0, 0, 2500, 2500, 2500]
    assert len(found.efectos) == 10


def test_text_view_ends_with_the_table(
    images: docker.DockerClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """En una terminal se ven las fases y, al final, la tabla con el motor y lo que se predijo."""
    found = comparar(BIG, SMALL, cliente=images, prediccion=0.01)
    shown = capsys.readouterr()
    assert f"{BIG} (1 de 2): pidiendo la imagen al motor" in shown.err
    assert shown.out == f"{found.tabla_texto}\n"
    assert f"Motor: {found.motor.label}" in shown.out
    assert f"Desempaquetado de {BIG}: predijiste 10,0 kB; se midieron 7,0 kB (1,4 veces menos)." in shown.out
    assert "base equivalente local" in shown.out


# --- lo que se pide mal ----------------------------------------------------------------------------


def test_recordings_are_never_measured() -> None:
    """La imagen de una grabación no está aquí: se dice, sin preguntar nada al motor."""
    recorded = Construccion("sha256:1", "tienda:1", 1.0, (), "", INFO, grabacion="GRABACIÓN · Docker 28")
    with pytest.raises(NoEngineError, match="tienda:1") as caught:
        comparar(recorded, cliente=NOBODY, vista=False)
    assert "GRABACIÓN · Docker 28" in str(caught.value)


@pytest.mark.parametrize(
    ("images", "options", "words"),
    [
        ((), {}, "ninguna imagen"),
        (("a", "b"), {"nombres": ["x"]}, "2 imágenes y 1 nombre"),
        (("a", "a"), {}, "Dos imágenes se llaman igual: «a»"),
        (("a", "b"), {"nombres": ["x", "x"]}, "«x»"),
        ((7,), {}, "Esto no es una imagen: 7"),
        (("",), {}, "no es una imagen"),
        (("a",), {"cuadro": {("una", "b"): "a"}}, "Un cuadro ya dice"),
        ((), {"cuadro": {("una", "b"): "a"}}, "no es de dos por dos"),
        ((), {"cuadro": dict.fromkeys(product(("a", "a y b"), ("b y c", "c")), "x")}, "se llaman igual"),
        (("a",), {"prediccion": "mucho"}, "no es un tamaño"),
        (("a",), {"prediccion": -3}, "no es un tamaño"),
        (("a",), {"prediccion": float("nan")}, "no es un tamaño"),
        (("a",), {"prediccion": True}, "no es un tamaño"),
        (("a",), {"vista": "película"}, "película"),
    ],
)
def test_bad_requests_fail_at_once_in_spanish(
    images: tuple[Any, ...], options: dict[str, Any], words: str
) -> None:
    """Lo que se pide mal se dice antes de hablar con el motor, con qué hacer después."""
    with pytest.raises(MultietapaError) as caught:
        comparar(*images, cliente=NOBODY, **options)
    assert words in str(caught.value)
    assert caught.value.next_step


# --- las frases ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ((804_000_000,), "a: 804 MB de Desempaquetado"),
        ((800_000_000, 100_000_000), "a ocupa 8,0 veces lo que b: 800 MB frente a 100 MB de Desempaquetado"),
        ((100_000_000, 800_000_000), "b ocupa 8,0 veces lo que a: 800 MB frente a 100 MB de Desempaquetado"),
        ((804, 800), "a y b ocupan casi lo mismo: 804 B frente a 800 B de Desempaquetado"),
        (
            (40, 20, 30),
            "La mayor, a, ocupa el doble que la menor, b: 40 B frente a 20 B de Desempaquetado",
        ),
        ((10, 10, 10), "Todas ocupan casi lo mismo: 10 B frente a 10 B de Desempaquetado"),
        ((10, 0), "a tiene bytes y b no: 10 B frente a 0 B de Desempaquetado"),
        ((0, 0), "a y b ocupan casi lo mismo: 0 B frente a 0 B de Desempaquetado"),
    ],
)
def test_headline_names_its_measure(sizes: tuple[int, ...], expected: str) -> None:
    """El titular dice quién ocupa más, cuántas veces, y en qué medida."""
    assert headline(comparison(*sizes)) == expected


def test_headline_of_the_other_measure_and_before_measuring() -> None:
    """Transferencia habla de mover bytes; antes de medir no se afirma nada."""
    moved = headline(comparison(900, 300), Measure.TRANSFER)
    assert (
        moved == "Al mover a viajan 3,0 veces los bytes que al mover b: 300 B frente a 100 B de Transferencia"
    )
    assert headline(unmeasured("a", "b")) == "Comparación de 2 imágenes"


@pytest.mark.parametrize(
    ("guess", "expected"),
    [
        (300_000_000, "predijiste 300 MB; se midieron 807 MB (2,7 veces más)"),
        (1_614_000_000, "predijiste 1,61 GB; se midieron 807 MB (la mitad)"),
        (800_000_000, "predijiste 800 MB; se midieron 807 MB (casi exacto)"),
        (None, ""),
    ],
)
def test_prediction_against_the_first_image(guess: int | None, expected: str) -> None:
    """La predicción se compara con la primera imagen, y acertar también se dice."""
    assert prediction(comparison(807_000_000, 5, prediction=guess)) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, ""), (300, "predijiste 300 MB"), (0.5, "predijiste 500 kB"), (0, ""),
     (SimpleNamespace(value=120), "predijiste 120 MB"), (SimpleNamespace(value=0), ""),
     (SimpleNamespace(value=None), "")],
)  # fmt: skip
def test_prediction_is_a_number_or_a_control(images: docker.DockerClient, given: Any, said: str) -> None:
    """Vale un número de MB o un control; uno que nadie ha movido no predice nada."""
    shown = comparar(SMALL, cliente=images, vista=False, prediccion=given).tabla_texto
    assert f"{said}; se midieron 4,5 kB" in shown if said else "predijiste" not in shown


def test_effects_that_add_up_in_bytes_do_not_in_times() -> None:
    """Si los bytes se suman, se dice; y que las veces, en cambio, no se multiplican."""
    in_bytes, in_times = interplay(square(800, 260, 660, 120), Measure.UNPACKED)
    assert in_bytes == (
        "En bytes, los efectos se suman: por separado, los dos cambios ahorran 140 B y 540 B "
        "(680 B en total); juntos, 680 B."
    )
    assert in_times.startswith("En veces no basta con multiplicar: 1,2 × 3,1 = 3,7, y juntos dan 6,7 veces.")
    assert "son 1,2 veces con «grande» y 2,2 veces con «pequeña»" in in_times


def test_effects_that_do_not_add_up() -> None:
    """Si juntos ahorran otra cosa que por separado, se dice sin rodeos."""
    sentences = interplay(square(800, 260, 660, 250), Measure.UNPACKED)
    assert sentences[0].startswith("Los efectos no se suman sin más: ")
    assert "(680 B en total); juntos, 550 B." in sentences[0]
    assert "depende de si el otro ya está hecho" in sentences[0]


def test_effects_that_make_the_image_grow() -> None:
    """Un cambio que engorda la imagen se escribe con su signo y no como un ahorro negativo."""
    found = square(800, 900, 700, 850)
    assert "suponen −100 B y +100 B (0 B en total); juntos, +50 B" in interplay(found, Measure.UNPACKED)[0]
    plain = "\n".join(lines(found))
    assert "«grande» → «pequeña», con «una»: añade 100 B (1,1 veces más)" in plain
    assert "-1" not in plain


def test_equal_cells_change_nothing() -> None:
    """Cuatro imágenes iguales: nada cambia, y los efectos (nulos) se suman."""
    found = square(5, 5, 5, 5)
    assert "no cambia (1,0 veces)" in "\n".join(lines(found))
    assert len(interplay(found, Measure.UNPACKED)) == 1


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "0,0 %"), (0.0001, "< 0,1 %"), (0.0005, "0,1 %"), (0.695, "69,5 %"), (1.0, "100,0 %")],
)
def test_percent_never_hides_something(share: float, expected: str) -> None:
    """Lo que no es cero nunca se escribe como cero."""
    assert percent(share) == expected


def test_notes_say_what_the_figures_need() -> None:
    """Se avisa de una base equivalente, de arquitecturas distintas y de una base desconocida."""
    assert notes(comparison(5, 6)) == ()
    unknown = Figure(5, (Part("capas (base desconocida)", 5),))
    odd = row("b", 5, equivalent=True)
    odd = replace(odd, architecture="arm64", figures={**(odd.figures or {}), Measure.TRANSFER: unknown})
    found = "\n".join(notes(Comparison((row("a", 5), odd), INFO.label)))
    for words in ("base equivalente local", "arquitecturas distintas", "de la base en b"):
        assert words in found


# --- los gemelos -----------------------------------------------------------------------------------


def test_text_and_html_twins_tell_the_same() -> None:
    """Cada cifra de la tabla está en el texto, en el HTML y en lo que dibuja el widget."""
    found = square(804_444_393, 263_217_692, 664_889_761, 123_663_053)
    plain, markup = "\n".join(lines(found)), static_html(found)
    drawn = str(payload(found, Phase.DONE))
    for figure in ("804 MB", "124 MB", "75,0 %", "Desempaquetado", "Transferencia", INFO.label, "6,5 veces"):
        assert figure in plain
        assert figure in markup
        assert figure in drawn
    assert "804\u202f444\u202f393 bytes" in markup
    assert max(map(len, [line for line in plain.splitlines() if "  " in line])) <= 112


def test_tables_split_when_they_do_not_fit() -> None:
    """Con muchas imágenes la tabla en texto se parte, y no se pierde ninguna."""
    plain = list(lines(comparison(*range(100, 900, 100))))
    assert sum(line.startswith("Transferencia") for line in plain) > 2
    assert all(f"{size} B" in "\n".join(plain) for size in range(100, 900, 100))


def test_names_are_escaped() -> None:
    """Un nombre con etiquetas HTML no se cuela en la página."""
    found = Comparison((row("<script>x</script>", 5),), "<b>", "amd64")
    assert "<script>" not in static_html(found)
    assert "<b>" not in payload(found, Phase.DONE)["table"]


def test_progress_says_phase_and_bytes() -> None:
    """El avance dice qué imagen, qué fase y cuánto; sin bytes todavía, no inventa una fracción."""
    first = progress_payload(Progress("a", 1, 2, "Pidiendo la imagen al motor", 0, 500, 1.26), "Midiendo")
    assert first == {
        "text": "Midiendo a (1 de 2)",
        "step": "Pidiendo la imagen al motor",
        "why": FIRST_TIME,
        "elapsed": 1.3,
    }
    later = progress_payload(Progress("a", 1, 1, "Midiendo las capas", 250, 500, 2), "Midiendo")
    assert (later["text"], later["fraction"]) == ("Midiendo a", 0.5)
    assert later["step"] == "Midiendo las capas: 250 B de 500 B"
    assert progress_payload(Progress("a", 1, 1, "Consultando lo ya medido", 0, 0, 0), "Midiendo")["why"] == ""


def hundreds(amount: int) -> Comparison:
    """Imágenes de nombres largos y muchas capas, cada una con sus archivos, sus paquetes y su desperdicio."""
    tags = [
        f"registro.ejemplo.com:5000/equipo-de-plataforma/tienda:intento-{n}-definitivo" for n in range(amount)
    ]
    rows, contents = [], []
    for number, tag in enumerate(tags):
        layers, steps = [], []
        for place in range(25):
            files = (
                f"usr/lib/x86_64-linux-gnu/{place}/{number}/biblioteca.so",
                f"app/node_modules/paquete-{place}-{number}/index.js",
                f"usr/share/doc/{place}/changelog.gz",
                "var/cache/siempre-la-misma",
            )
            layers.append(layer(*(entry(path, "x" * (number + place + 9)) for path in files)))
            steps.append(
                f"RUN apt-get update && apt-get install -y paquete-{number}-{place} otro-paquete-largo"
            )
        measured = measure_archive(io.BytesIO(archive(layers, history=steps)), base_layer_count=number % 4)
        rows.append(Row.from_measurement(tag, tag, replace(measured, base=f"base-{number}:de-nombre-largo")))
        contents.append(Contents(tag, measured))
    changes = tuple(disappeared(contents[0], other) for other in contents[1:])
    return Comparison(tuple(rows), INFO.label, "amd64", changes=changes)


@pytest.mark.sin_ramas
@pytest.mark.parametrize("amount", [1, 2, 6, 7, 12])
def test_a_saved_notebook_stays_small(amount: int) -> None:
    """Con hasta doce imágenes de muchas capas, lo que se guarda de la vista no llega a 60 kB."""
    found = hundreds(amount)
    view = CompareView(found)
    view.finish(found, Phase.DONE)
    state = {name: value for name, value in view.get_state().items() if not name.startswith("_")}
    assert len(json.dumps(state).encode()) < 60_000
    assert len(view.head["changes"]) == amount - 1
    plain, markup = view.twins()
    assert len(markup.encode()) < 100_000
    for row in found.rows:
        assert f"{row.name}: " in plain
        assert row.name in markup
    assert max(len(line) for line in plain.splitlines() if "  " in line) <= 400


def test_splits_say_the_same_in_both_twins() -> None:
    """Cada clase, lo que nadie ve, las capas y lo que desaparece están en el texto y en el HTML."""
    found = hundreds(2)
    one, other = found.rows
    plain, markup = "\n".join(lines(found)), static_html(found)
    drawn = payload(found, Phase.DONE)
    for said in ("Desempaquetado por clase de archivo", "tapado por otra copia", "programas y bibliotecas"):
        assert said in plain
        assert said in markup
    assert one.waste.bytes == one.waste.shadowed == sum(range(9, 33))
    assert f"{one.name}: {text.size(one.waste.bytes)}" in plain
    assert "ningún contenedor" in markup
    assert "con otra copia de la capa" in drawn["rows"][0]["waste"][1]
    change = found.changes[0]
    assert f"De {one.name} a {other.name}: desaparecen {text.size(change.gone_bytes)}" in plain
    assert text.size(change.gone_bytes) in markup
    assert "Capa a capa" in drawn["table"]
    for split in ("origin", "layer", "kind", "seen"):
        bars = drawn["rows"][0]["figures"]["unpacked"]["splits"][split]
        assert sum(part[2] for part in bars) == one.figure(Measure.UNPACKED).bytes
    packed = drawn["rows"][0]["figures"]["transfer"]["splits"]
    assert {sum(part[2] for part in bars) for bars in packed.values()} == {one.figure(Measure.TRANSFER).bytes}


def test_an_image_that_is_still_compressing_says_so() -> None:
    """Leída y sin comprimir: su Desempaquetado se ve, y de Transferencia no hay ninguna cifra."""
    done = hundreds(1)
    (whole,) = done.rows
    figures = {Measure.UNPACKED: whole.figure(Measure.UNPACKED)}
    half = replace(done, rows=(replace(whole, figures=figures),))
    assert (half.known(Measure.UNPACKED), half.known(Measure.TRANSFER), half.measured) == (True, False, False)
    shown = payload(half, Phase.WORKING)["rows"][0]
    assert (shown["pending"], list(shown["figures"])) == ("midiendo…", ["unpacked"])
    assert payload(half, Phase.INTERRUPTED)["rows"][0]["pending"] == "sin medir"
    plain = "\n".join(lines(half, Phase.INTERRUPTED))
    assert "sin medir" in plain
    assert f"{whole.name}: {text.size(whole.figure(Measure.UNPACKED).bytes)} de Desempaquetado." in plain
    assert "de Transferencia." not in plain


def test_view_carries_its_twins() -> None:
    """El widget lleva al lado su texto y su HTML, para exportaciones y lectores de pantalla."""
    view = CompareView(unmeasured("a"))
    view.advance(Progress("a", 1, 1, "Midiendo las capas", 1, 2, 0))
    assert view.progress["fraction"] == 0.5
    found = comparison(804_444_393)
    view.finish(found, Phase.DONE)
    data = view._repr_mimebundle_()[0]
    assert data["text/plain"] == "\n".join(lines(found))
    assert "<table>" in data["text/html"]
    assert view.progress == {}
    assert view.head["phase"] == "done"


def test_text_view_writes_each_phase_once() -> None:
    """En texto, el avance es una línea por fase, sin barras que se repiten; por qué tarda se dice una vez."""
    out, log = io.StringIO(), io.StringIO()
    view = TextView(lines, out, log)
    for done in range(3):
        view.advance(Progress("a", 1, 1, "Midiendo las capas", done, 3, 0))
    view.finish(comparison(5), Phase.DONE)
    assert log.getvalue() == f"{FIRST_TIME}\na (1 de 1): midiendo las capas\n"
    assert out.getvalue().startswith("Motor: Docker Engine")
