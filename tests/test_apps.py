"""Las aplicaciones de ejemplo: su ``app.json`` dice la verdad y, si está mal, se explica en español."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from multietapa.apps import APPS, App, app, app_in, apps
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.outside import outside_images
from multietapa.dockerfile.stages import parse
from multietapa.errors import AppError, UnknownNameError

GOOD: dict[str, Any] = {
    "title": "Eco",
    "language": "sh",
    "port": 8080,
    "health": "/salud",
    "versions": [{"name": "única", "dockerfile": "Dockerfile", "tag": "eco:1"}],
    "bases": ["eco-base:1"],
}
VERSION = GOOD["versions"][0]


def described(folder: Path, text: str) -> Path:
    """Una carpeta con ese ``app.json`` y un Dockerfile."""
    folder.mkdir(exist_ok=True)
    (folder / "app.json").write_text(text, encoding="utf-8")
    (folder / "Dockerfile").write_text("FROM eco-base:1\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("found", apps(), ids=lambda found: found.name)
def test_what_an_app_says_is_true(found: App) -> None:
    """Sus bases son las que nombran sus Dockerfiles, tiene preguntas y su ficha no viaja en la imagen."""
    named: set[str] = set()
    for version in found.versions:
        context = open_context(found.folder, dockerfile=version.dockerfile)
        named |= set(
            outside_images(
                parse(context.text),
                architecture="amd64",
            )
        )
    assert set(found.bases) == named
    assert found.questions.is_file()
    ignored = (found.folder / ".dockerignore").read_text(encoding="utf-8").split()
    assert {"app.json", "preguntas.py"} <= set(ignored)
    assert app(found.name) == found == app_in(APPS / found.name)


def test_an_unknown_name_lists_the_known_ones() -> None:
    """Pedir una aplicación o una versión que no hay dice cuáles sí."""
    with pytest.raises(UnknownNameError, match="tienda-node"):
        app("tienda-php")
    with pytest.raises(UnknownNameError, match="ingenua, multietapa"):
        app("tienda-node").version("media")


def test_apps_are_found_by_their_folder(tmp_path: Path) -> None:
    """Cada carpeta con un ``app.json`` es una aplicación; las demás, no."""
    described(tmp_path / "eco", json.dumps(GOOD))
    (tmp_path / "otra").mkdir()
    (found,) = apps(tmp_path)
    assert (found.name, found.port, found.bases) == ("eco", 8080, ("eco-base:1",))
    assert found.version("única").tag == "eco:1"
    assert found.version("única").recording == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{\n  'title': 1}", "línea 2, columna 3"),
        ("[]", "Tiene que ser un objeto"),
        ("{}", "falta «title»"),
        (json.dumps({**GOOD, "puerto": 1}), "sobra «puerto»; vale: title, language"),
        (json.dumps({**GOOD, "port": "8080"}), "«port» tiene que ser un número entero"),
        (json.dumps({**GOOD, "port": True}), "«port» tiene que ser un número entero"),
        (json.dumps({**GOOD, "port": 99999}), "entre 1 y 65535, y es 99999"),
        (json.dumps({**GOOD, "health": "salud"}), "empezar por «/», y es «salud»"),
        (json.dumps({**GOOD, "title": ""}), "«title» está vacío"),
        (json.dumps({**GOOD, "bases": []}), "«bases» está vacía"),
        (json.dumps({**GOOD, "bases": [14]}), "lista de nombres de imagen"),
        (json.dumps({**GOOD, "versions": []}), "«versions» está vacía"),
        (json.dumps({**GOOD, "versions": ["Dockerfile"]}), "versión 1: tiene que ser un objeto"),
        (json.dumps({**GOOD, "versions": [{**VERSION, "tag": None}]}), "versión 1: «tag» tiene que ser"),
        (json.dumps({**GOOD, "versions": [{**VERSION, "dockerfile": "D"}]}), "no existe el archivo «D»"),
        (json.dumps({**GOOD, "versions": [VERSION, VERSION]}), "hay dos versiones «única»"),
    ],
)
def test_a_wrong_description_is_explained(tmp_path: Path, text: str, said: str) -> None:
    """Un ``app.json`` que no sirve se nombra y se dice qué le pasa y cuál sirve de ejemplo."""
    with pytest.raises(AppError) as caught:
        App.from_folder(described(tmp_path / "eco", text))
    message = str(caught.value)
    assert said in message
    assert "eco/app.json" in message
    assert "tienda-node" in message


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    """Si hay varias cosas mal, se ven todas a la vez."""
    text = json.dumps({"title": 3, "port": 0, "health": "/", "versions": [{}], "bases": ["x"]})
    with pytest.raises(AppError) as caught:
        App.from_folder(described(tmp_path / "eco", text))
    assert caught.value.detail.splitlines() == [
        "falta «language»",
        "«title» tiene que ser un texto",
        "«port» tiene que estar entre 1 y 65535, y es 0",
        "versión 1: falta «name»",
        "versión 1: falta «dockerfile»",
        "versión 1: falta «tag»",
    ]


def test_a_description_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    """Sin archivo, o con uno que no es texto, también se explica."""
    with pytest.raises(AppError, match="No se puede leer"):
        App.from_folder(tmp_path)
    (tmp_path / "app.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(AppError, match="No se puede leer"):
        App.from_folder(tmp_path)
