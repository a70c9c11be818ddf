"""El contexto de construcción, sin motor."""

from __future__ import annotations

import os
import stat
import subprocess
import tarfile
import tempfile
import threading
from pathlib import Path

import pytest

from multietapa.dockerfile.context import TEXT_NAME, open_context, pack
from multietapa.dockerfile.ignore import read_rules
from multietapa.errors import BuildCancelled, ContextError, DiskFullError


def write(root: Path, *names: str) -> None:
    """Crea archivos; su contenido es su nombre."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("FROM a\n" if "ockerfile" in name else name)


def names_in(root: Path, **options: str) -> list[str]:
    """Los nombres que viajan, en orden."""
    with pack(open_context(root, **options)) as spool, tarfile.open(fileobj=spool) as tar:
        return tar.getnames()


def ignored(root: Path, rules: str) -> list[str]:
    """Los nombres que viajan con esas reglas, sin el Dockerfile ni las reglas."""
    (root / ".dockerignore").write_text(rules)
    return [n for n in names_in(root) if n not in ("Dockerfile", ".dockerignore")]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Una carpeta pequeña con de todo."""
    write(tmp_path, "Dockerfile", "README.md", "src/a.ts", "src/b.md")
    write(tmp_path, "node_modules/x/i.js", "pkg/node_modules/y.js")
    return tmp_path


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("", ["README.md", "node_modules", "node_modules/x", "node_modules/x/i.js", "pkg", "pkg/node_modules",
              "pkg/node_modules/y.js", "src", "src/a.ts", "src/b.md"]),
        ("node_modules\n", ["README.md", "pkg", "pkg/node_modules", "pkg/node_modules/y.js", "src",
                            "src/a.ts", "src/b.md"]),
        ("**/node_modules\n", ["README.md", "pkg", "src", "src/a.ts", "src/b.md"]),
        ("*\n!src/*.ts\n", ["src", "src/a.ts"]),
        ("**\n!**/b.md\n", ["src", "src/b.md"]),
        ("**/*.md\n# comentario\n!README.md\n/pkg/\nnode_modules", ["README.md", "src", "src/a.ts"]),
        ("readme.md\n**/node_modules/x\n**/node_modules\n!pkg/node_modules/y.js\nsrc",
         ["README.md", "pkg", "pkg/node_modules", "pkg/node_modules/y.js"]),
    ],
)  # fmt: skip
def test_dockerignore_rules(tree: Path, rules: str, expected: list[str]) -> None:
    """Las reglas se aplican como en Docker: la última gana, ``!`` rescata y las mayúsculas cuentan."""
    assert ignored(tree, rules) == expected


def test_own_rules_of_a_dockerfile_come_first(tree: Path) -> None:
    """``Dockerfile.ingenuo.dockerignore`` manda sobre ``.dockerignore``, solo para ese Dockerfile."""
    write(tree, "Dockerfile.ingenuo")
    (tree / "Dockerfile.ingenuo.dockerignore").write_text("*\n")
    (tree / ".dockerignore").write_text("src\nnode_modules\npkg\n")
    assert names_in(tree, dockerfile="Dockerfile.ingenuo") == ["Dockerfile.ingenuo"]
    assert "README.md" in names_in(tree)
    assert "src" not in names_in(tree)


def test_excluded_by_names_the_rule(tree: Path) -> None:
    """Se sabe qué regla deja fuera un archivo, también si excluye su carpeta."""
    (tree / ".dockerignore").write_text("src\n!src/b.md\n")
    context = open_context(tree)
    assert context.excluded_by("src/a.ts") == "src"
    assert context.excluded_by("./src/b.md") == ""
    assert context.ignore_file == ".dockerignore"


def test_comments_and_blanks_are_not_rules() -> None:
    """Un comentario o un hueco no son reglas, ni la marca de orden del principio."""
    assert read_rules("\ufeff# x\n\n  \n#\n") == ()


