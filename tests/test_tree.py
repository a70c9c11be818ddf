"""El árbol de una imagen, sin motor: sumas al byte, versiones, desperdicio, búsqueda y archivos hostiles."""

from __future__ import annotations

import gzip
import io
import random
import time
import tracemalloc
from collections import defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from multietapa.errors import ArchiveError
from multietapa.image import stacking
from multietapa.image.image import MeasuredImage, measure_archive
from multietapa.image.layer import NOT_MEASURED, FileEntry, Layer
from multietapa.image.many import many_values
from multietapa.image.nodes import Change, Why
from multietapa.image.origins import Origin, by_origin
from multietapa.image.overlay import overlay
from multietapa.image.search import plain, search
from multietapa.image.tarwalk import Limits
from multietapa.image.tree import Tree, counted, grouped, tree, written
from multietapa.image.waste import SIBLINGS, waste
from multietapa.measure.cache import MeasureCache
from tests.crafted import archive, entry, folder, layer, oci_archive, random_layers
from tests.tricky import BASE, RAW, TRICKY


def measured(*layers: bytes) -> MeasuredImage:
    """La imagen de esas capas."""
    return measure_archive(io.BytesIO(archive(layers)), transfer=False)


def made(*layers: bytes) -> Tree:
    """Su árbol."""
    return tree(measured(*layers))


def item(size: int, kind: str = "file", path: str = "", **fields: int) -> FileEntry:
    """Una entrada suelta."""
    return FileEntry(path, size, kind, fields.get("mode", 0o644), fields.get("uid", 0), 0, "", 7)


def loose(*layers: tuple[FileEntry, ...]) -> MeasuredImage:
    """Una imagen con esas entradas, sin ningún archivo detrás."""
    stack = tuple(
        Layer(index, f"sha256:{index}", "", files, sum(one.own_bytes for one in files), NOT_MEASURED)
        for index, files in enumerate(layers)
    )
    total = sum(one.unpacked_bytes for one in stack)
    return MeasuredImage(
        image_id="", tags=(), architecture="", layers=stack, unpacked_bytes=total, transfer_bytes=NOT_MEASURED
    )


# --- Un modelo aparte, corto y lento ---


class Lost(NamedTuple):
    """Una entrada que ya no se ve: de qué capa era y cuál la escondió."""

    path: str
    layer: int
    hidden_by: int


def model(layers: tuple[Layer, ...]) -> tuple[dict[str, tuple[int, FileEntry]], list[Lost]]:
    """Lo que se ve y lo que se pierde, con un diccionario de rutas y nada más."""
    seen: dict[str, tuple[int, FileEntry]] = {}
    lost: list[Lost] = []

    def drop(path: str, by: int, *, itself: bool = True) -> None:
        start = f"{path}/" if path else ""
        for other in [one for one in seen if one.startswith(start) or (itself and one == path)]:
            layer, one = seen.pop(other)
            if one.kind != "dir":
                lost.append(Lost(other, layer, by))

    for each in layers:
        for one in each.files:
            if one.kind in ("whiteout", "opaque"):
                drop(one.path, each.index, itself=one.kind == "whiteout")
        for one in each.files:
            if one.kind in ("whiteout", "opaque"):
                continue
            parts = one.path.split("/")
            for depth in range(1, len(parts)):
                above = "/".join(parts[:depth])
                if above in seen and seen[above][1].kind != "dir" and seen[above][0] < each.index:
                    drop(above, each.index)
            if one.kind != "dir" or (one.path in seen and seen[one.path][1].kind != "dir"):
                drop(one.path, each.index)
            if one.kind != "dir" or one.path not in seen:
                seen[one.path] = (each.index, one)
    return seen, lost


