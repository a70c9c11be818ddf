"""Las copias de los cuadernos: se renuevan solas, y el trabajo de nadie se pierde."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from multietapa.cli.copies import NAME, STATE, Copies, prepare
from multietapa.paths import PROJECT_ROOT

FIRST, SECOND = "00_uno.ipynb", "01_dos.ipynb"
NEW = "00_uno (versión nueva).ipynb"


def notebook(*sources: str, **more: Any) -> str:
    """Un cuaderno con esas celdas; ``more`` son claves de la última."""
    cells: list[dict[str, Any]] = [
        {"cell_type": "code", "source": [text], "outputs": [], "metadata": {}, "execution_count": None}
        for text in sources
    ]
    cells[-1].update(more)
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


class Clone:
    """Un clon con dos cuadernos, y quien trabaja en él."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root / "Taller de Ñandú", root / "casa"
        self.originals, self.mine = self.root / "notebooks", self.root / NAME
        (self.root / "apps/tienda").mkdir(parents=True)
        self.originals.mkdir()
        self.home.mkdir()
        self.publish("x = 1")
        self.write(self.originals / SECOND, notebook("y = 1"))

    @staticmethod
    def write(path: Path, text: str) -> None:
        """Escribe un cuaderno."""
        path.write_text(text, encoding="utf-8")

    def publish(self, *sources: str) -> None:
        """Sale otra versión del primer cuaderno."""
        self.write(self.originals / FIRST, notebook(*sources))

    def work(self, text: str, name: str = FIRST) -> None:
        """Quien aprende escribe en su copia."""
        self.write(self.mine / name, notebook(text))

    def open(self) -> Copies:
        """Se abre el taller."""
        return prepare(self.root, self.home)

    def read(self, name: str = FIRST) -> str:
        """Lo que hay escrito en una copia."""
        cells = json.loads((self.mine / name).read_text(encoding="utf-8"))["cells"]
        return "".join(cells[0]["source"])

    @property
    def files(self) -> list[str]:
        """Los cuadernos que ve quien aprende."""
        return sorted(path.name for path in self.mine.iterdir() if path.name != STATE)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """Un clon recién hecho."""
    return Clone(tmp_path)


def test_the_first_time_every_notebook_is_there(clone: Clone) -> None:
    """Al abrir el taller hay una copia de cada cuaderno, al lado de los originales, y nada que decir."""
    assert clone.open() == Copies(clone.mine)
    assert clone.files == [FIRST, SECOND]
    assert (clone.mine / FIRST).read_bytes() == (clone.originals / FIRST).read_bytes()


def test_an_untouched_copy_is_renewed(clone: Clone) -> None:
    """La copia que nadie tocó pasa a ser la versión nueva, sin decir nada; también dos veces."""
    clone.open()
    for text in ("x = 2", "x = 3"):
        clone.publish(text)
        assert clone.open().notices == ()
        assert clone.read() == text


def test_opening_a_notebook_is_not_touching_it(clone: Clone) -> None:
    """Lo que JupyterLab apunta con solo abrirlo y guardar no cuenta como trabajo."""
    clone.open()
    opened = json.loads((clone.mine / FIRST).read_text(encoding="utf-8"))
    opened["metadata"] = {"language_info": {"version": "3.12.1"}}
    opened["cells"][0] |= {"source": "x = 1", "execution_count": 7, "metadata": {"trusted": True}}
    clone.write(clone.mine / FIRST, json.dumps(opened, indent=1))
    clone.publish("x = 2")
    clone.open()
    assert clone.read() == "x = 2"


@pytest.mark.parametrize("how", ["escribe", "ejecuta", "estropea"])
def test_a_touched_copy_is_kept_and_the_new_one_set_beside(clone: Clone, how: str) -> None:
    """El trabajo (escribir, o solo tener resultados) se queda; la versión nueva va al lado, y se dice."""
    clone.open()
    output = {"output_type": "stream", "name": "stdout", "text": "hola"}
    text = {"escribe": notebook("mío"), "ejecuta": notebook("x = 1", outputs=[output]), "estropea": "{"}[how]
    clone.write(clone.mine / FIRST, text)
    assert clone.open().notices == ()
    clone.publish("x = 2")
    for _ in range(2):  # se dice mientras nadie la use
        (notice,) = clone.open().notices
        assert f"«{FIRST}»" in notice
        assert f"«{NEW}»" in notice
        assert "\n" not in notice
    assert (clone.mine / FIRST).read_text(encoding="utf-8") == text
    assert clone.read(NEW) == "x = 2"


def test_the_new_one_is_a_copy_like_any_other(clone: Clone) -> None:
    """La que se dejó al lado se renueva si nadie la tocó; si sí, se queda, y la siguiente es otra."""
    clone.open()
    clone.work("mío")
    clone.publish("x = 2")
    clone.open()
    clone.publish("x = 3")
    clone.open()
    assert clone.read(NEW) == "x = 3"
    clone.work("mío también", NEW)
    assert clone.open().notices == ()
    clone.publish("x = 4")
    (notice,) = clone.open().notices
    third = "00_uno (versión nueva 2).ipynb"
    assert f"«{third}»" in notice
    assert [clone.read(name) for name in (FIRST, NEW, third)] == ["mío", "mío también", "x = 4"]


def test_the_new_one_is_not_given_twice(clone: Clone) -> None:
    """Quien borra la versión nueva no la quiere: no vuelve hasta que haya otra."""
    clone.open()
    clone.work("mío")
    clone.publish("x = 2")
    clone.open()
    (clone.mine / NEW).unlink()
    assert clone.open().notices == ()
    assert clone.files == [FIRST, SECOND]
    clone.publish("x = 3")
    assert clone.open().notices
    assert clone.read(NEW) == "x = 3"


