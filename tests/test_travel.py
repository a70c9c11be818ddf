"""Qué viaja de una carpeta y por qué línea: contra un motor de verdad, y sin él."""

from __future__ import annotations

import os
import random
import socket
import sys
import tempfile
from pathlib import Path

import docker
import pytest

from multietapa import construir
from multietapa.build.suspects import FOLDERS, LARGE, Suspect, suspects
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import FORBIDDEN, NOT_UTF8, SOCKET, survey
from multietapa.dockerfile.travel import Amount, Effect, Item, Kind, Travel
from multietapa.errors import ContextError
from tests.costs import cost
from tests.test_context import write
from tests.test_ignore import EXAMPLES, TREE, plant
from tests.test_ignore_oracle import kept, random_rules, random_tree

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 30)
FILE = "Dockerfile"


def looked(root: Path, *, rules: str | None = None, counting: float = 3.0) -> Travel:
    """Lo que viaja de ``root``, con un Dockerfile y esas reglas."""
    (root / FILE).write_text("FROM scratch\n")
    if rules is not None:
        (root / ".dockerignore").write_text(rules)
    return survey(open_context(root), counting=counting)


def by_name(travel: Travel) -> dict[str, Item]:
    """Sus entradas, por su nombre."""
    return {item.name: item for item in travel.items}


def lines_of(travel: Travel) -> dict[str, int]:
    """La línea que decide cada entrada que tiene una."""
    return {item.name: item.rule.line for item in travel.items if item.rule}


def effects(travel: Travel) -> dict[str, Effect]:
    """Qué hace cada regla, por su texto."""
    return {use.rule.text: use.effect for use in travel.rules}


def received(client: docker.DockerClient, tag: str, root: Path, folder: Path) -> dict[str, str]:
    """Lo que deja un ``COPY . /`` de ``root`` en una imagen vacía, construida por el motor."""
    text = "FROM scratch\nCOPY . /\n"
    construir(root, dockerfile=text, etiqueta=tag, salida=folder, vista=False, cliente=client)
    return kept(folder)


