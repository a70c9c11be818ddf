"""Lo que el explorador sabe y dice de una imagen, sin dibujarlo: sumas, renglones, filtros y frases."""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from multietapa import text
from multietapa.errors import MultietapaError
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry, Layer
from multietapa.image.nodes import Change, Node
from multietapa.image.origins import Origin, by_origin
from multietapa.image.tree import tree
from multietapa.widgets.explorer.answers import Answers
from multietapa.widgets.explorer.explorer import ExplorerView
from multietapa.widgets.explorer.payload import payload
from multietapa.widgets.explorer.picture import picture
from multietapa.widgets.explorer.rows import DIGITS, level, number, packed
from multietapa.widgets.explorer.sample import (
    ENGINE,
    NAIVE,
    done,
    entry,
    image,
    layers,
    naive,
    opening,
    whole,
)
from multietapa.widgets.explorer.shelves import ORIGINS, Filter, Leaf, Shelves, Sum
from multietapa.widgets.explorer.squarify import Box, squarify
from multietapa.widgets.explorer.twin import lines, static_html
from multietapa.widgets.explorer.value import Explored, explored, masked
from multietapa.widgets.explorer.words import PHASES, headline, share
from multietapa.widgets.progress import Phase

STATE_BYTES = 60_000
SEED = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**6))
TOKEN = "npm_" + "q7Wz3nB8kL5vX2cR9tY4mP6sD1fG0hJaKeUi"


def saved_bytes(view: ExplorerView) -> int:
    """Lo que ocupa en el cuaderno: como lo escribe nbformat, con un renglón por valor."""
    state = {name: value for name, value in view.get_state().items() if not name.startswith("_")}
    return len(json.dumps(state, indent=1, ensure_ascii=False, sort_keys=True).encode())


def shelves(stack: Sequence[Layer]) -> Shelves:
    """El árbol por capas de esas capas, sin base conocida."""
    return Shelves(tree(image(stack, base=0)))


def read(rows: str) -> Iterator[tuple[int, str, str, int, int]]:
    """Los renglones, leídos: profundidad, clase, nombre, bytes y archivos."""
    for line in rows.split("\n") if rows else ():
        name, size, files, *_ = line[2:].split("\t")
        yield DIGITS.index(line[0]), line[1], name, int(size or "0", 36), int(files or "0", 36)


def at_random(rng: random.Random, count: int) -> tuple[Layer, ...]:
    """Capas al azar que se tapan y se borran unas a otras."""
    stack: list[list[FileEntry]] = []
    for _ in range(rng.randint(1, 4)):
        files = {}
        for _ in range(rng.randint(0, count)):
            path = "/".join(rng.choice("abc") + rng.choice(["", "1", "ñ"]) for _ in range(rng.randint(1, 5)))
            kind = "whiteout" if stack and rng.random() < 0.15 else "file"
            files[path] = entry(path, 0 if kind == "whiteout" else int(rng.paretovariate(0.8)), kind=kind)
        stack.append([file for path, file in files.items() if not _inside(path, files)])
    return layers(stack, ["RUN x"] * len(stack))


def _inside(path: str, files: dict[str, FileEntry]) -> bool:
    return any(path.startswith(f"{other}/") for other in files)


# --- Las sumas y los renglones ---