def random_entries(seed: int) -> MeasuredImage:
    """Capas sin orden: marcas de lo que no está, carpetas que nadie nombra y clases que cambian."""
    dice = random.Random(seed)
    layers = []
    for _ in range(dice.randrange(1, 8)):
        found: dict[tuple[bool, str], FileEntry] = {}
        for _ in range(dice.randrange(12)):
            path = "/".join(dice.choice("abc") for _ in range(dice.randrange(1, 5)))
            kind = dice.choice(("file",) * 5 + ("dir", "dir", "symlink", "whiteout", "whiteout", "opaque"))
            files = {one.path for one in found.values() if one.kind not in ("dir", "whiteout", "opaque")}
            folders = {one.path.rpartition("/")[0] for one in found.values()}
            under = any(path.startswith(f"{other}/") for other in files)
            over = kind not in ("dir", "whiteout", "opaque") and any(
                f"{other}/".startswith(f"{path}/") for other in folders
            )
            marker = kind in ("whiteout", "opaque")
            if under or over or (not marker and (False, path) in found):
                continue  # una sola capa no se contradice
            size = dice.randrange(200) if kind in ("file", "symlink") else 0
            found[marker, path] = item(size, kind, path, mode=dice.choice((0o644, 0o755)))
        layers.append(tuple(found.values()))
    return loose(*layers)


def blocks(cases: int, size: int) -> list[Any]:
    """Dónde empieza cada tanda de ``size`` casos. Las rápidas solo pasan la primera."""
    later = (pytest.param(start, marks=pytest.mark.lenta) for start in range(size, cases, size))
    return [0, *later]


@pytest.mark.sin_ramas
@pytest.mark.parametrize("start", blocks(2000, 250))
def test_the_tree_is_what_a_simple_model_says(start: int) -> None:
    """Con 2.000 imágenes al azar, lo visible, su capa, lo perdido y quién lo escondió son los del modelo."""
    for seed in range(start, start + 250):
        image = random_entries(seed)
        ours = tree(image)
        seen, lost = model(image.layers)
        files = {path: found for path, found in seen.items() if found[1].kind != "dir"}
        visible = {node.path: (node.layer, node.entry) for node in ours.nodes() if node.entry}
        assert {p: f for p, f in visible.items() if f[1] and f[1].kind != "dir"} == files, f"semilla {seed}"
        hidden = [
            Lost(node.path, version.layer, version.hidden_by)
            for node in ours.nodes()
            for version, _ in counted(node)
            if version.hidden_by is not None
        ]
        assert sorted(hidden) == sorted(lost), f"semilla {seed}"
        check_sums(ours, f"semilla {seed}")


@pytest.mark.parametrize("seed", range(40))
def test_every_sum_is_exact_with_hard_links_too(seed: int) -> None:
    """En imágenes al azar con enlaces duros, todo suma: carpetas, capas, orígenes, desperdicio y búsqueda."""
    check_sums(made(*random_layers(seed, 7)), f"semilla {seed}")


@pytest.mark.sin_ramas
@pytest.mark.parametrize("start", blocks(1500, 500))
def test_every_sum_is_exact_even_if_a_layer_contradicts_itself(start: int) -> None:
    """Archivos dentro de archivos, carpetas que son archivos y enlaces por medio: ningún byte se pierde."""
    for seed in range(start, start + 500):
        dice = random.Random(seed)

        def path(dice: random.Random = dice) -> str:
            return "/".join(dice.choice("ab") for _ in range(dice.randrange(1, 4)))

        layers = []
        for _ in range(dice.randrange(1, 5)):
            found: dict[tuple[bool, str], FileEntry] = {}
            for _ in range(dice.randrange(10)):
                kind = dice.choice(("file", "file", "dir", "symlink", "hardlink", "whiteout", "opaque"))
                size = dice.randrange(1, 99) if kind in ("file", "symlink") else 0
                link = path() if kind in ("symlink", "hardlink") else ""
                one = FileEntry(path(), size, kind, 0o644, 0, 0, link)
                found[kind in ("whiteout", "opaque"), one.path] = one
            layers.append(tuple(found.values()))
        check_sums(tree(loose(*layers)), f"semilla {seed}")


@pytest.mark.parametrize("name", TRICKY)
def test_every_sum_is_exact_in_the_hard_images(name: str) -> None:
    """También en cada imagen difícil."""
    check_sums(made(*TRICKY[name]), name)


