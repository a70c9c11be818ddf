"""Lo que se escribe mal en una celda, explicado en español y con lo que hay que escribir."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import multietapa
from multietapa import construir
from multietapa.cells import cell_errors
from multietapa.cells.calls import offered
from multietapa.cells.motor import Motor
from multietapa.engine.model import Choice
from multietapa.errors import CallError, Interrupted, UnknownNameError

NOBODY = Motor(Choice("grabacion", "", ""))
NAMES = {name: getattr(multietapa, name) for name in multietapa.__all__} | {"nadie": NOBODY}
ENGLISH = ("argument", "missing", "unexpected", "takes", "got", "None")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("construir('x')", ["A «construir» le falta «etiqueta».", "etiqueta="]),
        ("construir()", ["le faltan «contexto» y «etiqueta»."]),
        ("ejercicio()", ["A «ejercicio» le falta «id».", 'ejercicio("02.1")']),
        ("ejercicio(2.1)", ["no puede ser 2.1.", "un texto entre comillas", 'ejercicio("02.1")']),
        ("construir('x', 'tienda:1')", ["no sabe qué hacer con 'tienda:1'.", "etiqueta=..."]),
        ("construir('x', etiqueta='y', etiqeta='z')", ["«etiqeta»", "¿Querías decir «etiqueta»?"]),
        ("construir('x', etiqueta=5)", ["«etiqueta» de «construir» no puede ser 5."]),
        ("construir(3, etiqueta='y')", ["un texto entre comillas o un Path"]),
        ("construir('x', contexto='x', etiqueta='y')", ["dos veces «contexto»"]),
        ("construir('x', etiqueta='y', argumentos=['A=1'])", ["un diccionario"]),
        ("comparar('a', nombre=['x'])", ["¿Querías decir «nombres»?"]),
        ("comparar('a', cliente=3)", ["un cliente del SDK"]),
        ("limpiar(True)", ["Sin nombre no va nada.", "todas=..."]),
        ("motor(3)", ["no sabe qué hacer con 3."]),
        ("nadie.ejecutar('x')", ["A «ejecutar» le falta «orden».", "motor().ejecutar("]),
        ("nadie.direccion('x', '3000')", ["«puerto»", "un número entero"]),
        ("ejercicio('02.1').comprobar(1, 2)", ["no sabe qué hacer con 2."]),
        ("pregunta()", ["A «pregunta» le falta «id».", 'pregunta("01.a")']),
        ("pregunta(1)", ["no puede ser 1.", 'pregunta("01.a")']),
        ("ejercicio('02.1').pista(1)", ["no sabe qué hacer con 1."]),
    ],
)  # fmt: skip
def test_a_wrong_call_is_explained(call: str, said: list[str]) -> None:
    """Se dice qué argumento falta, sobra o no es de su tipo, y cómo se escribe; sigue siendo un TypeError."""
    with pytest.raises(TypeError) as raised:
        eval(call, NAMES)
    assert isinstance(raised.value, CallError)
    message = str(raised.value)
    assert "Qué hacer: Escribe, por ejemplo, " in message
    assert [words for words in said if words not in message] == []
    assert [word for word in ENGLISH if word in message.split()] == []


def test_what_is_offered_says_its_signature() -> None:
    """Las funciones conservan su firma y su explicación, y cada una es un ejemplo correcto de sí misma."""
    assert list(inspect.signature(construir).parameters)[:2] == ["contexto", "etiqueta"]
    assert "Construye la carpeta" in (construir.__doc__ or "")


def test_right_arguments_pass() -> None:
    """Un texto o un Path, un entero donde va un número, y None donde puede faltar, valen."""

    @offered("prueba()")
    def prueba(a: str | Path, *more: int, b: float = 1.0, c: dict[str, int] | None = None) -> object:
        return a, more, b, c

    assert prueba("x") == ("x", (), 1.0, None)
    assert prueba(Path("x"), 1, 2, b=3, c={}) == (Path("x"), (1, 2), 3, {})


def test_an_interruption_says_what_was_left() -> None:
    """La interrupción dice la frase de lo que se estaba haciendo; la de dentro, si ya la dijo."""

    @offered("dentro()", interrupted="lo de dentro.")
    def dentro(stop: BaseException) -> None:
        raise stop

    @offered("fuera()", interrupted="lo de fuera.")
    def fuera(work: Callable[[], None]) -> None:
        work()

    def stopped() -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"^lo de dentro\.$"):
        fuera(lambda: dentro(KeyboardInterrupt()))
    with pytest.raises(Interrupted, match=r"^lo de fuera\.$"):
        fuera(stopped)


@pytest.mark.parametrize(
    ("name", "valid", "said", "unsaid"),
    [
        (
            "tienda:ingenau",
            ["tienda:ingenua", *(f"otra:{n}" for n in range(15))],
            "«tienda:ingenua»?",
            "otra",
        ),
        ("2.1", ["01.1", "01.2", "02.1", "02.2"], "¿Querías decir «02.1»? Usa uno de estos: 01.1,", "más"),
        ("PRIVADÓ", ["privado", "embebido"], "¿Querías decir «privado»?", "«embebido»"),
        ("zzz", [f"otra:{n}" for n in range(9)], "otra:5 y 3 más.", "Querías"),
        ("zzz", [], "Todavía no hay ninguno.", "Usa"),
    ],
)
def test_a_wrong_name_suggests_the_right_one(name: str, valid: list[str], said: str, unsaid: str) -> None:
    """Un nombre mal escrito sugiere el que se le parece; solo si son pocos se listan todos."""
    message = str(UnknownNameError(name, valid, kind="la imagen"))
    assert said in message
    assert unsaid not in message


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("x = 1\ncomprobar(3)", ["«comprobar»", "línea 2: comprobar(3)", 'ejercicio("02.1").comprobar(']),
        ("pista()", ['ejercicio("02.1").pista()']),
        ("ejecutar('a', 'b')", ["motor().ejecutar("]),
        ("responder('b')", ['pregunta("01.a").responder("b")']),
        ("pregunta('01.a')", ["«from multietapa import pregunta»"]),
        ("construir('x')", ["«from multietapa import construir»"]),
        ("prediccion = 3\npredicion", ["¿Querías decir «prediccion»?"]),
        ("TIENDA", ["Ejecuta antes la celda que le da valor"]),
        ("from multietapa import comprobar", ["«multietapa» no tiene «comprobar».", '("02.1").comprobar(']),
        ("from multietapa import contruir", ["¿Querías decir «construir»?"]),
        ("import multietapa\nmultietapa.contruir", ["¿Querías decir «construir»?"]),
        ("motor.bases()", ["A «motor» le faltan los paréntesis", "Escribe motor().bases()."]),
        ("motor.nada", ["A «motor» le faltan los paréntesis", "Escribe motor(...)."]),
        ("from multietapa import ejercicio\nejercicio('02.1').comprueba(1)", ["¿Querías decir «comprobar»?"]),
        ("from multietapa import construir\nconstruir('x')", ["A «construir» le falta «etiqueta»."]),
    ],
)
def test_a_wrong_name_in_a_cell_is_explained(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, said: list[str]
) -> None:
    """Con el taller cargado, un nombre que no existe dice en español qué escribir, sin rastro de Python."""
    shell.run_cell("from multietapa import motor")
    shell.run_cell(cell)
    written = capsys.readouterr().out
    assert [words for words in said if words not in written] == []
    assert "Traceback" not in written
    assert "Qué hacer: " in written


@pytest.mark.parametrize(
    "cell", ["1/0", "import json\njson.no", "from pathlib import Paht", "def f():\n  x\n  x=1\nf()"]
)
def test_other_errors_are_seen_as_always(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str
) -> None:
    """Un error que no es de un nombre del taller conserva su rastro."""
    shell.run_cell("from multietapa import motor")
    shell.run_cell(cell)
    assert "Traceback" in capsys.readouterr().out


def test_the_names_that_are_imported() -> None:
    """Los nombres que se proponen importar son los que el taller ofrece."""
    assert list(cell_errors.OFFERED) == multietapa.__all__