@pytest.mark.parametrize("case", range(60))
def test_everything_adds_up_to_the_byte(case: int) -> None:
    """Al azar: cada carpeta suma en cada capa lo que llevan sus hijos, y todo es Desempaquetado."""
    rng = random.Random(f"{SEED}-{case}")
    print(f"MULTIETAPA_SEMILLA={SEED} caso {case}")
    found = shelves(at_random(rng, 40))
    measured = found.tree.image
    assert found.total.bytes == measured.unpacked_bytes
    assert found.total.waste == found.tree.root.hidden
    for layer in measured.layers:
        each = found.at("").get(layer.index)
        assert (each.bytes if each else 0) == layer.unpacked_bytes
    for wanted in (Filter(), Filter(origin=4), Filter(layer=1, waste=True), Filter(change=Change.ADDED)):
        kept = found.filtered(wanted)
        for node in found.tree.nodes():
            inside = kept.inside(node, 10**6)
            assert inside.keys() == kept.at(node.path).keys()
            for index, mine in kept.at(node.path).items():
                kids = Sum()
                for _, kid in inside[index].kids:
                    leaf = next(kept.of(kid)) if isinstance(kid, Node) else kid
                    kids.add(leaf.sum if isinstance(leaf, Leaf) else leaf[1])
                assert (mine.bytes, mine.files, mine.waste) == (kids.bytes, kids.files, kids.waste)
                assert mine.origins == kids.origins
    assert dict(zip(ORIGINS, found.total.origins, strict=True)) == by_origin(measured)


@pytest.mark.parametrize("room", [0, 60, 400, 100_000])
@pytest.mark.parametrize("case", range(12))
def test_the_rows_lose_nothing(case: int, room: int) -> None:
    """Quepa lo que quepa, los renglones de una capa suman lo que lleva; y nunca se agrupa una sola cosa."""
    rng = random.Random(f"{SEED}-{case}")
    print(f"MULTIETAPA_SEMILLA={SEED} caso {case}")
    found = shelves(at_random(rng, 60))
    for layer, rows in packed(found, found.tree.root, room).items():
        shown = list(read(rows))
        if room:
            assert sum(size for depth, _, _, size, _ in shown if not depth) == found.at("")[layer].bytes
            assert sum(files for depth, _, _, _, files in shown if not depth) == found.at("")[layer].files
        for above, below in itertools.pairwise(shown):
            assert below[0] <= above[0] + (above[1] == "d")
        for line in rows.split("\n"):
            if line[1:2] == "r":
                assert int(line.rsplit("\t", 1)[1], 36) > 1


def test_the_biggest_goes_first() -> None:
    """Con poco sitio se enseña lo que más pesa, y lo demás va en un renglón con lo que suma y cuántos son."""
    files = [entry(f"usr/lib/{name}", size) for name, size in (("a", 900), ("b", 50), ("c", 40), ("d", 9))]
    found = shelves(layers([files], ["RUN x"]))
    assert packed(found, found.tree.root, 60)[0].split("\n") == [
        "0dusr\trr\t4\t0\t",
        "1dlib\trr\t4\t0\t",
        "2fa\tp0\t1\t0\t\ta",
        "2r\t2r\t3\t0\t\t3",
    ]
    everything = level(found, found.find("usr/lib") or found.tree.root, most=2, must="d")[0]
    assert [name for _, _, name, *_ in read(everything)] == ["d", "a", ""]


def test_a_file_in_two_layers_is_two_versions() -> None:
    """La versión que se ve y la que se pierde van cada una con su capa, y se dice quién esconde a la otra."""
    stack = layers([[entry("app/a", 10)], [entry("app/a", 30)]], ["COPY a", "COPY a"])
    found = shelves(stack)
    rows = packed(found, found.tree.root)
    assert rows[0].split("\n")[1] == "1fa\ta\t1\t4\ta\ta\ts1"
    assert rows[1].split("\n")[1] == "1fa\tu\t1\t4\t\tc"


@pytest.mark.parametrize(
    ("wanted", "bytes_"),
    [
        (Filter(layer=0), 10 + 300),
        (Filter(waste=True), 10 + 300),
        (Filter(change=Change.DELETED), 300),
        (Filter(change=Change.CHANGED), 30),
        (Filter(change=Change.ADDED, layer=0), 310),
        (Filter(origin=ORIGINS.index(Origin.CACHES)), 300),
        (Filter(layer=1, waste=True), 0),
        (Filter(), 340),
    ],
)
def test_a_filter_keeps_only_its_own(wanted: Filter, bytes_: int) -> None:
    """Un filtro deja las versiones que lo cumplen; lo borrado son los bytes que otra capa borró."""
    stack = layers(
        [[entry("app/a", 10), entry("tmp/b", 300)], [entry("app/a", 30), entry("tmp/b", 0, kind="whiteout")]],
        ["COPY", "RUN rm"],
    )
    assert shelves(stack).filtered(wanted).total.bytes == bytes_


