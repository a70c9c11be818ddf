"""``contexto``: lo que devuelve, sus frases y el widget en un Chromium de verdad."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from multietapa import contexto
from multietapa.build.suspects import suspects
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import survey
from multietapa.dockerfile.travel import NONE, Amount, Folder
from multietapa.errors import CallError, ContextError, UnknownNameError
from multietapa.widgets.context.context import ContextView
from multietapa.widgets.context.sample import careless, cut, good, views
from multietapa.widgets.context.twin import FILES, RULES, lines, static_html
from multietapa.widgets.context.words import DOCKERFILE, NOTHING, Look, headline, readable
from multietapa.widgets.saved import VIEW
from tests.axe import grave
from tests.cell_shell import Published
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw
from tests.test_context import write

SAVED = 60_000
WIDTHS = (1280, 768)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Una carpeta con dependencias, un registro, y un ``.dockerignore`` con una errata."""
    write(
        tmp_path, "Dockerfile", "src/a.js", "src/b.js", "node_modules/x/a.js", "node_modules/y.js", "hoy.log"
    )
    (tmp_path / ".dockerignore").write_text("node_modules\n*.log\nnodes_modules\n!nada.log\n")
    return tmp_path


def look_at(root: Path, **options: str) -> Look:
    """Lo que se enseña de una carpeta."""
    travel = survey(open_context(root, **options))
    return Look(root.name, travel, suspects(travel))


# --- Lo que devuelve ---


def test_what_it_gives(shop: Path) -> None:
    """Las dos cantidades, los nombres de lo que viaja y las filas de cada tabla; el resumen es una frase."""
    found = contexto(shop, vista=False)
    assert found.archivos == [".dockerignore", "Dockerfile", "src/a.js", "src/b.js"]
    assert (found.viajan.archivos, found.fuera.archivos) == (4, 3)
    assert found.viajan.bytes == sum((shop / name).stat().st_size for name in found.archivos)
    assert repr(found.fuera) == "3 archivos, 43 B"
    assert repr(found).endswith("viajan al motor 4 archivos, 66 B; se quedan fuera 3 archivos, 43 B")
    assert [row["carpeta"] for row in found.carpetas] == ["node_modules", "src"]
    assert [(row["línea"], row["archivos"]) for row in found.reglas] == [(1, 2), (2, 1), (3, 0), (4, 0)]
    assert [row["efecto"] for row in found.reglas[2:]] == [
        f"{NOTHING}. ¿Querías decir «node_modules»?",
        NOTHING,
    ]
    assert (found.avisos, found.problemas) == ([], [])