def test_it_is_what_a_copy_receives(engine: docker.DockerClient, tag: str, tmp_path: Path) -> None:
    """Carpetas y reglas al azar: los nombres, los tipos y los bytes que viajan son los que recibe un COPY."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    differences, tried = [], 0
    for n in range(CASES * 2):
        chance = random.Random(seed * 1_000_003 + n)
        folder = tmp_path / f"c{n}"
        folder.mkdir()
        (folder / ".dockerignore").write_text(random_rules(chance, random_tree(chance, folder)))
        try:
            travel = survey(open_context(folder, dockerfile="FROM scratch\nCOPY . /\n"))
        except ContextError:
            continue  # el motor tampoco admite esas reglas: lo mira test_ignore_oracle
        names = sorted(item.name for item in travel.items if item.travels)
        if not names:
            continue  # un COPY de nada no se construye
        tried += 1
        real = received(engine, tag, folder, tmp_path / f"s{n}")
        n_bytes = sum(len(text.encode()) for text in real.values() if text != "/" and text[:3] != "-> ")
        found = (names, travel.travels.bytes, sum(text != "/" for text in real.values()))
        if found != (sorted(real), n_bytes, travel.travels.files):
            rules = (folder / ".dockerignore").read_text()
            differences.append(f"{folder.name} {rules!r}: {found} y {sorted(real)}, {n_bytes}")
        if tried == CASES:
            break
    assert differences == [], f"semilla {seed}:\n" + "\n".join(differences)
    assert tried == CASES


def test_a_rule_that_begins_with_a_space_builds(
    engine: docker.DockerClient, tag: str, tmp_path: Path
) -> None:
    """Un patrón que empieza por un espacio no corta la construcción; vale como si no lo llevara."""
    root = tmp_path / "contexto"
    write(root, " a", "a", "b")
    (root / ".dockerignore").write_text("/ a\n.dockerignore\n")
    assert received(engine, tag, root, tmp_path / "sale") == {" a": " a", "b": "b"}
    travel = survey(open_context(root, dockerfile="FROM scratch\n"))
    assert lines_of(travel) == {".dockerignore": 2, "a": 1}


@pytest.mark.parametrize(("rules", "excluded"), EXAMPLES)
def test_the_examples_name_the_line_that_decides(tmp_path: Path, rules: str, excluded: str) -> None:
    """De cada archivo excluido se dice la regla de ``excluded_by``, y entre todas suman el total."""
    context = open_context(plant(tmp_path, rules), dockerfile="FROM scratch\n")
    travel = survey(context)
    own = [item for item in travel.items if not item.travels and item.kind is Kind.FILE]
    said = {item.name: item.rule.text for item in own if item.rule}
    assert said == {item.name: context.excluded_by(item.name) for item in own}
    inside = [
        item.name for item in travel.items if item.kind is Kind.FOLDER and item.rule and not item.travels
    ]
    outside = {name for name in TREE if name in said or name.startswith(tuple(f"{one}/" for one in inside))}
    assert outside == set(excluded.split())
    every = [path for path in tmp_path.rglob("*") if not path.is_dir()]
    assert travel.travels.files + travel.out.files == len(every)
    assert travel.travels.bytes + travel.out.bytes == sum(path.stat().st_size for path in every)
    excluding = [use.amount.files for use in travel.rules if not use.rule.rescues]
    assert sum(excluding) == travel.out.files


def test_a_folder_answers_for_what_it_has_inside(tmp_path: Path) -> None:
    """Lo de una carpeta excluida se suma en ella, con su línea; y lo rescatado dice la que lo rescata."""
    write(tmp_path, "node_modules/a/b.js", "node_modules/c.js", "logs/hoy.log", "logs/ayer.log", "app.js")
    travel = looked(tmp_path, rules="# nada\nnode_modules\nlogs/*\n!logs/hoy.log\n")
    assert lines_of(travel) == {"node_modules": 2, "logs/ayer.log": 3, "logs/hoy.log": 4}
    found = by_name(travel)
    assert found["node_modules"].amount == Amount(2, len("node_modules/a/b.js" + "node_modules/c.js"))
    assert found["logs/hoy.log"].travels
    assert [use.amount.files for use in travel.rules] == [2, 1, 1]
    assert [folder.name for folder in travel.root.folders] == ["node_modules", "logs"]
    assert (travel.out.files, travel.travels.files) == (3, 4)


def test_a_folder_with_something_rescued_travels(tmp_path: Path) -> None:
    """Una carpeta excluida viaja si dentro se rescata algo; si no, no."""
    write(tmp_path, "src/a.js", "src/b.js", "doc/a.md", "doc/b.md")
    travel = looked(tmp_path, rules="*\n!src/a.js\n!doc/z.md\n")
    found = by_name(travel)
    assert (found["src"].travels, found["src"].rule, found["doc"].travels) == (True, None, False)
    assert [item.name for item in travel.items if item.travels] == ["src", "src/a.js"]
    assert effects(travel)["!doc/z.md"] is Effect.NOTHING


def test_a_rule_that_does_nothing_is_told_from_one_that_is_repeated(tmp_path: Path) -> None:
    """La que no encaja con nada no es igual que la que solo encaja con lo que ya decide otra."""
    write(tmp_path, "node_modules/x/a.js", "a.log", "a.txt")
    rules = "node_modules\nnode_modules/x\n*.log\nnode_module\n!a.txt\n!b.txt\n**/a.js\n"
    assert effects(looked(tmp_path, rules=rules)) == {
        "node_modules": Effect.DECIDES,
        "node_modules/x": Effect.REPEATED,
        "*.log": Effect.DECIDES,
        "node_module": Effect.NOTHING,
        "!a.txt": Effect.REPEATED,
        "!b.txt": Effect.NOTHING,
        "**/a.js": Effect.REPEATED,
    }


def test_what_a_useless_rule_perhaps_meant(tmp_path: Path) -> None:
    """Lo que se llama igual más adentro, donde la regla no mira, o se escribe casi igual; y si no, nada."""
    write(tmp_path, "web/node_modules/a.js", "web/hoy.log", "build/x", "app.js")
    travel = looked(tmp_path, rules="node_modules\n*.log\nbiuld\n.git\nweb/dist\nbuild\n")
    assert [use.hint for use in travel.rules] == ["web/node_modules", "web/hoy.log", "build", "", "", ""]
    assert [use.hint for use in looked(tmp_path, rules="**/node_modules\n").rules] == [""]


def test_what_was_not_counted_is_never_zero(tmp_path: Path) -> None:
    """Sin tiempo para contar una carpeta excluida no se dice que esté vacía, ni que una regla sobre."""
    write(tmp_path, "datos/a/b", "datos/c", "app.js")
    travel = looked(tmp_path, rules="datos\n*.log\n", counting=-1)
    assert by_name(travel)["datos"].amount == Amount(0, 0, False)
    assert not travel.out.whole
    assert travel.travels.whole
    assert effects(travel) == {"datos": Effect.DECIDES, "*.log": Effect.UNKNOWN}


def test_links_are_not_followed_and_do_not_loop(tmp_path: Path) -> None:
    """Un enlace a una carpeta de arriba, o a ningún sitio, es una entrada sin contenido."""
    write(tmp_path, "src/a.js")
    (tmp_path / "src" / "arriba").symlink_to("..")
    (tmp_path / "roto").symlink_to("nada")
    found = by_name(looked(tmp_path))
    assert [(found[name].kind, found[name].amount) for name in ("src/arriba", "roto")] == [
        (Kind.LINK, Amount(1, 0))
    ] * 2


def test_two_names_of_a_file_travel_once(tmp_path: Path) -> None:
    """El segundo nombre de un archivo viaja como un enlace, sin repetir sus bytes."""
    write(tmp_path, "a")
    (tmp_path / "a").write_text("x" * 1000)
    os.link(tmp_path / "a", tmp_path / "b")
    assert [by_name(looked(tmp_path))[name].amount.bytes for name in "ab"] == [1000, 0]


def test_a_file_that_travels_empty_is_told(tmp_path: Path) -> None:
    """Lo que se rescata y se vuelve a nombrar viaja sin sus bytes, como con la orden docker."""
    write(tmp_path, "dir/file")
    item = by_name(looked(tmp_path, rules="dir\n!dir/file\ndir*\n"))["dir/file"]
    assert (item.travels, item.hollow, item.amount.bytes) == (True, True, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows no tiene sockets ni nombres que no sean texto")
def test_what_would_not_let_build_is_told(tmp_path: Path) -> None:
    """Un socket o un nombre que no es UTF-8 no dejan construir si viajan; si no viajan, no se nombran."""
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(tmp_path)  # la ruta entera no cabe en la dirección de un socket
        listening.bind("app.sock")
        os.chdir(here)
    with open(os.fsencode(tmp_path) + b"/\xff.txt", "wb"):  # noqa: PTH123  un nombre que no es texto
        pass
    problems = looked(tmp_path).problems
    assert [(one.why, one.blocks) for one in problems] == [(SOCKET, True), (NOT_UTF8, True)]
    assert looked(tmp_path, rules="*.sock\n*.txt\n").problems == ()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="hace falta root para dejar de serlo"
)
def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Lo que no se puede leer no deja construir si viaja; si no, no se sabe cuánto es."""
    inside = [tmp_path, *tmp_path.parents]
    for parent in inside[: inside.index(Path(tempfile.gettempdir()))]:
        parent.chmod(0o755)
    write(tmp_path, "a.txt", "privada/b.txt", "fuera/c.txt")
    (tmp_path / "a.txt").chmod(0)
    (tmp_path / "privada").chmod(0)
    (tmp_path / "fuera").chmod(0)
    (tmp_path / FILE).write_text("FROM scratch\n")
    (tmp_path / ".dockerignore").write_text("fuera\n")
    os.seteuid(65534)
    try:
        travel = survey(open_context(tmp_path))
    finally:
        os.seteuid(0)
    assert [(one.name, one.why, one.blocks) for one in travel.problems] == [
        ("a.txt", FORBIDDEN, True),
        ("fuera", FORBIDDEN, False),
        ("privada", FORBIDDEN, True),
    ]
    assert by_name(travel)["fuera"].amount == Amount(0, 0, False)
    assert not travel.travels.whole