def test_tar_is_always_the_same(tree: Path) -> None:
    """La misma carpeta da el mismo tar, byte a byte, con dueño 0:0 y la fecha de cada archivo."""
    os.utime(tree / "README.md", ns=(0, 1_600_000_000_123_456_789))
    with pack(open_context(tree)) as one, pack(open_context(tree)) as two:
        assert one.read() == two.read()
        one.seek(0)
        with tarfile.open(fileobj=one) as tar:
            assert {(m.uid, m.gid, m.uname) for m in tar} == {(0, 0, "")}
            assert tar.getmember("README.md").pax_headers["mtime"] == "1600000000.123456789"


def test_links_accents_and_modes_travel(tmp_path: Path) -> None:
    """Los enlaces viajan como enlaces, los acentos y espacios se conservan y los permisos también."""
    write(tmp_path, "Dockerfile", "carpeta ñ/á é.txt", "guion.sh")
    (tmp_path / "guion.sh").chmod(0o755)
    (tmp_path / "enlace").symlink_to("carpeta ñ/á é.txt")
    (tmp_path / "roto").symlink_to("no existe")
    os.mkfifo(tmp_path / "tubo")
    with pack(open_context(tmp_path)) as spool, tarfile.open(fileobj=spool) as tar:
        assert tar.getmember("enlace").linkname == "carpeta ñ/á é.txt"
        assert tar.getmember("roto").issym()
        assert tar.getmember("tubo").isfifo()
        assert stat.S_IMODE(tar.getmember("guion.sh").mode) == 0o755
        found = tar.extractfile("carpeta ñ/á é.txt")
        assert found is not None
        assert found.read().decode() == "carpeta ñ/á é.txt"


def test_text_travels_beside_the_folder_dockerfile(tree: Path) -> None:
    """Un Dockerfile dado como texto viaja con otro nombre y no pisa el de la carpeta."""
    context = open_context(tree, dockerfile="FROM b\nRUN x\n")
    with pack(context) as spool, tarfile.open(fileobj=spool) as tar:
        texts = {name: tar.extractfile(name) for name in ("Dockerfile", TEXT_NAME)}
        assert {name: file.read() for name, file in texts.items() if file} == {
            "Dockerfile": b"FROM a\n",
            TEXT_NAME: b"FROM b\nRUN x\n",
        }
    assert context.dockerfile_leaks


def test_one_line_is_a_text_too(tree: Path) -> None:
    """``FROM x`` sin salto de línea es un Dockerfile, salvo que haya un archivo que se llame así."""
    assert open_context(tree, dockerfile="FROM x").text == "FROM x"
    assert open_context(tree, dockerfile=" from x").dockerfile == TEXT_NAME
    (tree / "FROM x").write_text("FROM b")
    assert open_context(tree, dockerfile="FROM x").text == "FROM b"
    with pytest.raises(ContextError, match="No existe el Dockerfile «FROMx»"):
        open_context(tree, dockerfile="FROMx")


def test_dockerfile_outside_the_folder(tree: Path) -> None:
    """Un Dockerfile de fuera de la carpeta se lee y viaja con otro nombre."""
    assert open_context(tree / "src", dockerfile="../Dockerfile").dockerfile == TEXT_NAME


def test_classic_hides_an_excluded_dockerfile(tree: Path) -> None:
    """Para el clásico viaja un ``.dockerignore`` que esconde el Dockerfile que no está en la carpeta."""
    (tree / ".dockerignore").write_text("src\n")
    context = open_context(tree, dockerfile="FROM b\nRUN x\n")
    with pack(context, classic=True) as spool, tarfile.open(fileobj=spool) as tar:
        file = tar.extractfile(".dockerignore")
        assert file is not None
        assert file.read().decode().split() == ["src", TEXT_NAME]


