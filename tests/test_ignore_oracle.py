"""``.dockerignore`` contra el motor: lo que el kit envía es lo que se queda la orden ``docker build``.

Cada caso es un árbol y un ``.dockerignore`` al azar. Una construcción copia muchos a la vez, cada uno como un
contexto con nombre (se filtran igual que el principal), y deja lo que llegó en una carpeta.
``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from multietapa.dockerfile.context import TEXT_NAME, open_context, pack
from multietapa.errors import ContextError
from tests.test_ignore import EXAMPLES, REFUSED, TREE, plant
from tools.docker_cli import DockerCommand

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 300)
BATCH = 50
TEXT = "FROM scratch\nCOPY . /\n"
NAMES = "a b ab a.log b.log x.LOG s secreto .env #x !x \\x ñ [a] a-b {a} (a) a+ ^a $a A".split()
NAMES += ["a b", " a"]
CLASSES = "[ab] [^a] [!a] [a-c] [^/] [\\]a] [[:alpha:]] [^[:upper:]] [\\d] [a?] [a.] [a*b]".split()
ESCAPES = "\\# \\x61 \\* \\! \\. \\d \\w \\pL \\S \\141".split()
BROKEN = "[b-a] [a [] \\ñ \\a [[:x:]] [\\d-a]".split()


def random_tree(chance: random.Random, root: Path) -> list[str]:
    """Crea un árbol de hasta 25 entradas y tres niveles; cada archivo contiene su ruta. Da sus rutas."""
    paths: list[str] = []
    folders = [""]
    for _ in range(chance.randint(3, 25)):
        parent = chance.choice(folders)
        path = f"{parent}/{chance.choice(NAMES)}".lstrip("/")
        if path in paths:
            continue
        paths.append(path)
        kind = chance.random()
        if kind < 0.4 and path.count("/") < 3:
            (root / path).mkdir()
            folders.append(path)
        elif kind < 0.45:
            (root / path).symlink_to(chance.choice(NAMES))
        else:
            (root / path).write_text(path)
    return paths


def random_pattern(chance: random.Random, paths: list[str], strange: float) -> str:
    """Una línea de ``.dockerignore``; ``strange`` es cuánto se aparta de lo corriente, de 0 a 1."""
    path = (
        chance.choice(paths)
        if chance.random() < 0.7
        else "/".join(chance.choices(NAMES, k=chance.randint(1, 3)))
    )
    parts = path.split("/")
    if chance.random() < 0.3:
        parts = parts[: chance.randint(1, len(parts))]
    for n, part in enumerate(parts):
        kind = chance.random()
        if kind < 0.1:
            parts[n] = "*"
        elif kind < 0.17:
            parts[n] = "**"
        elif kind < 0.4:
            at = chance.randrange(len(part))
            piece = chance.choice("* ? ** *. ?*".split())
            if chance.random() < strange:
                piece = chance.choice(BROKEN if chance.random() < 0.06 else CLASSES + ESCAPES)
            parts[n] = part[:at] + piece + part[at + chance.randint(0, 1) :]
    line = "/".join(parts)
    for odds, before, after in (
        (0.15, "**/", ""), (0.06, "/", ""), (0.04, "./", ""), (0.03, "../", ""), (0.05, "", "/"),
        (0.08, "", "/**"), (0.05, "", "/*"), (0.04, "", "/.."), (0.04, "", "**"), (0.04, "", " "),
    ):  # fmt: skip
        if chance.random() < odds:
            line = before + line + after
    if chance.random() < 0.35:
        line = chance.choice(["!", "!", "!", "! "]) + line
    return line


def random_rules(chance: random.Random, paths: list[str]) -> str:
    """Un ``.dockerignore`` de hasta ocho líneas."""
    strange = chance.choice([0, 0, 0.3])
    lines = [random_pattern(chance, paths, strange) for _ in range(chance.randint(1, 8))]
    if chance.random() < 0.3:
        lines.insert(0, chance.choice(["*", "**", "**/*", "*/*"]))
    if chance.random() < 0.1:
        lines.insert(chance.randint(0, len(lines)), chance.choice(["# nada", "", " # x", ".", "/"]))
    return chance.choice(["", "", "\ufeff"]) + chance.choice(["\n", "\n", "\r\n"]).join(lines) + "\n"


def sent(folder: Path) -> dict[str, str]:
    """Lo que lleva el tar del kit: cada ruta con su contenido, su enlace o ``/`` si es una carpeta.

    Lanza :class:`ContextError` si el kit no acepta las reglas.
    """
    found = {}
    with pack(open_context(folder, dockerfile=TEXT)) as spool, tarfile.open(fileobj=spool) as tar:
        for entry in tar:
            file = tar.extractfile(entry) if entry.isreg() else None
            text = file.read().decode() if file else "/"
            found[entry.name] = f"-> {entry.linkname}" if entry.issym() else text
    del found[TEXT_NAME]
    return found


def kept(root: Path) -> dict[str, str]:
    """Lo que hay en una carpeta, escrito igual."""
    return {path.relative_to(root).as_posix(): described(path) for path in root.rglob("*")}


def described(path: Path) -> str:
    """El contenido de un archivo, ``-> destino`` de un enlace o ``/`` de una carpeta."""
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    return "/" if path.is_dir() else path.read_bytes().decode()


def build_all(docker_cli: DockerCommand, folders: list[Path]) -> None:
    """Construye todas las carpetas de una vez, cada una como un contexto con nombre.

    Lo que llega de cada una queda en ``<primera carpeta>.sale/<su nombre>``.
    """
    lines = ["FROM scratch", *(f"COPY --from={folder.name} . /{folder.name}/" for folder in folders)]
    empty = folders[0].with_suffix(".nada")
    empty.mkdir()
    file = folders[0].with_suffix(".Dockerfile")
    file.write_text("\n".join(lines))
    contexts = [f"--build-context={folder.name}={folder}" for folder in folders]
    done = docker_cli.run("build", "-f", str(file), *contexts, *into(folders[0]), str(empty))
    assert done.returncode == 0, done.stderr[-3000:]


def into(folder: Path) -> tuple[str, str]:
    """Lo que pide a la orden que deje lo construido en ``<folder>.sale``."""
    return "--output", f"type=local,dest={folder}.sale"


def refused(docker_cli: DockerCommand, folder: Path) -> str:
    """Por qué la orden no construye una carpeta, o ``""`` si la construye."""
    file = folder.with_suffix(".Dockerfile")
    file.write_text(TEXT)
    done = docker_cli.run("build", "-f", str(file), *into(folder), str(folder))
    return done.stderr[-1000:] if done.returncode else ""


def test_the_examples_are_what_docker_does(docker_cli: DockerCommand, tmp_path: Path) -> None:
    """Los ejemplos de ``test_ignore`` son los de la orden: lo que se queda y lo que rechaza."""
    folders = {}
    for n, (rules, excluded) in enumerate(EXAMPLES):
        (tmp_path / f"e{n}").mkdir()
        folders[plant(tmp_path / f"e{n}", rules)] = sorted(set(TREE) - set(excluded.split()))
    build_all(docker_cli, list(folders))
    kept_files = {folder: kept(tmp_path / "e0.sale" / folder.name) for folder in folders}
    files = {
        folder: sorted(name for name, text in found.items() if text != "/" and name != ".dockerignore")
        for folder, found in kept_files.items()
    }
    assert files == folders
    for n, (rules, _, _) in enumerate(REFUSED):
        (tmp_path / f"r{n}").mkdir()
        answer = refused(docker_cli, plant(tmp_path / f"r{n}", rules))
        assert "pattern" in answer, rules


def test_random_rules_agree_with_docker(docker_cli: DockerCommand, tmp_path: Path) -> None:
    """Árboles y reglas al azar: los mismos archivos, carpetas y enlaces, y los mismos patrones rechazados."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    expected: dict[str, dict[str, str]] = {}
    rejected: list[Path] = []
    for n in range(CASES):
        chance = random.Random(seed * 1_000_003 + n)
        folder = tmp_path / f"c{n}"
        folder.mkdir()
        paths = random_tree(chance, folder)
        (folder / ".dockerignore").write_text(random_rules(chance, paths), encoding="utf-8")
        try:
            expected[folder.name] = sent(folder)
        except ContextError:
            rejected.append(folder)
    good = [tmp_path / name for name in expected]
    batches = [good[at : at + BATCH] for at in range(0, len(good), BATCH)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda folders: build_all(docker_cli, folders), batches))
    differences = []
    for folder, first in ((folder, batch[0]) for batch in batches for folder in batch):
        real = kept(first.with_suffix(".sale") / folder.name)
        if real != expected[folder.name]:
            rules = (folder / ".dockerignore").read_text(encoding="utf-8")
            mine = expected[folder.name]
            odd = sorted(k for k in {*real, *mine} if real.get(k) != mine.get(k))
            differences.append(f"{folder.name} {rules!r}: {[(k, real.get(k), mine.get(k)) for k in odd]}")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda folder: refused(docker_cli, folder), rejected))
    for folder, answer in zip(rejected, answers, strict=True):
        if "pattern" not in answer:
            rules = (folder / ".dockerignore").read_text(encoding="utf-8")
            differences.append(f"{folder.name} {rules!r}: solo lo rechaza el kit. {answer}")
    assert differences == [], f"semilla {seed}, {CASES} casos:\n" + "\n".join(differences)
    assert len(rejected) < CASES / 4