def test_a_name_that_cannot_be_written_is_found_by_what_is_shown() -> None:
    """Un nombre con un salto de línea o que no era UTF-8 viaja escapado, y se encuentra por como se ve."""
    found = shelves(layers([[entry("app/a\tb\n", 5), entry("app/\udcff/x", 7)]], ["COPY . ."]))
    rows = packed(found, found.tree.root)[0]
    assert rows.count("\n") == 3
    for shown, path in (("app/a\\tb\\n", "app/a\tb\n"), ("app/\\udcff/x", "app/\udcff/x")):
        node = found.find(shown)
        assert node is not None
        assert node.path == path
    assert found.find("app/nada") is None


@pytest.mark.parametrize("value", [0, 1, 35, 36, 46655, 812_345_678])
def test_numbers_travel_in_base_36(value: int) -> None:
    """Un número viaja en base 36, y el cero no ocupa nada."""
    assert int(number(value) or "0", 36) == value
    assert (number(value) == "") == (value == 0)


@pytest.mark.parametrize("sizes", [[], [5], [6, 6, 4, 3, 2, 2, 1], [10**9, 1], [3, 3, 3, 0, 0]])
def test_rectangles_keep_the_proportion(sizes: list[int]) -> None:
    """Cada rectángulo tiene el área que le toca, dentro de la caja y sin pisar a otro."""
    boxes = squarify(sizes, Box(0, 0, 600, 400))
    assert len(boxes) == len(sizes)
    total = sum(sizes)
    for size, box in zip(sizes, boxes, strict=True):
        assert box.width * box.height == pytest.approx(size / total * 240_000 if total else 0, abs=1e-3)
        assert box.x >= -1e-6
        assert box.y >= -1e-6
        assert box.x + box.width <= 600 + 1e-6
        assert box.y + box.height <= 400 + 1e-6
    for one, other in itertools.combinations([box for box in boxes if box.width * box.height > 1], 2):
        apart = (
            one.x + one.width <= other.x + 1e-6
            or other.x + other.width <= one.x + 1e-6
            or one.y + one.height <= other.y + 1e-6
            or other.y + other.height <= one.y + 1e-6
        )
        assert apart


# --- Lo que se guarda ---


def many(count: int) -> Explored:
    """Una imagen con ``count`` archivos en miles de carpetas, y muchas causas de pérdida."""
    rng = random.Random(7)
    files = [
        entry(f"app/node_modules/p{n % 3000}/lib/archivo-{n}.js", int(rng.paretovariate(1.1) * 700))
        for n in range(count)
    ]
    again = [one._replace(size=one.size + 1) for one in files[: 40 * 3000 : 3000]]
    stack = layers([files, again], ["RUN npm install", "COPY " + "x" * 4000])
    return explored(NAIVE, ENGINE, tree(image(stack, base=0)))


@pytest.mark.sin_ramas
def test_the_state_of_a_big_image_is_small() -> None:
    """Con 60 000 archivos, lo que se guarda de la vista y su gemelo no llegan a 60 kB."""
    view = ExplorerView(many(60_000))
    view.finish(view._state[0], Phase.DONE)  # noqa: SLF001  el valor con el que se abrió
    assert saved_bytes(view) < STATE_BYTES
    written, html = view.twins()
    assert len(html.encode()) < STATE_BYTES
    assert len(written) < 20_000


