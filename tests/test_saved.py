"""Lo que se guarda de las vistas de un cuaderno: el estado de las que se ven, y ninguno más."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from multietapa.widgets.saved import STATE, VIEW, before_saving, freeze, keep_what_is_shown, widget_states


def view(model_id: str, **data: str) -> dict[str, Any]:
    """La salida de un widget, con lo que lleva al lado."""
    return {"output_type": "display_data", "metadata": {}, "data": {VIEW: {"model_id": model_id}, **data}}


def notebook(*outputs: dict[str, Any], **states: dict[str, Any]) -> dict[str, Any]:
    """Un cuaderno de una celda, con esas salidas y ese estado de cada widget."""
    cells = [{"cell_type": "code", "outputs": list(outputs)}, {"cell_type": "markdown", "source": "x"}]
    found: dict[str, Any] = {"cells": cells, "metadata": {"kernelspec": {}}}
    if states:
        full = {name: {"model_name": "X", "state": state} for name, state in states.items()}
        found["metadata"]["widgets"] = {STATE: {"state": full, "version_major": 2, "version_minor": 0}}
    return found


def test_only_what_is_shown_is_kept() -> None:
    """Se queda cada widget que sale en una salida, con los que nombra su estado; los demás se van."""
    found = notebook(
        view("a"),
        a={"layout": "IPY_MODEL_l", "children": ["IPY_MODEL_h", {"x": "IPY_MODEL_nadie"}]},
        h={"shared": "IPY_MODEL_s", "again": "IPY_MODEL_a"},
        s={"esm": "…"},
        l={},
        old={"layout": "IPY_MODEL_l2"},
        l2={},
    )
    keep_what_is_shown(found, {})
    assert set(widget_states(found)) == {"a", "l", "h", "s"}


def test_what_the_browser_no_longer_knows_comes_from_the_file() -> None:
    """Sin kernel el navegador no manda el estado, y vale el que ya estaba guardado; si lo manda, el suyo."""
    before = notebook(view("a"), view("b"), a={"value": 1}, b={"value": 1}, x={})
    found = notebook(view("a"), view("b"), b={"value": 2})
    keep_what_is_shown(found, before)
    assert {name: each["state"] for name, each in widget_states(found).items()} == {
        "a": {"value": 1},
        "b": {"value": 2},
    }


def test_a_view_without_state_gives_way_to_its_twin() -> None:
    """Una vista cuyo estado se perdió no se guarda si hay un gemelo que la sustituya; si no, se deja."""
    found = notebook(
        view("a", **{"text/html": "<p>a</p>", "text/plain": "a"}), view("b", **{"text/plain": "b"})
    )
    keep_what_is_shown(found, {})
    first, second = found["cells"][0]["outputs"]
    assert first["data"] == {"text/html": "<p>a</p>", "text/plain": "a"}
    assert VIEW in second["data"]
    assert "widgets" not in found["metadata"]


def test_the_server_calls_it_before_writing(tmp_path: Path) -> None:
    """El servidor da la ruta y el contenido, que se cambia en su sitio con lo que había en el disco."""
    (tmp_path / "sub").mkdir()
    before = notebook(view("a"), a={"value": 1})
    (tmp_path / "sub" / "n.ipynb").write_text(json.dumps(before), encoding="utf-8")
    manager = SimpleNamespace(root_dir=str(tmp_path))
    model: dict[str, Any] = {"type": "notebook", "content": notebook(view("a"))}
    before_saving(model=model, path="/sub/n.ipynb", contents_manager=manager)
    assert widget_states(model["content"]) == widget_states(before)


@pytest.mark.parametrize("written", [None, "", "{", "[]", "ñ"])
def test_a_file_that_is_new_or_broken_does_not_matter(tmp_path: Path, written: str | None) -> None:
    """Sin un cuaderno que leer en el disco, se guarda lo que mandó el navegador."""
    if written is not None:
        (tmp_path / "n.ipynb").write_text(written, encoding="latin-1")
    model: dict[str, Any] = {"type": "notebook", "content": notebook(view("a"), a={"value": 1})}
    before_saving(model=model, path="n.ipynb", contents_manager=SimpleNamespace(root_dir=str(tmp_path)))
    assert set(widget_states(model["content"])) == {"a"}


@pytest.mark.parametrize(
    "model", [{"type": "file", "content": "x"}, {"type": "directory"}, {"type": "notebook", "content": None}]
)
def test_other_files_are_left_alone(model: dict[str, Any], tmp_path: Path) -> None:
    """Lo que no es un cuaderno, o no trae contenido (renombrar), se deja como está."""
    same = copy.deepcopy(model)
    before_saving(model=model, path="x", contents_manager=SimpleNamespace(root_dir=str(tmp_path)))
    assert model == same


def test_without_widgets_a_notebook_reads_the_same() -> None:
    """Para leerlo fuera, cada vista se cambia por su gemelo; un control sin gemelo, por su valor guardado."""
    found = notebook(
        view("a", **{"text/html": "<p>a</p>", "text/plain": "a"}),
        view("b", **{"text/plain": "IntSlider(value=0)"}),
        view("c", **{"text/plain": "Button()"}),
        view("d", **{"text/plain": "Text()"}),
        view("e", **{"text/html": "<p>sin hacer</p>", "text/plain": "sin hacer"}),
        view("f", **{"text/html": "<p>¿a o b?</p>", "text/plain": "¿a o b?"}),
        view("g", **{"text/html": "<p>¿c o d?</p>", "text/plain": "¿c o d?"}),
        b={"value": 300, "description": "MB"},
        c={"icon": "x"},
        d={"value": "hola"},
        e={"value": 5.0, "said": "Tu predicción: 5 MB <"},
        f={"chosen": ["a"], "added": "Tu respuesta: a.\na) Por `<b>`."},
        g={"chosen": [], "added": ""},
    )
    freeze(found)
    said = [each["data"] for each in found["cells"][0]["outputs"]]
    assert said[0] == {"text/html": "<p>a</p>", "text/plain": "a"}
    assert said[4]["text/html"] == "<p>Tu predicción: 5 MB &lt;</p>"
    answered = "<p>Tu respuesta: a.</p><p>a) Por <code>&lt;b&gt;</code>.</p>"
    assert said[5]["text/html"] == f"<p>¿a o b?</p>{answered}"
    assert said[6]["text/html"] == "<p>¿c o d?</p>"
    assert [each["text/plain"] for each in said[1:]] == [
        "MB: 300",
        "Button()",
        "hola",
        "Tu predicción: 5 MB <",
        "¿a o b?\n\nTu respuesta: a.\na) Por `<b>`.",
        "¿c o d?",
    ]
    assert "widgets" not in found["metadata"]