def test_the_list_has_a_row_for_each_entry(shop: Path) -> None:
    """``lista()`` dice de cada entrada si viaja y qué línea lo decide; una carpeta excluida es una fila."""
    rows = {row["ruta"]: row for row in contexto(shop, vista=False).lista()}
    assert [rows[name]["viaja"] for name in ("src", "src/a.js", "hoy.log", "node_modules")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert (rows["hoy.log"]["línea"], rows["hoy.log"]["regla"]) == (2, "*.log")
    assert (rows["node_modules"]["archivos"], rows["node_modules"]["tipo"]) == (2, "carpeta")
    assert "node_modules/y.js" not in rows


def test_the_rules_of_that_dockerfile_are_the_ones(shop: Path) -> None:
    """Con ``NOMBRE.dockerignore`` valen sus reglas, y se dice que las otras no se leen."""
    write(shop, "dev.Dockerfile")
    (shop / "dev.Dockerfile.dockerignore").write_text("src\n")
    found = contexto(shop, dockerfile="dev.Dockerfile", vista=False)
    assert [row["regla"] for row in found.reglas] == ["src"]
    assert "«.dockerignore» no se lee" in found.tabla_texto


def test_an_excluded_dockerfile_is_explained(shop: Path) -> None:
    """Una regla que excluye el Dockerfile no impide construir, y se dice qué consigue."""
    assert DOCKERFILE not in contexto(shop, vista=False).tabla_texto
    (shop / ".dockerignore").write_text("Dockerfile\n")
    assert DOCKERFILE in contexto(shop, vista=False).tabla_texto


def test_text_is_printed_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Con ``vista="texto"`` se escribe la tabla; con ``False``, nada."""
    found = contexto(shop, vista="texto")
    assert capsys.readouterr().out == f"{found.tabla_texto}\n"
    contexto(shop, vista=False)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("view", "wanted"), [("", {VIEW, "text/plain", "text/html"}), (", vista=False", {"text/plain"})]
)
def test_what_a_cell_shows(published: Published, shop: Path, view: str, wanted: set[str]) -> None:
    """En un cuaderno sale el widget con sus gemelos, una vez; con ``vista=False``, la frase."""
    (data,) = published(f"from multietapa import contexto\ncontexto({str(shop)!r}{view})")
    assert set(data) == wanted
    assert "viajan al motor 4 archivos" in data["text/plain"]


def test_a_wrong_call_is_explained(tmp_path: Path) -> None:
    """Una carpeta que no existe, una sin Dockerfile, otra vista o algo que no es una carpeta se explican."""
    with pytest.raises(ContextError, match="no existe"):
        contexto(tmp_path / "nada")
    with pytest.raises(ContextError, match="No existe el Dockerfile"):
        contexto(tmp_path)
    with pytest.raises(UnknownNameError, match="la vista"):
        contexto(tmp_path, vista="dibujo")
    with pytest.raises(CallError, match=r'contexto\("apps/tienda-node"\)'):
        contexto(3)  # type: ignore[arg-type]


# --- Lo que se dice ---


@pytest.mark.parametrize(
    ("look", "said"),
    [
        (good, "viajan al motor 34 archivos, 544 kB; se quedan fuera 48\u202f212 archivos, 315 MB"),
        (careless, "viajan al motor 49\u202f178 archivos, 396 MB; no se queda ninguno fuera"),
        (cut, "viajan al motor 2 archivos, 900 B; se quedan fuera al menos 20\u202f480 archivos, 96,0 MB"),
    ],
)
def test_the_headline_says_both_sides(look: type[Look], said: str) -> None:
    """El titular dice lo que viaja y lo que no, con sus unidades; lo que no se contó entero, «al menos»."""
    assert headline(look()).endswith(said)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("travels", "out", "said"),
    [
        (Amount(1, 5), Amount(1, 7), "viaja al motor 1 archivo, 5 B; se queda fuera 1 archivo, 7 B"),
        (NONE, Amount(2, 7), "no viaja ningún archivo al motor; se quedan fuera 2 archivos, 7 B"),
        (Amount(whole=False), NONE, "no se puede comprobar qué viaja al motor; no se queda ninguno fuera"),
        (Amount(1, 5), Amount(whole=False), "5 B; de lo que se queda fuera no se pudo contar nada"),
    ],
)
def test_the_headline_of_each_case(travels: Amount, out: Amount, said: str) -> None:
    """En singular, sin nada que viaje, y sin haber podido contar: nunca se dice cero por no haber mirado."""
    look = good()
    root = Folder("", travels, out)
    assert headline(replace(look, travel=replace(look.travel, root=root))).endswith(said)


def test_the_twins_say_the_same(shop: Path) -> None:
    """El texto y el HTML llevan el titular, las reglas con lo que hacen, y las carpetas; escapados."""
    write(shop, "<b>/x")
    look = look_at(shop)
    text, html = "\n".join(lines(look)), static_html(look)
    for said in ("línea 1: node_modules · deja fuera 2 archivos", NOTHING, "node_modules: 2 archivos"):
        assert said in text
    assert NOTHING in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_a_strange_name_can_be_written() -> None:
    """Un nombre con un salto de línea o que no es UTF-8 se puede escribir y guardar."""
    assert readable("a\nb") == "a\\nb"
    assert readable("\udcff.txt").encode() == b"\\xff.txt"


@pytest.mark.sin_ramas
def test_what_is_saved_is_small(tmp_path: Path) -> None:
    """Con muchas carpetas, reglas y nombres larguísimos, lo que se guarda no llega a 60 kB."""
    write(tmp_path, "Dockerfile")
    for n in range(40):
        for k in range(12):
            folder = tmp_path / f"{'ñ' * 100}{n}" / f"{'x' * 200}{k}" / "mmm"
            folder.mkdir(parents=True)
            (folder / f"{'<' * 200}.js").touch()
            (folder / ".npmrc").write_text(
                f"//r/:_authToken=npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P{n:03d}{k:02d}00000\n"
            )
    (tmp_path / ".dockerignore").write_text("\n".join(f"{'<' * 150}{n}" for n in range(200)))
    view = ContextView(look_at(tmp_path))
    state = {name: value for name, value in view.get_state().items() if not name.startswith("_")}
    assert len(json.dumps(state, ensure_ascii=False).encode()) < SAVED
    assert state["look"]["filesMore"] == f"y {2 * 480 + 2 - FILES} más"
    assert state["look"]["tree"]["more"] == ""
    assert state["look"]["rulesMore"] == f"y {200 - RULES} más"
    assert len(view.twins()[1]) < SAVED


# --- En la página ---


def test_folders_open_with_the_keyboard(blank_page: Page) -> None:
    """Una carpeta con otras dentro se abre con Intro; la que no tiene, no se puede abrir."""
    draw(blank_page, ContextView(good()))
    opened = blank_page.locator(".mtx-tree details").first
    expect(blank_page.get_by_text("publico")).to_be_hidden()
    opened.locator("summary").focus()
    blank_page.keyboard.press("Enter")
    expect(blank_page.get_by_text("publico")).to_be_visible()
    expect(blank_page.locator(".mtx-tree details")).to_have_count(1)


def test_files_are_filtered_by_name(blank_page: Page) -> None:
    """El filtro deja las filas cuyo nombre lo contiene, sin mirar mayúsculas, y dice cuántas son."""
    draw(blank_page, ContextView(good()))
    blank_page.locator(".mtx-files > summary").click()
    rows = blank_page.locator(".mtx-files tbody tr:visible")
    expect(rows).to_have_count(6)
    field = blank_page.get_by_label("Filtrar por nombre")
    field.press_sequentially("LOG")
    expect(rows).to_have_count(2)
    expect(blank_page.get_by_role("status")).to_have_text("2 de 6")
    field.fill("no está")
    expect(rows).to_have_count(0)
    expect(blank_page.get_by_role("status")).to_have_text("0 de 6")
    field.fill("")
    expect(rows).to_have_count(6)
    expect(blank_page.get_by_role("status")).to_have_text("")


def test_the_page_says_what_python_says(blank_page: Page, shop: Path) -> None:
    """En la página están el titular, cada regla con lo que hace, y un secreto marcado como tal."""
    (shop / ".npmrc").write_text("//r/:_authToken=npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8\n")
    look = look_at(shop)
    draw(blank_page, ContextView(look))
    expect(blank_page.get_by_role("heading", level=3)).to_have_text(headline(look))
    expect(blank_page.locator(".mtx-nothing")).to_have_count(1)
    expect(blank_page.locator(".mtx-hinted")).to_contain_text("¿Querías decir «node_modules»?")
    expect(blank_page.locator(".mtx-secret")).to_contain_text(".npmrc")
    assert "a1B2c3" not in (blank_page.locator(".mtx").text_content() or "")


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
def test_it_is_accessible_and_fits(blank_page: Page, theme: str) -> None:
    """Con todo desplegado, axe-core no encuentra nada grave, a dos anchos y en los dos temas; todo cabe."""
    draw(blank_page, *views().values(), themes=[theme])
    blank_page.evaluate("document.querySelectorAll('details').forEach((box) => (box.open = true))")
    for width in WIDTHS:
        blank_page.set_viewport_size({"width": width, "height": 900})
        for look in (OVERFLOWING, STICKING_OUT, FAINT):
            assert blank_page.evaluate(look) == []
        assert grave(blank_page, ".mt") == []
