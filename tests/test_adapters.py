"""Lo que el kit usa de IPython, ipykernel y anywidget sigue donde estaba: lo dicen las bibliotecas de verdad.

Si una de estas pruebas falla después de actualizar una biblioteca, su mensaje dice qué módulo de
``multietapa/widgets/adapters/`` hay que revisar.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anywidget
import pytest
import traitlets
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from multietapa.errors import MultietapaError
from multietapa.widgets.adapters.anywidget import with_twins
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.adapters.ipython import after_each_cell, current_cell, explain_errors

MOVED = "{} ya no funciona como el kit espera: revisa multietapa/widgets/adapters/{}.py"
IPYTHON = MOVED.format("IPython", "ipython")
IPYKERNEL = MOVED.format("ipykernel", "ipykernel")
ANYWIDGET = MOVED.format("anywidget", "anywidget")


@contextmanager
def kernel() -> Iterator[BlockingKernelClient]:
    """Un kernel de verdad."""
    manager, client = start_new_kernel(startup_timeout=60)
    try:
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def client() -> Iterator[BlockingKernelClient]:
    """Un kernel para las pruebas de este módulo."""
    with kernel() as opened:
        yield opened


def run(client: BlockingKernelClient, code: str) -> list[dict[str, Any]]:
    """Lo que publica una celda: sus mensajes, sin los de estado."""
    found: list[dict[str, Any]] = []
    client.execute_interactive(code, output_hook=found.append, timeout=60)
    return [message for message in found if message["msg_type"] != "status"]


def published(messages: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """El contenido de los mensajes de una clase."""
    return [message["content"] for message in messages if message["msg_type"] == kind]


# --- IPython ---------------------------------------------------------------------------------------


def test_each_cell_has_its_number(shell: InteractiveShell) -> None:
    """En toda la celda, hasta pintar su último valor, el número es el mismo; en la siguiente, otro."""

    class Last:
        def __repr__(self) -> str:
            seen.append(current_cell())
            return "último"

    seen: list[int] = []
    shell.user_ns.update(current_cell=current_cell, Last=Last, seen=seen)
    for _ in range(2):
        shell.run_cell("seen.append(current_cell())\nLast()", store_history=True)
    assert seen[0] == seen[1] != seen[2] == seen[3], IPYTHON


def test_some_errors_are_explained(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    """El rastro de esos errores se cambia por una explicación y la celda falla igual; el de otros, no."""
    for _ in range(2):
        explain_errors((KeyError, OSError), lambda error: [f"explicado: {error}"])
    failed = shell.run_cell("{}['clave']")
    written = capsys.readouterr().out
    assert "explicado: 'clave'" in written, IPYTHON
    assert "Traceback" not in written, IPYTHON
    assert isinstance(failed.error_in_exec, KeyError), IPYTHON
    shell.run_cell("1 / 0")
    assert "ZeroDivisionError" in capsys.readouterr().out, IPYTHON


def test_errors_of_the_kit_draw_themselves(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """Un error del kit se lee sin rastro de Python: IPython le pregunta cómo se pinta."""
    shell.user_ns["MultietapaError"] = MultietapaError
    shell.run_cell("raise MultietapaError('Pasó algo.', next_step='Haz esto.')")
    written = capsys.readouterr().out
    assert "✗ Pasó algo.\nQué hacer: Haz esto." in written, IPYTHON
    assert "Traceback" not in written, IPYTHON


def test_something_is_said_after_each_cell(shell: InteractiveShell) -> None:
    """Lo que se pide para después de cada celda se hace una sola vez en cada una."""
    seen: list[object] = []
    for _ in range(2):
        after_each_cell(seen.append)
    shell.run_cell("1")
    shell.run_cell("2")
    assert [getattr(result, "result", None) for result in seen] == [1, 2], IPYTHON


def test_a_cell_of_a_notebook_shows_the_explanation(client: BlockingKernelClient) -> None:
    """En un kernel, la explicación llega como el error de la celda, con el nombre del de verdad."""
    code = (
        "from multietapa.widgets.adapters.ipython import explain_errors\n"
        "explain_errors((KeyError,), lambda error: ['explicado'])\n{}['clave']"
    )
    (error,) = published(run(client, code), "error")
    assert (error["ename"], error["traceback"]) == ("KeyError", ["explicado"]), IPYTHON


# --- ipykernel -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shell")
def test_a_notebook_is_told_from_a_terminal(client: BlockingKernelClient) -> None:
    """Dentro de un kernel hay cuaderno; en un IPython de terminal y fuera de IPython, no."""
    code = "from multietapa.widgets.adapters.ipykernel import in_notebook\nprint(in_notebook())"
    (told,) = published(run(client, code), "stream")
    assert told["text"].strip() == "True", IPYKERNEL
    assert not in_notebook(), IPYKERNEL


def test_outside_ipython_nothing_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin IPython no hay celda ni cuaderno, y pedir algo para sus celdas no hace nada."""
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    explain_errors((KeyError,), lambda _: [])
    after_each_cell(print)
    assert (current_cell(), in_notebook()) == (0, False)