def test_the_work_grows_like_the_files(tmp_path: Path) -> None:
    """Con diez veces más archivos, viajen o no, mirarlos cuesta unas diez veces más, no cien."""
    for name, folders in (("pocos", 2), ("muchos", 20)):
        for top in ("src", "fuera"):
            for n in range(folders):
                folder = tmp_path / name / top / f"d{n}"
                folder.mkdir(parents=True)
                for k in range(40):
                    (folder / f"f{k}").touch()

    def look(name: str) -> Travel:
        return looked(tmp_path / name, rules="fuera\n*.log\n!src/d1\n", counting=60)

    many = look("muchos")
    assert (many.travels.files, many.out.files) == (802, 800)
    assert len(many.items) < 900
    assert cost(lambda: look("muchos")) < 30 * cost(lambda: look("pocos"))


# --- Lo que llama la atención ---


def test_what_travels_and_should_not(tmp_path: Path) -> None:
    """Secretos por lo que llevan, carpetas que se rehacen y archivos grandes; de lo que no viaja, nada."""
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA" + "q1W2e3R4t5Y6u7I8" * 40
    write(tmp_path, ".git/HEAD", "web/node_modules/a/node_modules/b.js", "venv/bin/x", "src/a.js", ".idea/x")
    token = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    (tmp_path / ".npmrc").write_text(f"//registro.ejemplo/:_authToken=npm_{token}\n")
    (tmp_path / "web" / ".npmrc").write_text("save-exact=true\n")
    (tmp_path / "id_rsa").write_text(f"{key}\n-----END RSA PRIVATE KEY-----\n")
    (tmp_path / "publico.pem").write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    (tmp_path / "copia.p12").write_bytes(b"\0" * 10)
    with (tmp_path / "volcado.sql").open("wb") as file:
        file.truncate(LARGE)
    found = suspects(looked(tmp_path, rules="venv\n"))
    assert [(one.name, one.secret) for one in found] == [
        (".npmrc", True),
        ("copia.p12", True),
        ("id_rsa", True),
        ("volcado.sql", False),
        ("web/node_modules", False),
        (".git", False),
        (".idea", False),
    ]
    assert found[4] == Suspect("web/node_modules", FOLDERS["node_modules"], Amount(1, 36))
    assert token not in repr(found)
    assert suspects(looked(tmp_path, rules="*\n!src\n")) == ()


def test_a_secret_that_cannot_be_looked_at_is_not_denied(tmp_path: Path) -> None:
    """Un ``.env`` demasiado grande para mirarlo se nombra, y se dice que no se puede comprobar."""
    with (tmp_path / ".env").open("wb") as file:
        file.truncate(2 << 20)
    (one,) = suspects(looked(tmp_path))
    assert (one.name, one.secret) == (".env", True)
    assert "no se puede comprobar" in one.why
