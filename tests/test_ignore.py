"""Las reglas de ``.dockerignore``, sin motor. ``test_ignore_oracle`` comprueba que son las del motor."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from multietapa.dockerfile.context import open_context, pack
from multietapa.dockerfile.ignore import judge, may_rescue_under, read_rules
from multietapa.dockerfile.patterns import clean, native
from multietapa.errors import ContextError
from tests.costs import cost

TREE = "a.log b.log bb.log x.txt A.LOG #x !a.log dir/file dir/otro dir/sub/a.log s/secreto s/y.log".split()
#: Unas reglas y los archivos de ``TREE`` que dejan fuera; son las respuestas de un motor de verdad.
EXAMPLES = [
    ("**.log", "a.log b.log bb.log !a.log dir/sub/a.log s/y.log"),
    ("*.log", "a.log b.log bb.log !a.log"),
    ("**/*.log", "a.log b.log bb.log !a.log dir/sub/a.log s/y.log"),
    ("[^a].log", "b.log"),
    ("[!a].log", "a.log"),
    ("[a-b].log", "a.log b.log"),
    ("[[:alpha:]].log", "a.log b.log"),
    ("\\#x", "#x"),
    ("#x", ""),
    (" #x", "#x"),
    ("\\!a.log", "!a.log"),
    ("s/secreto\n!s", "s/secreto"),
    ("s\n!s/secreto", "s/y.log"),
    ("*/file\n!dir", "dir/file"),
    ("dir\n!dir/sub", "dir/file dir/otro"),
    ("dir\n!dir/sub\n*/sub", "dir/file dir/otro dir/sub/a.log"),
    ("dir/**", "dir/file dir/otro dir/sub/a.log"),
    ("/dir/", "dir/file dir/otro dir/sub/a.log"),
    ("./x/../dir/file", "dir/file"),
    ("../a.log", ""),
    (".", ""),
    ("a.LOG\n?.log", "a.log b.log"),
    ("dir[^a]file", "dir/file"),
    ("di**", "dir/file dir/otro dir/sub/a.log"),
    ("\\d.txt", ""),
    ("\\w.txt\n\\x2etxt", "x.txt"),
    ("![b-a].log", ""),
    ("*\n!dir/*/**", " ".join(TREE)),
    ("*\n!d?r/*/**", " ".join(name for name in TREE if name != "dir/sub/a.log")),
    ("q*. b/[a*.", ""),
    ("*\n[b-a].log\n!x.txt", " ".join(name for name in TREE if name != "x.txt")),
]
#: Unas reglas que el motor rechaza, con la línea y un trozo de la explicación.
REFUSED = [
    ("x\n[a.log", 2, "[«no se cierra»]"),
    ("[b-a].log", 1, "al revés"),
    ("a\\", 1, "al final"),
    ("?*[b", 1, "no se cierra"),
    ("[^a]*[b", 1, "no se cierra"),
    ("a*[b", 1, "falta un «]»"),
    ("[]a]", 1, "falta un carácter"),
    ("[a-]", 1, "falta un carácter"),
    ("\n\n!", 3, "no dice qué"),
    ("!/", 1, "no dice qué"),
    ("\\x.txt", 1, "«\\x» no significa nada"),
    ("x?\\ñ", 1, "«\\ñ» no significa nada"),
    ("x[[:letra:]]", 1, "no es una clase"),
    ("*.txt\n![b-a].log", 2, "al revés"),
]


def plant(root: Path, rules: str) -> Path:
    """Una carpeta con los archivos de ``TREE``, cada uno con su nombre dentro, y esas reglas."""
    for name in TREE:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / ".dockerignore").write_text(f"{rules}\n")
    return root


def travelling(root: Path, dockerfile: str = "FROM scratch\n") -> list[str]:
    """Los archivos que viajan, en orden."""
    return [name for name, path in open_context(root, dockerfile=dockerfile).entries() if path.is_file()]


@pytest.mark.parametrize(("rules", "excluded"), EXAMPLES)
def test_what_each_rule_leaves_out(tmp_path: Path, rules: str, excluded: str) -> None:
    """Cada regla deja fuera lo mismo que en Docker, al recorrer la carpeta y al preguntar por una ruta."""
    left = [name for name in travelling(plant(tmp_path, rules)) if name != ".dockerignore"]
    assert sorted(set(TREE) - set(left)) == sorted(excluded.split())
    context = open_context(tmp_path, dockerfile="FROM scratch\n")
    assert [name for name in TREE if context.excluded_by(name)] == [n for n in TREE if n in excluded.split()]


@pytest.mark.parametrize(("rules", "line", "why"), REFUSED)
def test_a_bad_pattern_names_its_line(tmp_path: Path, rules: str, line: int, why: str) -> None:
    """Un patrón que el motor no acepta da un error en español con el archivo, la línea y el porqué."""
    with pytest.raises(ContextError) as caught:
        travelling(plant(tmp_path, rules))
    assert caught.value.what == f"«.dockerignore» no se entiende en la línea {line}."
    assert why.strip("[«»]") in caught.value.why
    assert caught.value.detail == f"{line} | {rules.splitlines()[line - 1]}"


def test_the_error_names_the_rules_of_that_dockerfile(tmp_path: Path) -> None:
    """Si el patrón malo está en ``Dockerfile.dockerignore``, el error nombra ese archivo y no el otro."""
    (plant(tmp_path, "*") / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "Dockerfile.dockerignore").write_text("a.log\n[a\n")
    with pytest.raises(ContextError, match=r"«Dockerfile\.dockerignore» no se entiende en la línea 2"):
        open_context(tmp_path)
    (tmp_path / "Dockerfile.dockerignore").write_text("")
    assert "a.log" in travelling(tmp_path, "Dockerfile")


def test_a_rule_that_cannot_be_compared_does_not_break_a_question(tmp_path: Path) -> None:
    """Preguntar qué regla excluye una ruta contesta aunque otra regla no se pueda comparar."""
    context = open_context(plant(tmp_path, "[b-a].log\nx.txt"), dockerfile="FROM scratch\n")
    assert (context.excluded_by("x.txt"), context.excluded_by("a.log")) == ("x.txt", "")


def test_folders_come_before_what_is_rescued_in_them(tmp_path: Path) -> None:
    """Una carpeta excluida con algo rescatado dentro viaja, y antes que eso."""
    context = open_context(plant(tmp_path, "*\n!dir/sub/a.log"), dockerfile="FROM scratch\n")
    assert [name for name, _ in context.entries()] == ["dir", "dir/sub", "dir/sub/a.log"]


def test_a_file_that_docker_does_not_open_travels_empty(tmp_path: Path) -> None:
    """Un archivo que la orden docker anuncia y luego no abre llega sin contenido, aquí también."""
    context = open_context(plant(tmp_path, "dir\n!dir/file\ndir*"), dockerfile="FROM scratch\n")
    with pack(context) as spool, tarfile.open(fileobj=spool) as tar:
        file = tar.extractfile("dir/file") or io.BytesIO(b"no")
        assert file.read() == b""
    assert not context.is_hollow("x.txt")


def test_where_a_rescue_may_reach(tmp_path: Path) -> None:
    """En una carpeta excluida solo se entra si algo de dentro se puede rescatar."""
    plant(tmp_path, "dir\n!s/x\n!*.txt\n!d?r.x/[a-z]")
    rules = open_context(tmp_path, dockerfile="FROM a\n").rules
    assert [may_rescue_under(rules, name) for name in ("dir", "d_r.x", "s")] == [False, True, True]
    for text in ("!**/x", "!dir/sub/[a-z]", "!*/*/x", "!d**", "!dir/sub/x", "!dir/sub/*/**"):
        assert may_rescue_under(read_rules(text), "dir/sub")
    for text in ("", "x", "!dir/**", "!dir", "!other/**", "!dir/*/**", "!dir/su*"):
        assert not may_rescue_under(read_rules(text), "dir/sub")


def test_the_work_grows_like_the_files(tmp_path: Path) -> None:
    """Con diez veces más archivos, recorrerlos con diez reglas cuesta unas diez veces más, no cien."""
    rules = (
        "**/*.log\nnode_modules\n**/.git\n*.md\n!README.md\ndist/**\n**/*.t?t\n[ab]*\ncoverage\n!d1/*.ts\n"
    )
    for name, folders in (("pocos", 6), ("muchos", 60)):
        for folder in range(folders):
            (tmp_path / name / f"d{folder}").mkdir(parents=True)
            for n in range(25):
                (tmp_path / name / f"d{folder}/f{n}.ts").touch()
        (tmp_path / name / ".dockerignore").write_text(rules)
    few, many = (open_context(tmp_path / name, dockerfile="FROM scratch\n") for name in ("pocos", "muchos"))
    assert [len(list(one.entries())) for one in (few, many)] == [6 * 26 + 1, 60 * 26 + 1]
    assert cost(lambda: list(many.entries())) < 30 * cost(lambda: list(few.entries()))


def test_windows_separators() -> None:
    """En Windows la barra invertida separa carpetas; en los demás escapa."""
    assert native("a\\b", windows=True) == "a/b"
    assert native("a\\b", windows=False) == "a\\b"


@pytest.mark.parametrize(
    ("path", "expected"),
    [("", "."), ("//a//b/", "/a/b"), ("/..", "/"), ("a/../..", ".."), ("./a/./b", "a/b"), ("/", "/")],
)
def test_clean_is_that_of_go(path: str, expected: str) -> None:
    """Una ruta se limpia como en Go."""
    assert clean(path) == expected


def test_a_rule_that_was_not_looked_at_does_not_reach_the_children() -> None:
    """Lo que hereda una ruta es lo que se comparó con su carpeta, regla por regla."""
    rules = read_rules("s/secreto\n!s\ns")
    decided, matched = judge(rules, "s", ())
    assert (decided, matched) == (rules[2], (False, False, True))
    assert judge(rules, "s/secreto", matched) == (rules[2], (True, False, True))