def test_a_million_files_say_what_is_grouped() -> None:
    """Desde doscientos mil archivos, al abrir se dice cuántos son y qué se agrupa; con pocos, no."""
    found = many(300)
    huge = replace(found, layers=tuple(replace(layer, files=600_000) for layer in found.layers))
    for said in (payload(huge, Phase.DONE)["head"]["grouped"], "\n".join(lines(huge)), static_html(huge)):
        assert "1\u202f200\u202f000 archivos" in said
        assert "van agrupados" in said
    assert payload(found, Phase.DONE)["head"]["grouped"] == ""
    assert "agrupados" not in "\n".join(lines(found))


# --- Lo que contesta el kernel ---


def answers(found: Explored) -> Answers:
    """Quien contesta, con un contenido que dice qué se le pidió."""
    return Answers(
        found,
        lambda layer, node: (f"{layer} {node.path}", "12 B"),
        lambda _, node: f"lo trajo {node.name}",
    )


def test_the_kernel_answers_what_is_asked() -> None:
    """Una carpeta, el camino a una ruta, una búsqueda, un filtro, un contenido y una ficha."""
    reply = answers(done())
    rows = reply({"carpeta": "app/dist"})["filas"]
    assert [name for _, _, name, *_ in read(rows[6])] == ["vendor.js", "server.js"]
    way = reply({"camino": "app/dist/server.js"})["carpetas"]
    assert [one["ruta"] for one in way] == ["", "app", "app/dist"]
    hits = reply({"buscar": "SERVER.js"})
    assert [line.split("\t")[0] for line in hits["filas"]] == ["app/dist/server.js"] * 2
    assert hits["text"] == "2 archivos en toda la imagen (184 kB)"
    lost = reply({"filtro": {"waste": True}})["filas"]
    assert (
        sum(size for rows in lost.values() for depth, _, _, size, _ in read(rows) if not depth)
        == (done().shelves or shelves(naive())).total.waste
    )
    assert reply({"contenido": "app/dist/server.js", "capa": 6})["text"] == "6 app/dist/server.js"
    assert reply({"ficha": "app/dist/server.js", "capa": 6}) == {"text": "lo trajo server.js"}


def test_the_kernel_says_what_it_cannot_answer() -> None:
    """Una ruta que no está, o algo que no se entiende, es un error en español."""
    reply = answers(done())
    with pytest.raises(MultietapaError, match="no hay nada en «/app/nada»"):
        reply({"carpeta": "app/nada"})
    with pytest.raises(MultietapaError, match="no conoce"):
        reply({"otra": 1})