def check_sums(ours: Tree, which: str) -> None:
    """Todo lo que tiene que sumar lo mismo."""
    image, root = ours.image, ours.root
    assert root.bytes + root.hidden == image.unpacked_bytes, which
    below: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for node in ours.nodes():
        for version, size in counted(node):
            path = node.path
            while True:
                below[path][0 if version.hidden_by is None else 1] += size
                below[path][2] += version.hidden_by is None
                if not path:
                    break
                path = path.rpartition("/")[0]
    for node in ours.nodes():
        assert [node.bytes, node.hidden, node.files] == below[node.path], (which, node.path)
    found = waste(ours)
    assert sum(one.bytes for one in found.items) == found.total == root.hidden, which
    assert [one.bytes for one in found.items] == sorted((o.bytes for o in found.items), reverse=True)
    assert found.total == overlay(image.layers).hidden.total
    assert sum(one.hidden for one in ours.layers) == sum(one.hides for one in ours.layers) == root.hidden
    assert sum(one.visible for one in ours.layers) == root.bytes
    assert all(0 <= one.hidden <= one.bytes for one in ours.layers)
    assert {one.origin: one.visible + one.hidden for one in ours.origins} == by_origin(image), which
    assert sum(one.visible for one in ours.origins) == root.bytes
    everything = search(ours, limit=3)
    assert everything.bytes == image.unpacked_bytes
    assert everything.left == everything.count - len(everything.hits)
    assert sum(search(ours, origin=origin).bytes for origin in Origin) == image.unpacked_bytes


# --- Versiones y cambios ---


def test_each_version_says_who_hid_it_and_why() -> None:
    """De una ruta se sabe qué puso cada capa, cuál la escondió y por qué."""
    ours = made(
        layer(folder("d"), entry("d/a", "1" * 10)),
        layer(entry("d/a", "2" * 20)),
        layer(entry(".wh.d")),
        layer(folder("d"), entry("d/a", "3" * 30)),
    )
    assert [(v.layer, v.change, v.hidden_by, v.why, v.bytes) for v in ours.versions("/d/a")] == [
        (0, Change.ADDED, 1, Why.SHADOWED, 10),
        (1, Change.CHANGED, 2, Why.FOLDER_DELETED, 20),
        (3, Change.ADDED, None, None, 0),
    ]
    assert ours.versions("d/a")[1].root == "d"
    assert ours.versions("/no/está") == ()


def test_a_deletion_is_a_version_of_its_own() -> None:
    """Lo que una capa borra queda apuntado en la ruta, que ya no se ve."""
    ours = made(BASE, layer(entry("d/.wh.a")))
    node = ours.at("/d/a")
    assert node is not None
    assert not node.visible
    assert node.kind == "file"
    assert [(v.layer, v.change, v.why) for v in node.versions] == [
        (0, Change.ADDED, Why.DELETED),
        (1, Change.DELETED, None),
    ]


@pytest.mark.parametrize(
    ("fields", "change"),
    [
        ({"mode": 0o755}, Change.METADATA),
        ({"uid": 1000}, Change.METADATA),
        ({"gid": 1000}, Change.METADATA),
        ({"mode": 0o755, "mtime": 2000}, Change.CHANGED),
        ({}, Change.CHANGED),
    ],
)
def test_a_copy_only_for_its_permissions(fields: dict[str, Any], change: Change) -> None:
    """Es «solo permisos» con el mismo tamaño y la misma fecha; si no, o sin cambio, es otra copia."""
    before, after = entry("a", "x" * 50, mtime=1000), entry("a", "x" * 50, **{"mtime": 1000, **fields})
    ours = made(layer(before), layer(after))
    old, new = ours.versions("a")
    assert new.change is change
    assert old.why is (Why.METADATA if change is Change.METADATA else Why.SHADOWED)
    assert ours.root.hidden == 50


def test_another_size_is_never_only_permissions() -> None:
    """Aunque la fecha sea la misma."""
    ours = made(layer(entry("a", "x", mtime=9)), layer(entry("a", "xx", mode=0o755, mtime=9)))
    assert ours.versions("a")[0].why is Why.SHADOWED


def test_dates_survive_pax_fractions_and_years_before_1970() -> None:
    """La fecha se guarda en segundos, con fracción o sin ella y también antes de 1970."""
    image = measured(layer(entry("a", mtime=1000.75), entry("b", mtime=-5), entry("c", mtime=3)))
    assert [one.mtime for one in image.layers[0].files] == [1000, -5, 3]