BUSY = """
import threading
from multietapa.widgets.build.words import Request
from multietapa.widgets.build.build import BuildView
cancel = threading.Event()
view = BuildView(Request("a:1", ""), cancel=cancel)
{before}
view.summary = "la celda escribe"
print("llegó" if cancel.wait({seconds}) else "no llegó")
"""
UNDO = "del view.comm._reply_subshell_for"


def click_while_busy(client: BlockingKernelClient, *, before: str = "pass", seconds: float = 15) -> str:
    """Manda el clic de «Cancelar», como JupyterLab (por un «subshell»), a una celda que sigue trabajando."""

    def answers(kind: str) -> Iterator[dict[str, Any]]:
        while True:
            try:
                message = client.get_iopub_msg(timeout=30)
            except queue.Empty:
                return
            if message["msg_type"] == kind:
                yield message["content"]

    client.control_channel.send(client.session.msg("create_subshell_request"))
    subshell = client.get_control_msg(timeout=30)["content"]["subshell_id"]
    client.execute(BUSY.format(before=before, seconds=seconds))
    opened = next(o for o in answers("comm_open") if "BuildView" in str(o["data"]))
    next(m for m in answers("comm_msg") if m["comm_id"] == opened["comm_id"])
    data = {"method": "custom", "content": {"type": "cancelar"}}
    message = client.session.msg("comm_msg", {"comm_id": opened["comm_id"], "data": data})
    message["header"]["subshell_id"] = subshell
    client.shell_channel.send(message)
    return str(next(answers("stream"))["text"]).strip()


def test_a_click_arrives_while_the_cell_runs() -> None:
    """El botón se atiende en otro hilo del kernel aunque la celda esté ocupada y escriba en el widget."""
    with kernel() as client:
        start = time.monotonic()
        assert click_while_busy(client) == "llegó", IPYKERNEL
        assert time.monotonic() - start < 10, IPYKERNEL


@pytest.mark.lenta
def test_the_adapter_is_still_needed() -> None:
    """Sin el adaptador, ipykernel devuelve el clic al hilo ocupado; el día que no, el adaptador sobra."""
    from ipykernel.comm.comm import BaseComm

    assert hasattr(BaseComm, "_reply_subshell_for"), f"{IPYKERNEL} (ya no está Comm._reply_subshell_for)"
    with kernel() as client:
        told = click_while_busy(client, before=UNDO, seconds=2)
    assert told == "no llegó", "ipykernel ya atiende el clic por sí solo: adapters/ipykernel.py sobra"


# --- anywidget y traitlets -------------------------------------------------------------------------


DRAWING, STYLE = "export default { render() {} }", ".x { color: red }"


class Plain(anywidget.AnyWidget):
    """Un widget sin nada del kit."""

    _esm = DRAWING
    _css = STYLE
    one = traitlets.Int(0).tag(sync=True)
    two = traitlets.Int(0).tag(sync=True)


def test_twins_go_beside_the_widget() -> None:
    """La salida de un widget lleva la vista de Jupyter y, al lado, los dos gemelos."""
    plain = Plain()
    assert isinstance(plain._repr_mimebundle_(), tuple), ANYWIDGET
    data, _ = with_twins(plain._repr_mimebundle_(), text="texto", html="<p>html</p>")
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == plain.model_id, ANYWIDGET
    assert (data["text/plain"], data["text/html"]) == ("texto", "<p>html</p>")
    assert with_twins(None, text="a", html="b")[0] == {"text/plain": "a", "text/html": "b"}


def test_the_drawing_travels_as_text() -> None:
    """El JavaScript y el CSS de un widget viajan tal cual, como dos rasgos más."""
    state = Plain().get_state()
    assert (state["_esm"], state["_css"]) == (DRAWING, STYLE), ANYWIDGET


SHOW = """
from multietapa.widgets.build.sample import views
view = views()["terminada"]
view.display()
view.note("Desempaquetado 123 MB")
"""


def test_a_shown_widget_leaves_its_twins_in_the_cell(client: BlockingKernelClient) -> None:
    """En un kernel, la salida lleva los tres formatos, y al saberse algo nuevo se pone al día."""
    messages = run(client, SHOW)
    (first,) = published(messages, "display_data")
    (later,) = published(messages, "update_display_data")
    assert first["transient"] == later["transient"], ANYWIDGET
    kinds = {"application/vnd.jupyter.widget-view+json", "text/plain", "text/html"}
    assert kinds == set(first["data"]) == set(later["data"]), ANYWIDGET
    assert "Desempaquetado 123 MB" in later["data"]["text/plain"]


def test_several_traits_are_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Los rasgos que se cambian juntos viajan en un solo mensaje, y los que no cambian no viajan."""
    sent: list[list[str]] = []
    monkeypatch.setattr(Plain, "_send", lambda _, message, **__: sent.append(sorted(message["state"])))
    plain = Plain(two=2)
    sent.clear()
    with plain.hold_sync():
        plain.one, plain.two = 1, 2
    assert sent == [["one"]], ANYWIDGET
