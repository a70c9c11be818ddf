"""«Añadir una vista» de CONTRIBUTING, seguida paso a paso en una copia del proyecto."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import copy_project
from tools.sample import THEMES

NAME = "espera"
FILES = {
    "__init__.py": '"""¿Cuánto falta?"""\n',
    f"{NAME}.py": '''\
"""El widget de una espera."""

from __future__ import annotations

import traitlets

from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.espera.words import sentence, static_html


class WaitView(WidgetView):
    """Cuántos segundos y cuántos bytes faltan."""

    _esm, _css = drawing(__file__)
    seconds = traitlets.Float(0.0).tag(sync=True)
    size = traitlets.Int(0).tag(sync=True)

    def show(self, seconds: float, size: int) -> None:
        """Enseña lo que falta ahora."""
        self.put({"seconds": seconds, "size": size})

    def finish(self) -> None:
        """Ya no falta nada."""
        self.show(0.0, 0)
        self.save_twins()

    def twins(self) -> tuple[str, str]:
        """Lo que falta, en texto y en HTML."""
        return sentence(self.seconds, self.size), static_html(self.seconds, self.size)
''',
    "words.py": '''\
"""Lo que dice la vista de una espera."""

from __future__ import annotations

import html

from multietapa import text


def sentence(seconds: float, size: int) -> str:
    """Lo que falta, en una frase."""
    return f"Faltan {text.duration(seconds)} y {text.size(size)}"


def static_html(seconds: float, size: int) -> str:
    """La misma frase en HTML."""
    return f"<p>{html.escape(sentence(seconds, size))}</p>"
''',
    f"{NAME}.js": """\
function render({ model, el }) {
  const root = panel(el, "mte", "Lo que falta");
  const left = element("p", "mte-left", "", { role: "status" });
  root.append(left);
  const draw = () => setText(left, `Faltan ${duration(model.get("seconds"))} y ${size(model.get("size"))}`);
  return wire(model, { seconds: draw, size: draw });
}

export default { render };
""",
    f"{NAME}.css": ".mte-left { color: var(--mt-soft); margin: 0; }\n",
    "sample.py": '''\
"""Esperas de muestra."""

from __future__ import annotations

from multietapa.widgets.espera.espera import WaitView


def views() -> dict[str, WaitView]:
    """El widget al principio y al final."""
    begun, ended = WaitView(), WaitView()
    begun.show(0.42, 148_200_000)
    ended.finish()
    return {"falta": begun, "ya está": ended}
''',
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Una copia del proyecto con la vista nueva: solo una carpeta más."""
    copy = copy_project(tmp_path / "copia")
    folder = copy / "multietapa" / "widgets" / NAME
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return copy


def ask(project: Path, *arguments: str) -> str:
    """Una orden de Python en la copia; lo que escribe, si sale bien."""
    environment = {**os.environ, "PYTHONPATH": str(project)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=project, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return done.stdout


def test_a_new_view_is_one_folder(project: Path, blank_page: Page, tmp_path: Path) -> None:
    """Con su carpeta y nada más, una vista nueva se dibuja con sus muestras y sus gemelos dicen lo mismo."""
    target = tmp_path / "muestra.html"
    ask(project, "-m", "tools.sample", NAME, str(target))
    blank_page.goto(target.as_uri())
    blank_page.wait_for_selector("body[data-ready]")
    drawn = blank_page.locator(".mte-left")
    expect(drawn).to_have_text(["Faltan 0,4 s y 148 MB", "Faltan 0,0 s y 0 B"] * len(THEMES))
    blank_page.evaluate("shown[0].model.set('seconds', 185)")
    expect(drawn.first).to_have_text("Faltan 3 min 05 s y 148 MB")
    program = f"from multietapa.widgets.{NAME}.sample import views\nprint(views()['falta'].twins()[0])"
    assert ask(project, "-c", program).strip() == "Faltan 0,4 s y 148 MB"


@pytest.mark.lenta
def test_the_house_takes_the_new_view(project: Path) -> None:
    """Las pruebas de la casa recogen la vista sin tocarlas, y ninguna se queja."""
    rules = ("test_no_import_climbs", "test_each_room_says_its_question", "test_no_module_waits_for_itself")
    wanted = " or ".join((NAME, *rules))
    told = ask(project, "-m", "pytest", "-q", "tests/test_samples.py", "tests/test_rooms.py", "-k", wanted)
    assert f"{4 + len(rules)} passed" in told