@pytest.mark.parametrize("kept", ["mi cuaderno.ipynb", ""])
def test_a_renamed_or_deleted_copy_comes_back_new(clone: Clone, kept: str) -> None:
    """Borrar una copia, o cambiarle el nombre, es empezar de cero: vuelve una nueva, y la otra se queda."""
    clone.open()
    clone.work("mío")
    clone.publish("x = 2")
    clone.open()
    if kept:
        (clone.mine / FIRST).rename(clone.mine / kept)
    else:
        (clone.mine / FIRST).unlink()
    assert clone.open().notices == ()
    assert clone.read() == "x = 2"
    assert clone.files == sorted([FIRST, SECOND, *([kept] if kept else [])])  # la de al lado ya sobra
    if kept:
        assert clone.read(kept) == "mío"


def test_the_new_one_put_in_its_place(clone: Clone) -> None:
    """Si quien aprende cambia su copia por la versión nueva, esa es ya su copia."""
    clone.open()
    clone.work("mío")
    clone.publish("x = 2")
    clone.open()
    (clone.mine / NEW).replace(clone.mine / FIRST)
    assert clone.open().notices == ()
    clone.publish("x = 3")
    assert clone.open().notices == ()
    assert (clone.files, clone.read()) == ([FIRST, SECOND], "x = 3")


def test_a_notebook_that_is_no_longer_there(clone: Clone) -> None:
    """La copia sin tocar de un cuaderno que ya no existe se va con él; la tocada se queda."""
    clone.open()
    clone.work("mío", SECOND)
    for name in (FIRST, SECOND):
        (clone.originals / name).rename(clone.originals / f"9{name}")
    clone.open()
    assert clone.files == [SECOND, f"9{FIRST}", f"9{SECOND}"]
    assert clone.read(SECOND) == "mío"


@pytest.mark.parametrize("state", ["", "[]", "{", None])
def test_without_its_notes_nothing_is_lost(clone: Clone, state: str | None) -> None:
    """Si lo apuntado se pierde o se estropea, lo tocado se queda y lo demás se reconoce."""
    clone.open()
    clone.work("mío")
    if state is None:
        (clone.mine / STATE).unlink()
    else:
        clone.write(clone.mine / STATE, state)
    (notice,) = clone.open().notices
    assert f"«{NEW}»" in notice
    assert clone.read() == "mío"
    assert clone.files == [NEW, FIRST, SECOND]


def test_a_clone_that_cannot_be_written(clone: Clone) -> None:
    """Si en el clon no se puede escribir, las copias van a la carpeta personal y «../apps» sigue valiendo."""
    clone.mine.write_text("un archivo donde iría la carpeta")
    found = clone.open()
    assert found == Copies(clone.home / "taller-multietapa" / NAME)
    assert (found.folder / FIRST).is_file()
    assert (found.folder / "../apps/tienda").is_dir()
    moved = clone.root.rename(clone.root.with_name("otro sitio"))  # el clon cambia de sitio
    assert prepare(moved, clone.home) == found
    assert (found.folder / "../apps/tienda").is_dir()


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="usa permisos de Unix")
def test_a_clone_of_another_person() -> None:
    """Un clon de solo lectura, de otra persona, se usa tal cual: nadie escribe en él."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        clone = Clone(Path(folder))
        clone.home.chmod(0o777)
        clone.root.chmod(0o555)
        with an_ordinary_user():
            assert clone.open().folder == clone.home / "taller-multietapa" / NAME
        assert not clone.mine.exists()
        clone.root.chmod(0o755)


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Dentro, root no es root."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(65534)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_nowhere_to_write(clone: Clone) -> None:
    """Si no se puede escribir en ninguna parte, se abren los originales y se avisa."""
    clone.mine.write_text("")
    (clone.home / "taller-multietapa").write_text("")
    found = clone.open()
    assert found.folder == clone.originals
    assert "no podrás guardar" in found.notices[0]


def test_one_that_cannot_be_written_does_not_stop_the_rest(clone: Clone) -> None:
    """Si una copia no se puede dejar, se dice cuál y por qué, y las demás están."""
    (clone.mine / FIRST).mkdir(parents=True)
    (notice,) = clone.open().notices
    assert f"«{FIRST}»" in notice
    assert (clone.mine / SECOND).is_file()


def test_two_workshops_at_once(clone: Clone) -> None:
    """Dos talleres que se abren a la vez entregan lo mismo y no dejan nada a medias."""
    clone.open()
    clone.work("mío", SECOND)
    clone.publish("x = 2")
    words = f"prepare(Path({str(clone.root)!r}), Path({str(clone.home)!r}))"
    code = f"from pathlib import Path; from multietapa.cli.copies import prepare; print({words})"
    command = [sys.executable, "-c", code]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert {process.communicate()[0].strip() for process in both} == {repr(Copies(clone.mine))}
    assert clone.files == [FIRST, SECOND]
    assert (clone.read(), clone.read(SECOND)) == ("x = 2", "mío")


def test_git_does_not_see_them() -> None:
    """Git no ve las copias: actualizar el clon no choca con el trabajo de nadie."""
    command = ["git", "check-ignore", "-q", f"{NAME}/{FIRST}"]
    assert subprocess.run(command, cwd=PROJECT_ROOT).returncode == 0