def test_the_widget_answers_with_the_number_of_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cada respuesta lleva el número de su pregunta; lo que no se puede va con su porqué."""

    def answer(asked: Any) -> dict[str, Any]:
        if asked.get("falla"):
            raise MultietapaError("El motor se apagó.")
        return {"text": "hola"}

    view = ExplorerView(done(), answer)
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(view, "send", sent.append)
    for asked in ({"id": 4}, {"id": 5, "falla": True}, {"nada": 1}):
        view._handle_custom_msg(asked, [])  # noqa: SLF001  por ahí llega lo que manda el navegador
    assert sent == [{"id": 4, "text": "hola"}, {"id": 5, "error": "El motor se apagó."}]


# --- Lo que se dice ---


def test_the_headline_says_the_measure() -> None:
    """Antes de leer, el tamaño es provisional; después, Desempaquetado y lo que de él no se ve."""
    assert headline(opening()) == f"{NAIVE}: 352 MB, provisional, según el motor, en 8 capas"
    assert headline(done()) == (
        f"{NAIVE}: Desempaquetado 352 MB, y 40,1 MB de ellos (11 %) viajan sin que se vean"
    )
    assert headline(whole()) == "api-go.tar: Desempaquetado 6,2 MB, y todo se ve desde un contenedor"
    assert headline(Explored("x.tar", "archivo, sin motor")) == "Lo que hay dentro de x.tar"


@pytest.mark.parametrize(
    ("part", "of", "said"),
    [
        (0, 0, "0,0 %"),
        (1, 10**6, "menos del 0,1 %"),
        (79, 1000, "7,9 %"),
        (1, 2, "50 %"),
        (99, 1000, "9,9 %"),
    ],
)
def test_a_share_is_never_a_false_zero(part: int, of: int, said: str) -> None:
    """Lo que pesa muy poco no se redondea a cero."""
    assert share(part, of) == said


def test_no_secret_of_an_instruction_is_shown() -> None:
    """El token que alguien escribió en una instrucción va tapado en todo lo que se enseña y se guarda."""
    step = f"RUN /bin/sh -c npm config set //r.ejemplo/:_authToken={TOKEN} && npm ci # buildkit"
    stack = layers([[entry("app/a", 10)]], [step])
    found = explored(NAIVE, ENGINE, tree(image(stack, base=0)))
    view = ExplorerView(found)
    view.finish(found, Phase.DONE)
    shown = json.dumps(view.get_state(), default=str) + "".join(view.twins())
    assert TOKEN[4:] not in shown
    assert "npm ci" in shown
    assert masked([step])[0].startswith("RUN npm config set")


def test_the_text_twin_reads_well() -> None:
    """El gemelo en texto dice capas, orígenes, lo que más pesa y cada causa de pérdida, en frases."""
    written = "\n".join(lines(done()))
    assert f"Motor: {ENGINE}" in written
    assert "  capa 5, línea 4, 60,8 MB en 88 archivos; se pierden 15,3 MB: RUN npm install" in written
    assert "copia de la etapa «dependencias»" in written
    assert "  sistema base: 199 MB (56 %)" in written
    assert "/app/: 51,8 MB (15 %), de los que se pierden 17,3 MB" in written
    assert (
        "  15,3 MB: /app/node_modules/typescript/, 10 archivos de la capa 5 (RUN npm install): se borró su "
        "carpeta en la capa 7 (RUN npm run build"
    ) in written
    assert "se copió entero solo para cambiarle permisos o dueño en la capa 8" in written


def test_the_html_twin_has_a_map_and_everything_that_is_lost() -> None:
    """El gemelo en HTML lleva el mapa, la leyenda, las capas y cada causa; sin programas ni nada de fuera."""
    html = static_html(done())
    assert html.count("<svg") == 1
    assert 'role="img"' in html
    assert "se borró su carpeta" in html
    assert "/var/lib/apt/lists/" in html
    assert "<script" not in html
    assert "http" not in html
    assert picture(shelves(layers([[]], ["RUN x"]))) == ""


def test_what_was_not_finished_says_so() -> None:
    """Interrumpido o con un fallo, se dice, y los tamaños siguen siendo provisionales."""
    assert "las capas leídas no se vuelven a pedir" in PHASES.status(Phase.INTERRUPTED)
    assert PHASES.status(Phase.FAILED, "Se apagó.") == "No se pudo terminar de leer. Se apagó."
    written = "\n".join(lines(opening(), Phase.INTERRUPTED))
    assert "(provisional)" in written
    assert "resultado." not in written
    sent = payload(opening(), Phase.FAILED, "Se apagó.")
    assert sent["head"]["reason"] == "No se pudo terminar de leer. Se apagó."
    assert sent["rows"] == {}


def test_an_empty_image_is_not_an_error() -> None:
    """Una imagen sin archivos se enseña vacía."""
    bare = replace(image(layers([[]], ["RUN x"]), base=0), layers=(), unpacked_bytes=0)
    found = explored("vacía", ENGINE, tree(bare))
    assert "Desempaquetado 0 B" in "\n".join(lines(found))
    assert payload(found, Phase.DONE)["rows"] == {}
    assert isinstance(bare, MeasuredImage)
    assert text.size(found.bytes) == "0 B"