def test_a_pipe_is_not_a_dockerfile(tree: Path) -> None:
    """Una tubería o un dispositivo en el sitio del Dockerfile se explican, sin quedarse esperando."""
    os.mkfifo(tree / "tuberia")
    for name in ("tuberia", "/dev/zero"):
        with pytest.raises(ContextError, match="no es un archivo normal"):
            open_context(tree, dockerfile=name)


def test_missing_dockerfile_lists_those_that_exist(tree: Path) -> None:
    """Sin el Dockerfile que se pide, el error dice cuáles hay."""
    write(tree, "Dockerfile.ingenuo", "otra/web.Dockerfile", "Dockerfile.dockerignore")
    with pytest.raises(ContextError) as caught:
        open_context(tree, dockerfile="Dockerfil")
    assert "Dockerfile, Dockerfile.ingenuo y otra/web.Dockerfile" in str(caught.value)
    assert "dockerignore" not in str(caught.value)


@pytest.mark.parametrize(("name", "says"), [("nada", "no existe"), ("README.md", "es un archivo")])
def test_a_context_that_is_not_a_folder(tree: Path, name: str, says: str) -> None:
    """Una carpeta que no existe, o que es un archivo, se dice tal cual."""
    with pytest.raises(ContextError, match=says):
        open_context(tree / name)


def test_empty_folder_says_what_to_create(tmp_path: Path) -> None:
    """En una carpeta vacía el error dice que hace falta crear un Dockerfile."""
    with pytest.raises(ContextError, match="no hay ninguno"):
        open_context(tmp_path)


def test_unreadable_file_is_named() -> None:
    """Un archivo sin permiso de lectura se nombra, con qué hacer."""
    was = os.geteuid()
    with tempfile.TemporaryDirectory() as folder:  # el de pytest no deja entrar a otro usuario
        root = Path(folder)
        root.chmod(0o755)
        write(root, "Dockerfile", "src/a.ts")
        (root / "src/a.ts").chmod(0)
        os.seteuid(was or 65534)
        try:
            with pytest.raises(ContextError, match=r"src/a\.ts") as caught:
                pack(open_context(root))
        finally:
            os.seteuid(was)
    assert ".dockerignore" in str(caught.value)


def test_not_text_is_said(tree: Path) -> None:
    """Un Dockerfile que no es texto UTF-8 se dice."""
    (tree / "Dockerfile").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContextError, match="UTF-8"):
        open_context(tree)


def test_packing_stops_when_cancelled(tree: Path) -> None:
    """Empaquetar se detiene en cuanto se cancela."""
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(BuildCancelled):
        pack(open_context(tree), cancel=cancel)


def test_big_contexts_use_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Un contexto grande pasa a disco y no deja nada atrás al cerrarse."""
    spare = tmp_path / "temporal"
    spare.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    write(tmp_path / "c", "Dockerfile")
    with (tmp_path / "c/grande").open("wb") as file:
        file.truncate(20_000_000)
    with pack(open_context(tmp_path / "c")) as spool:
        assert getattr(spool, "_rolled", True)
        assert spool.seek(0, 2) > 20_000_000
    assert list(spare.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="montar un disco pide ser root")
@pytest.mark.parametrize("size", [40_000_000, 20_968_000])
def test_a_full_host_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Con un disco pequeño de verdad para los temporales, el error es ``DiskFullError``, en español."""
    spare = tmp_path / "temporal"
    spare.mkdir()
    write(tmp_path / "c", "Dockerfile")
    with (tmp_path / "c/grande").open("wb") as file:
        file.truncate(size)
    mount = ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(spare)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("aquí no se puede montar un disco")
    try:
        monkeypatch.setattr("tempfile.tempdir", str(spare))
        with pytest.raises(DiskFullError, match="No queda espacio") as caught:
            pack(open_context(tmp_path / "c")).close()
        assert str(spare) in str(caught.value)
        assert list(spare.iterdir()) == []
    finally:
        subprocess.run(["umount", str(spare)], check=True)
