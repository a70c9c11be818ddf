"""``apps/verificar`` con una dirección: qué hace con cada clase de preguntas, sin nada instalado."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from multietapa.paths import PROJECT_ROOT

#: Lo único del proyecto que necesita.
NEEDED = (
    "apps/verificar",
    *(f"multietapa/{n}.py" for n in "__init__ apps errors identity paths text".split()),
)
DESCRIPTION = {
    "title": "Eco",
    "language": "sh",
    "port": 8080,
    "health": "/",
    "versions": [{"name": "única", "dockerfile": "Dockerfile", "tag": "eco:1"}],
    "bases": ["eco-base:1"],
}
GOOD = """\
def ask(web):
    answer = web.json("/")
    web.expect(answer["eco"] == "hola", "debería decir hola", answer)
    yield "Dice hola"
    web.text("/nada", status=404)
    yield "Lo que no hay es un 404"
"""


class Echo(http.server.BaseHTTPRequestHandler):
    """Una aplicación pequeñísima: contesta a ``/``, y nada más."""

    def do_GET(self) -> None:
        """Un objeto JSON, o un 404."""
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()
        self.wfile.write(b'{"eco": "hola"}')

    def log_message(self, *_: object) -> None:
        """Sin registro."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """La dirección de :class:`Echo`, en marcha."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def app_folder(tmp_path: Path) -> Path:
    """La carpeta de una aplicación, «eco», en un proyecto con lo justo."""
    for name in NEEDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(PROJECT_ROOT / name, tmp_path / name)
    folder = tmp_path / "apps/eco"
    folder.mkdir()
    (folder / "app.json").write_text(json.dumps(DESCRIPTION), encoding="utf-8")
    (folder / "Dockerfile").write_text("FROM eco-base:1\n")
    return folder


def verify(app_folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """La orden, en un Python aislado y sin paquetes instalados."""
    command = [sys.executable, "-I", "-S", str(app_folder.parent / "verificar"), *words]
    return subprocess.run(command, capture_output=True, text=True)


def test_good_answers_are_told_one_by_one(app_folder: Path, address: str) -> None:
    """Cada cosa comprobada sale en su línea, la orden acaba con 0 y no deja nada en la carpeta."""
    (app_folder / "preguntas.py").write_text(GOOD)
    before = sorted(app_folder.iterdir())
    done = verify(app_folder, "eco", address)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:] == ["✓ Dice hola", "✓ Lo que no hay es un 404", "Todo bien."]
    assert sorted(app_folder.iterdir()) == before


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        (GOOD.replace('== "hola"', '== "adiós"'), "✗ debería decir hola. Ha llegado: {'eco': 'hola'}"),
        (GOOD.replace('answer["eco"]', 'answer["ecos"]'), "KeyError: 'ecos' (línea 3 de preguntas.py)"),
        (GOOD.replace("404)", "200)"), "debería contestar con el código 200, y contesta 404"),
        ("def ask(web):\n    return []\n", "eco/preguntas.py no ha preguntado nada"),
    ],
    ids=["otra respuesta", "otra forma", "otro código", "ninguna"],
)
def test_a_wrong_answer_ends_with_1(app_folder: Path, address: str, questions: str, said: str) -> None:
    """Lo que no es lo esperado acaba con 1 y dice qué se esperaba y qué llegó, sin rastro de Python."""
    (app_folder / "preguntas.py").write_text(questions)
    done = verify(app_folder, "eco", address)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Todo bien." not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ("", "tiene que definir una función ask(web)"),
        ("def ask(web:\n", "SyntaxError"),
        ("\nimport no_existe\n", "(línea 2 de preguntas.py)"),
        (None, "le falta preguntas.py"),
    ],
    ids=["vacío", "mal escrito", "no carga", "no está"],
)
def test_an_app_without_questions_ends_with_2(
    app_folder: Path, address: str, questions: str | None, said: str
) -> None:
    """Si no hay qué preguntar, acaba con 2 y dice qué le pasa a ``preguntas.py``."""
    if questions is not None:
        (app_folder / "preguntas.py").write_text(questions)
    done = verify(app_folder, "eco", address)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_description_ends_with_2(app_folder: Path, address: str) -> None:
    """Un ``app.json`` roto también acaba con 2, con todo lo que hay que arreglar."""
    (app_folder / "app.json").write_text("{}")
    done = verify(app_folder, "eco", address)
    assert done.returncode == 2
    assert "falta «port»" in done.stderr
    assert "Traceback" not in done.stderr
