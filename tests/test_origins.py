"""De dónde sale cada byte y qué bytes están escondidos."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from multietapa.image.image import MeasuredImage, entries, find, measure_archive
from multietapa.image.npm import locked_packages, package_keys
from multietapa.image.origins import (
    Origin,
    by_origin,
    classified,
)
from multietapa.image.overlay import Loss, overlay
from multietapa.image.tree import tree
from tests.crafted import archive, entry, folder, layer, random_layers

MANIFEST = {"dependencies": {"a": "1"}, "devDependencies": {"d": "1"}, "optionalDependencies": {"o": "1"}}
# a -> x (anidado en a); d -> x (de arriba) y @t/y
PACKAGES: dict[str, dict[str, object]] = {
    "a": {"dependencies": {"x": "2"}, "peerDependencies": {"p": "1", "d": "1"},
          "peerDependenciesMeta": {"d": {"optional": True}}},
    "a/node_modules/x": {},
    "x": {},
    "d": {"dependencies": {"x": "1", "@t/y": "1"}},
    "@t/y": {},
    "o": {"dependencies": {"falta": "1"}},
    "p": {},
}  # fmt: skip
#: Carpetas en las que cada regla mira la ruta, o el nombre.
PLACES = (
    "", "bin", "etc", "opt/yarn-1/lib", "opt/jdk-17/bin", "nodejs/x", "var", "var/lib", "var/cache/apt",
    "var/www/x", "tmp", "root/.cache/pip", "home/ana/.npm", "go/pkg/mod", "app", "app/node_modules",
    "app/node_modules/a",
    "app/node_modules/a/node_modules/x", "app/node_modules/@t", "app/node_modules/@t/y/lib",
    "app/node_modules/.bin", "app/node_modules/.cache/x", "app/node_modules/.pnpm/x@1/node_modules/x",
    "app/venv/lib", "srv/site-packages/pip", "usr", "usr/bin", "usr/local", "usr/local/bin", "usr/local/lib",
    "usr/local/lib/python3.12/site-packages", "usr/local/include", "usr/share/doc/x", "usr/src/app",
)  # fmt: skip
NAMES = ("x", "node", "npm", "python3", "libpython3.so", "README.md", "lib", "node.1", "d", "pip")
PRODUCTION = {"a", "a/node_modules/x", "o", "p"}
LOCK_V1 = {
    "lockfileVersion": 1,
    "dependencies": {
        "a": {"version": "1", "dependencies": {"x": {"version": "2"}}},
        "x": {"version": "1", "dev": True},
        "d": {"version": "1", "dev": True},
        "@t/y": {"version": "1", "dev": True, "optional": True},
        "o": {"version": "1", "optional": True},
        "p": {"version": "1"},
    },
}


def lock_v3(version: int = 3) -> dict[str, object]:
    """El mismo árbol como lo escriben npm 7 y posteriores (2 y 3, y el de dentro de node_modules)."""
    packages: dict[str, object] = {"": MANIFEST}
    for name in PACKAGES:
        mark = {} if name in PRODUCTION else {"dev": True}
        packages[f"node_modules/{name}"] = {"version": "1", **mark}
    packages["node_modules/p"] = {"version": "1", "devOptional": True}
    return {"lockfileVersion": version, "packages": packages}


def image(*layers: Mapping[str, str], base: int = 0) -> MeasuredImage:
    """Una imagen cuyas capas traen esos archivos."""
    tars = [layer(*(entry(path, text) for path, text in files.items())) for files in layers]
    return measure_archive(io.BytesIO(archive(tars)), transfer=False, base_layer_count=base)


def modules(project: str = "app/") -> dict[str, str]:
    """Un ``node_modules`` con un archivo de 10 bytes y un ``package.json`` en cada paquete."""
    files = {}
    for name, manifest in PACKAGES.items():
        files[f"{project}node_modules/{name}/lib/index.js"] = "x" * 10
        files[f"{project}node_modules/{name}/package.json"] = json.dumps(manifest)
    return files


def origins_of(measured: MeasuredImage) -> dict[str, Origin]:
    """El origen de cada ruta."""
    return {found.path: origin for _, found, origin in classified(measured)}


@pytest.mark.parametrize(
    "documents",
    [
        {"package-lock.json": LOCK_V1},
        {"package-lock.json": lock_v3()},
        {"package-lock.json": lock_v3(2) | LOCK_V1["dependencies"]},  # type: ignore[operator]
        {"npm-shrinkwrap.json": LOCK_V1},
        {"node_modules/.package-lock.json": lock_v3()},
        {"package.json": MANIFEST},
        {"package.json": MANIFEST, "package-lock.json": {"lockfileVersion": 3, "packages": {}}},
    ],
    ids=["v1", "v3", "v2", "shrinkwrap", "oculto", "sin cierre", "cierre vacío"],
)
@pytest.mark.parametrize("project", ["app/", "", "usr/src/app/"])
def test_development_packages(documents: dict[str, object], project: str) -> None:
    """Con cualquier cierre de npm, o sin ninguno, cada paquete cae en producción o desarrollo."""
    files = {project + path: json.dumps(value) for path, value in documents.items()}
    found = origins_of(image({**files, **modules(project)}))
    development = {
        name for name in PACKAGES if found[f"{project}node_modules/{name}/lib/index.js"] is Origin.DEVELOPMENT
    }
    assert development == set(PACKAGES) - PRODUCTION
    for name in PACKAGES:
        assert (
            found[f"{project}node_modules/{name}/package.json"]
            is found[f"{project}node_modules/{name}/lib/index.js"]
        )


def test_modules_without_any_clue_are_production() -> None:
    """Un ``node_modules`` copiado solo, sin cierre ni manifiesto, cuenta como producción."""
    found = set(origins_of(image(modules())).values())
    assert found == {Origin.PRODUCTION}


def test_a_later_lockfile_does_not_rewrite_the_past() -> None:
    """Tras ``npm prune`` el cierre ya no nombra lo borrado, pero sus bytes siguen siendo de desarrollo."""
    hidden = "app/node_modules/.package-lock.json"
    pruned = json.dumps({"packages": {"node_modules/a": {}}})
    before = image({**modules(), hidden: json.dumps(lock_v3())})
    after = image({**modules(), hidden: json.dumps(lock_v3())}, {hidden: pruned})
    assert by_origin(after)[Origin.DEVELOPMENT] == by_origin(before)[Origin.DEVELOPMENT] > 0


def test_links_in_bin_follow_their_package() -> None:
    """Los enlaces de ``node_modules/.bin`` son del paquete al que apuntan."""
    tars = [
        layer(
            entry("app/package-lock.json", json.dumps(LOCK_V1)),
            entry("app/node_modules/.bin/d", "../d/cli.js", "symlink"),
            entry("app/node_modules/.bin/a", "../a/cli.js", "symlink"),
        )
    ]
    found = origins_of(measure_archive(io.BytesIO(archive(tars))))
    assert found["app/node_modules/.bin/d"] is Origin.DEVELOPMENT
    assert found["app/node_modules/.bin/a"] is Origin.PRODUCTION


ABOVE = {
    "root/.npm/_cacache/x": Origin.CACHES,
    "home/node/.npm/_logs/x": Origin.CACHES,
    "app/node_modules/.cache/babel/x": Origin.CACHES,
    "root/.cache/pip/x": Origin.CACHES,
    "var/cache/apt/x": Origin.CACHES,
    "var/lib/apt/lists/x": Origin.CACHES,
    "tmp/x": Origin.CACHES,
    "usr/local/share/.cache/x": Origin.CACHES,
    "usr/local/bin/node": Origin.RUNTIME,
    "usr/local/lib/node_modules/npm/bin/npm-cli.js": Origin.RUNTIME,
    "usr/local/include/node/node.h": Origin.RUNTIME,
    "opt/yarn-v1.22.19/bin/yarn": Origin.RUNTIME,
    "usr/local/lib/node_modules/pm2/index.js": Origin.PRODUCTION,
    "usr/local/lib/python3.11/os.py": Origin.RUNTIME,
    "usr/local/lib/python3.11/site-packages/pip/x.py": Origin.RUNTIME,
    "usr/local/lib/python3.11/site-packages/flask/x.py": Origin.PRODUCTION,
    "app/.venv/bin/python": Origin.PRODUCTION,
    "usr/local/go/bin/go": Origin.RUNTIME,
    "opt/java/openjdk/lib/modules": Origin.RUNTIME,
    "usr/lib/x86_64-linux-gnu/libssl.so.3": Origin.SYSTEM,
    "usr/lib/python3/dist-packages/apt.py": Origin.SYSTEM,
    "usr/bin/gcc": Origin.SYSTEM,
    "lib/apk/db/installed": Origin.SYSTEM,
    "etc/passwd": Origin.SYSTEM,
    "usr/share/nginx/html/index.html": Origin.APPLICATION,
    "usr/local/bin/servidor": Origin.APPLICATION,
    "app/dist/server.js": Origin.APPLICATION,
    "app/tmp/x": Origin.APPLICATION,
    "library/x": Origin.APPLICATION,
    "servidor": Origin.APPLICATION,
}


def test_paths_above_the_base() -> None:
    """Cada ruta que se añade sobre la base cae en su origen."""
    assert origins_of(image({}, dict.fromkeys(ABOVE, "1"), base=1)) == ABOVE


def test_paths_in_the_base() -> None:
    """Dentro de la base solo se distingue el runtime; lo demás es sistema."""
    found = origins_of(image(dict.fromkeys(ABOVE, "1"), base=1))
    assert set(found.values()) == {Origin.SYSTEM, Origin.RUNTIME}
    runtime = {path for path, origin in ABOVE.items() if origin is Origin.RUNTIME}
    assert {path for path, origin in found.items() if origin is Origin.RUNTIME} == runtime


def test_recorded_image() -> None:
    """Una imagen real reparte sus bytes entre los seis orígenes, en su orden."""
    totals = by_origin(measure_archive(Path(__file__).parent / "data/imagen_overlay2.tar"))
    assert [(origin.value, size) for origin, size in totals.items()] == [
        ("sistema base", 210),
        ("runtime", 317),
        ("dependencias de producción", 100),
        ("dependencias de desarrollo", 133),
        ("aplicación", 329),
        ("cachés", 0),
    ]


@pytest.mark.parametrize("seed", range(60))
def test_sums_are_exact(seed: int) -> None:
    """Con capas al azar, los orígenes suman Desempaquetado y lo visible más lo escondido, también."""
    measured = measure_archive(io.BytesIO(archive(random_layers(seed))), transfer=False, base_layer_count=2)
    assert sum(by_origin(measured).values()) == measured.unpacked_bytes
    hidden = overlay(measured.layers).hidden
    visible = {}
    for path, found in overlay(measured.layers).files.items():
        index = max(layer.index for layer, other in entries(measured) if other is found)
        first = found.link if found.kind == "hardlink" else path
        visible[index, first] = found.size if found.kind != "dir" else 0
    assert sum(visible.values()) + hidden.total == measured.unpacked_bytes
    assert hidden.total == sum(loss.shadowed + loss.deleted for loss in hidden.by_layer)
    assert all(loss.layer < loss.hidden_by for loss in hidden.by_layer)


def test_hidden_bytes_name_the_layer_to_blame() -> None:
    """Una copia tapa; una marca, una carpeta borrada, una vaciada y una movida borran."""
    tars = [
        layer(folder("d"), entry("d/a", "x" * 10), entry("d/s/b", "x" * 20), entry("e/c", "x" * 40)),
        layer(entry("d/a", "y" * 3), folder("m"), entry("m/c", "x" * 40), entry(".wh.e")),
        layer(folder("d"), entry("d/.wh..wh..opq"), entry("d/a", "z")),
    ]
    measured = measure_archive(io.BytesIO(archive(tars)), transfer=False)
    hidden = overlay(measured.layers).hidden
    assert hidden.by_layer == (Loss(0, 1, 10, 40), Loss(0, 2, 0, 20), Loss(1, 2, 3, 0))
    assert (hidden.shadowed, hidden.deleted, hidden.total) == (13, 60, 73)
    assert {
        path: found.size for path, found in overlay(measured.layers).files.items() if found.kind == "file"
    } == {
        "d/a": 1,
        "m/c": 40,
    }


def test_hard_links_are_lost_with_their_last_name() -> None:
    """Borrar un nombre de un archivo con dos no esconde bytes; borrar los dos, sí."""
    both = layer(entry("a", "x" * 50), entry("b", "a", "hardlink"))
    one_gone = measure_archive(io.BytesIO(archive([both, layer(entry(".wh.a"))])), transfer=False)
    assert overlay(one_gone.layers).hidden.total == 0
    assert list(overlay(one_gone.layers).files) == ["b"]
    gone = measure_archive(
        io.BytesIO(archive([both, layer(entry(".wh.a"), entry("b", "1"))])), transfer=False
    )
    assert (overlay(gone.layers).hidden.deleted + overlay(gone.layers).hidden.shadowed) == 50


def test_a_file_can_replace_a_folder_and_the_reverse() -> None:
    """Un archivo tapa una carpeta entera, y una carpeta (o un enlace a una) tapa un archivo."""
    tars = [
        layer(entry("x/1", "a" * 5), entry("y", "b" * 7), entry("lib", "usr/lib", "symlink")),
        layer(entry("x", "c"), entry("y/2", "d"), folder("lib")),
    ]
    measured = measure_archive(io.BytesIO(archive(tars)), transfer=False)
    assert overlay(measured.layers).hidden.shadowed == 5 + 7 + len("usr/lib")
    assert list(overlay(measured.layers).files) == ["lib", "x", "y/2"]


def test_find_looks_in_every_layer() -> None:
    """Se encuentra también lo que una capa posterior borra; las marcas no son archivos."""
    measured = measure_archive(
        io.BytesIO(archive([layer(entry("usr/bin/gcc", "1")), layer(entry("usr/bin/.wh.gcc"))]))
    )
    assert [(layer.index, found.kind) for layer, found in find(measured, "*/bin/gcc")] == [(0, "file")]
    assert overlay(measured.layers).files == {}


def test_broken_lockfiles_say_nothing() -> None:
    """Un cierre roto, ajeno o anidado sin fin no decide nada y no falla."""
    deep = '{"dependencies":' * 50_000
    for text in (
        "",
        "[]",
        "{",
        '{"packages":[]}',
        '{"dependencies":{"a":1}}',
        '{"packages":{"node_modules/a":0}}',
        deep,
    ):
        assert locked_packages(text) == {}


def test_package_keys() -> None:
    """De una ruta salen sus paquetes, del más hondo al de fuera."""
    path = "node_modules/@s/a/node_modules/b/lib/no_node_modules/x.js"
    assert list(package_keys(path)) == ["node_modules/@s/a/node_modules/b", "node_modules/@s/a"]
    assert list(package_keys("src/x.js")) == []


def test_cycles_end() -> None:
    """Dos paquetes que se necesitan uno a otro no dejan la búsqueda dando vueltas."""
    files = {
        "package.json": '{"devDependencies": {"a": "1"}}',
        "node_modules/a/package.json": '{"dependencies": {"b": "1"}}',
        "node_modules/b/package.json": '{"dependencies": {"a": "1"}}',
    }
    found = origins_of(image(files))
    assert [path for path in files if found[path] is Origin.DEVELOPMENT] == list(files)[1:]


@pytest.mark.parametrize("base", [0, 1])
def test_the_origin_of_a_folder_is_that_of_all_its_files(base: int) -> None:
    """Donde se responde por la carpeta entera, es lo mismo que se responde de cada archivo suyo."""
    files = {f"{place}/{name}".lstrip("/"): "1" for place in PLACES for name in NAMES}
    for place in PLACES:  # lo que es una carpeta no puede ser también un archivo
        files.pop(place, None)
    lock = {"app/package.json": json.dumps(MANIFEST), "app/package-lock.json": json.dumps(lock_v3())}
    ours = tree(image(files | lock, base=base))
    known = 0
    for node in ours.nodes():
        said = ours.origin_in(node.path, 0) if node.children else None
        for kid in node.children.values() if said else ():
            if kid.entry and kid.entry.kind == "file":
                assert ours.origin(kid.entry, 0) is said, kid.path
                known += 1
    assert known > 150