def test_a_hard_link_lives_while_one_name_does() -> None:
    """Borrar el primer nombre no pierde nada: los bytes pasan al que queda, hasta que se borra."""
    first = layer(folder("p"), folder("q"), entry("p/a", "x" * 100), entry("q/b", "p/a", "hardlink"))
    ours = made(first, layer(entry("p/.wh.a")))
    assert (ours.root.bytes, ours.root.hidden) == (100, 0)
    assert [ours.at("p").bytes, ours.at("q").bytes] == [0, 100]  # type: ignore[union-attr]
    ours = made(first, layer(entry("p/.wh.a")), layer(entry("q/.wh.b")))
    assert (ours.root.bytes, ours.root.hidden) == (0, 100)
    assert [(one.path, one.layer, one.hidden_by) for one in waste(ours).items] == [("q/b", 0, 2)]


def test_a_hard_link_to_another_layer_keeps_its_bytes() -> None:
    """Un nombre nuevo para un archivo de una capa de debajo lo mantiene a la vista."""
    ours = made(layer(entry("a", "x" * 40)), layer(entry("b", "a", "hardlink")), layer(entry(".wh.a")))
    assert (ours.root.bytes, ours.root.hidden) == (40, 0)
    check_sums(ours, "entre capas")


def test_the_folders_a_layer_only_repeats_are_not_its_changes() -> None:
    """Una capa nombra las carpetas de lo que pone; solo cuentan las que cambia."""
    ours = made(BASE, layer(folder("d"), entry("d/n", "1")), layer(entry("d", kind="dir", mode=0o700)))
    assert dict(ours.layers[1].changes) == {Change.ADDED: 1}
    assert dict(ours.layers[2].changes) == {Change.METADATA: 1}


def test_each_layer_counts_what_it_does() -> None:
    """De cada capa se dice lo que pone, lo que se pierde de ella y lo que ella esconde de las demás."""
    ours = made(BASE, layer(entry("d/.wh.a"), entry("d/b", "nuevo")))
    below, above = ours.layers
    assert (below.bytes, below.hidden, below.visible, below.hides) == (1570, 1500, 70, 0)
    assert (above.bytes, above.hidden, above.hides) == (5, 0, 1500)
    assert dict(above.changes) == {Change.DELETED: 1, Change.CHANGED: 1}
    assert above.number == 2


def test_the_stage_a_layer_copies_from_is_said_only_when_it_is_known() -> None:
    """Sin el texto del Dockerfile no se sabe (``None``): la historia de BuildKit no dice ``--from``."""
    image = measured(layer(entry("a", "1")), layer(entry("b", "1")))
    lined = MeasuredImage(**{**vars(image), "lines": (3, None)})
    assert [one.stage for one in tree(image).layers] == [None, None]
    assert [one.stage for one in tree(lined).layers] == [None, None]
    assert [one.stage for one in tree(lined, stages={3: "build"}).layers] == ["build", None]
    assert [one.stage for one in tree(lined, stages={}).layers] == ["", None]


def test_a_name_that_is_not_utf8_is_written_with_its_numbers() -> None:
    """Se ve qué bytes tiene, y sigue siendo un texto que se puede enviar a la página."""
    ours = made(layer(entry(RAW, "1")))
    shown = written(next(node.path for node in ours.nodes() if node.kind == "file"))
    assert shown == "/d/ma\\xf1ana\\xff.txt"
    shown.encode()


# --- Desperdicio ---


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("una carpeta borrada", [(1570, "d", Why.FOLDER_DELETED, 3, True)]),
        ("una carpeta vaciada", [(1570, "d", Why.FOLDER_EMPTIED, 3, True)]),
        ("un archivo borrado", [(1000, "d/a", Why.DELETED, 1, False)]),
        ("un enlace donde había una carpeta", [(1570, "d", Why.REPLACED, 3, True)]),
        (
            "una carpeta borrada y hecha otra vez",
            [(1000, "d/a", Why.SHADOWED, 1, False), (570, "d", Why.FOLDER_DELETED, 2, True)],
        ),
        (
            "solo permisos",
            [(300, "bin", Why.METADATA, 1, False), (40, "otro", Why.METADATA, 1, False)],
        ),
    ],
)
def test_what_is_lost_is_told_by_its_cause(name: str, expected: list[tuple[object, ...]]) -> None:
    """Una carpeta borrada o vaciada es una sola causa, con cuántos archivos se lleva."""
    items = waste(made(*TRICKY[name])).items
    assert [(one.bytes, one.path, one.why, one.count, one.folder) for one in items] == expected


def test_a_deleted_folder_is_split_by_the_layer_to_blame() -> None:
    """Si lo borrado venía de varias capas, cada una dice lo suyo."""
    ours = made(BASE, layer(entry("d/c", "1" * 3000)), layer(entry(".wh.d")))
    assert [(one.bytes, one.layer, one.hidden_by, one.count) for one in waste(ours).items] == [
        (3000, 1, 2, 1),
        (1570, 0, 2, 3),
    ]


def test_changing_the_owner_of_everything_is_one_cause() -> None:
    """Un ``chown -R`` copia todos los archivos: se cuenta junto, con la carpeta que los reúne."""
    files = [(f"app/{part}/{n}", "x" * 10) for part in "ab" for n in range(SIBLINGS)]
    ours = made(
        layer(*(entry(path, text, mtime=5) for path, text in files)),
        layer(*(entry(path, text, mtime=5, uid=1000) for path, text in files)),
    )
    (only,) = waste(ours).items
    assert (only.bytes, only.path, only.why, only.count) == (10 * 2 * SIBLINGS, "app", Why.METADATA, 20)


def test_many_files_of_a_folder_are_one_item_and_few_are_not() -> None:
    """``rm carpeta/*`` deja una marca por archivo: si son muchos, se cuentan juntos."""
    for count in (SIBLINGS, SIBLINGS + 1):
        names = [f"l/{n:03}" for n in range(count)]
        gone = [f"l/.wh.{n:03}" for n in range(count)]
        items = waste(made(layer(*(entry(name, "x") for name in names)), layer(*map(entry, gone)))).items
        assert len(items) == (1 if count > SIBLINGS else count)
        assert sum(one.count for one in items) == count


def test_the_rest_of_the_waste_is_counted() -> None:
    """De lo que no cabe se dice cuánto es."""
    found = waste(made(BASE, layer(entry("d/.wh.a"), entry("d/.wh.b"))))
    shown, left, size = found.first(1)
    assert ([one.path for one in shown], left, size) == (["d/a"], 1, 500)


# --- Agrupar y buscar ---


def test_a_folder_with_too_many_children_is_grouped() -> None:
    """Se enseñan los mayores, y de los demás se dice cuántos son y cuánto suman."""
    ours = tree(loose(tuple(item(n, path=f"m/{n:05}") for n in range(1000))))
    group = grouped(ours.at("m"), 10)  # type: ignore[arg-type]
    assert [node.bytes for node in group.shown] == list(range(999, 989, -1))
    assert (group.left, group.left_bytes) == (990, sum(range(990)))
    assert grouped(ours.root).left == 0


def test_what_is_gone_can_be_left_out_of_a_folder() -> None:
    """Lo borrado sale al final, o no sale."""
    ours = made(BASE, layer(entry("d/.wh.a")))
    node = ours.at("d")
    assert node is not None
    assert [one.name for one in grouped(node).shown] == ["b", "e", "a"]
    assert [one.name for one in grouped(node, gone=False).shown] == ["b", "e"]


def test_text_is_found_without_capitals_or_accents() -> None:
    """«camión» encuentra «CAMION», y al revés, también descompuesto."""
    ours = made(layer(entry("fotos/CAMIO\u0301N.png", "12"), entry("fotos/otra", "1")))
    for wanted in ("camión", "CAMION", "camio\u0301n", "Fotos/Cam"):
        assert [hit.node.name for hit in search(ours, wanted).hits] == ["CAMIO\u0301N.png"], wanted
    assert plain("ÁÉÍÓÚÑ") == "aeioun"


@pytest.mark.parametrize("wanted", ["a", "b/", "/a", "a/b", "/", "ña", "B/A/", "c/d", "d/d", "zz", "a/b/c"])
def test_a_search_finds_what_looking_one_by_one_would(wanted: str) -> None:
    """Mirar todos los nombres de una carpeta a la vez encuentra lo mismo que mirar cada ruta."""
    dice = random.Random(len(wanted))
    names = "a b Ña cd d".split()
    paths = {"/".join(dice.choices(names, k=dice.randint(1, 5))) for _ in range(300)}
    leaves = [one for one in paths if not any(other.startswith(f"{one}/") for other in paths)]
    ours = tree(loose(tuple(item(n, path=path) for n, path in enumerate(leaves))))
    found = {hit.node.path for hit in search(ours, wanted, limit=1000).hits}
    assert found == {path for path in leaves if plain(wanted) in plain(f"/{path}")}


def test_a_search_says_how_many_are_left_off() -> None:
    """Los mayores primero; los demás se cuentan y se suman."""
    ours = tree(loose(tuple(item(n, path=f"m/{n:05}") for n in range(5000))))
    found = search(ours, "m/", limit=7)
    assert [hit.bytes for hit in found.hits] == list(range(4999, 4992, -1))
    assert (found.count, found.left, found.bytes) == (5000, 4993, sum(range(5000)))


def test_a_search_can_ask_for_several_things_at_once() -> None:
    """Por lo que hizo la capa, por la capa, por el tamaño y dentro de una carpeta."""
    ours = made(BASE, layer(entry("d/.wh.a"), entry("d/b", "n" * 9)), layer(entry("d2/b", "q" * 600)))

    def paths(**asked: object) -> list[tuple[str, int]]:
        return [(hit.node.path, hit.version.layer) for hit in search(ours, **asked).hits]  # type: ignore[arg-type]

    assert paths(change=Change.DELETED) == [("d/a", 0)]
    assert paths(change=Change.CHANGED) == [("d/b", 1)]
    assert paths(layer=1) == [("d/b", 1)]
    assert paths(min_bytes=600) == [("d/a", 0), ("d2/b", 2)]
    assert paths(under="/d") == [("d/a", 0), ("d/b", 0), ("d/e/f", 0), ("d/b", 1)]
    assert paths(text="b", layer=2, under="d2") == [("d2/b", 2)]
    assert paths(text="nada de esto") == []


# --- Formatos y caché ---


@pytest.mark.parametrize("name", TRICKY)
def test_every_format_gives_the_same_tree(name: str) -> None:
    """``docker save`` antiguo y OCI, con índice y atestaciones o sin él, y con capas con gzip: lo mismo."""
    layers = TRICKY[name]
    stored = [gzip.compress(data) for data in layers]
    expected = summary(made(*layers))
    for data in (
        oci_archive([(layers, stored, "x:1")]),
        oci_archive([(layers, layers, "x:1")], nested=False),
    ):
        assert summary(tree(measure_archive(io.BytesIO(data), transfer=False))) == expected


def summary(ours: Tree) -> list[tuple[object, ...]]:
    """Todo lo que dice un árbol."""
    return sorted(
        (node.path, node.visible, node.bytes, node.hidden, node.versions, node.change)
        for node in ours.nodes()
        if node.path
    )


def test_what_the_cache_keeps_gives_the_same_tree(tmp_path: Path) -> None:
    """Con las capas leídas de la caché sale el mismo árbol, fechas incluidas."""
    cache = MeasureCache(tmp_path)
    for name, layers in TRICKY.items():
        image = measured(*layers)
        for one in image.layers:
            cache.keep_layer(one)
        read = [cache.layer(one.diff_id) for one in image.layers]
        for one, again in zip(image.layers, read, strict=True):
            assert again is not None
            assert again.files == one.files, name


def test_a_layer_kept_without_dates_is_read_again(tmp_path: Path) -> None:
    """Lo que guardó una versión sin fechas no se lee: parecería que todo es del mismo día."""
    cache = MeasureCache(tmp_path)
    one = measured(BASE).layers[0]
    rows = [(e.path, e.size, e.kind, e.mode, e.uid, e.gid, e.link) for e in one.files]
    old = {"diff_id": one.diff_id, "method": "", "unpacked": one.unpacked_bytes, "transfer": -1}
    cache.write("capas", one.diff_id, 3, {**old, "symlinks": 0, "documents": {}, "files": rows})
    assert cache.layer(one.diff_id) is None


# --- Hostil ---


def test_a_repeated_layer_cannot_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mil veces la misma capa se lee una vez y se cuenta mil: pasa de lo que se admite, y se dice."""
    monkeypatch.setattr(stacking, "MAX_ENTRIES", 5000)
    big = layer(*(entry(f"f{n}") for n in range(10)))
    with pytest.raises(ArchiveError, match="roto o es hostil") as caught:
        made(*[big] * 600)
    assert "repetidas" in caught.value.why


@pytest.mark.sin_ramas
def test_folders_nobody_names_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cada entrada puede llevar dos mil carpetas que nadie nombra: también se cuentan."""
    monkeypatch.setattr(stacking, "MAX_NODES", 20_000)
    deep = tuple(item(1, path=f"{n}/" + "/".join("d" * 1000)) for n in range(1000))
    tracemalloc.start()
    try:
        with pytest.raises(ArchiveError) as caught:
            tree(loose(deep))
        assert tracemalloc.get_traced_memory()[1] < 60 << 20
    finally:
        tracemalloc.stop()
    assert "rutas" in caught.value.why


def test_deleting_the_same_thing_again_and_again_is_cheap() -> None:
    """Mil capas que borran lo ya borrado no lo recorren mil veces."""
    many = tuple(item(1, path=f"a/{n}") for n in range(20_000))
    again = [(item(0, "whiteout", "a"), item(0, "opaque", ""), item(0, "dir", "a")) for _ in range(990)]
    start = time.process_time()
    ours = tree(loose(many, *again))
    assert ours.root.hidden == 20_000
    assert time.process_time() - start < 5


def test_a_very_deep_path_does_not_exhaust_the_stack() -> None:
    """Dos mil carpetas una dentro de otra."""
    path = "/".join("d" * 2000)
    ours = tree(loose((item(9, path=path),), (item(0, "whiteout", "d"),)))
    assert ours.root.hidden == 9
    assert waste(ours).items[0].path == "d"
    check_sums(ours, "honda")


@pytest.mark.parametrize(
    "bad",
    [layer(entry("../fuera", "x")), layer(entry("a/../../b", "x")), layer(entry("a", "../../x", "hardlink"))],
)
def test_a_path_outside_the_image_is_refused(bad: bytes) -> None:
    """Una ruta que sale de la raíz se rechaza con un error que lo dice."""
    with pytest.raises(ArchiveError) as caught:
        made(bad)
    assert "sale de la raíz" in caught.value.why


@pytest.mark.parametrize("bad", [layer(entry("./.", "x")), layer(entry("/", "destino", "symlink"))])
def test_the_root_can_only_be_a_folder(bad: bytes) -> None:
    """Una entrada que dice ser la raíz y ocupa algo se rechaza: sus bytes no estarían en ningún sitio."""
    with pytest.raises(ArchiveError) as caught:
        made(bad)
    assert "raíz" in caught.value.why


def test_links_that_point_at_each_other_end() -> None:
    """Enlaces duros en círculo, a sí mismos y simbólicos en círculo: ninguno se sigue."""
    ours = made(
        layer(
            entry("a", "b", "hardlink"), entry("b", "a", "hardlink"), entry("c", "c", "hardlink"),
            entry("s", "t", "symlink"), entry("t", "s", "symlink"),
        ),
        layer(entry(".wh.a"), entry(".wh.c"), entry(".wh.s")),
    )  # fmt: skip
    assert ours.root.bytes + ours.root.hidden == 2
    check_sums(ours, "en círculo")


def test_a_million_entries_are_bounded_by_the_limits() -> None:
    """Lo que pasa del límite de entradas se dice antes de hacer ningún árbol."""
    data = archive([layer(*(entry(f"{n}") for n in range(300)))])
    with pytest.raises(ArchiveError) as caught:
        measure_archive(io.BytesIO(data), transfer=False, limits=Limits(entries=200))
    assert "200 entradas" in caught.value.why


# --- El recolector ---


def test_the_collector_is_left_as_it_was() -> None:
    """Mientras se hacen muchos valores no repasa; después queda como estaba, también si algo falla."""
    import gc

    for on in (True, False):
        (gc.enable if on else gc.disable)()
        try:
            with many_values(), many_values():
                assert not gc.isenabled()
            assert gc.isenabled() is on
            with pytest.raises(ZeroDivisionError), many_values():
                1 / 0  # noqa: B018
            assert gc.isenabled() is on
        finally:
            gc.enable()
