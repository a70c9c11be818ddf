"""Cómo se interrumpen las pruebas, y lo que nbval no sabe de las celdas de un cuaderno.

Los cuadernos no guardan salidas, y nbval solo compara con una guardada. Aquí se le da, a cada celda con la
marca ``nbval-check-output``, la que su texto declara en ``esperado``.
"""

from __future__ import annotations

import signal
from collections.abc import Generator, Sequence

import pytest

#: Lo que se espera, con la celda ya terminada, a que el kernel lo diga. nbval espera 5 s sin que se pueda
#: pedir otra cosa, y una máquina ocupada (con el contenedor de Binder en su límite de memoria) tardó más.
IDLE_SECONDS = 60


class _Failures:
    """Dice cada fallo en cuanto ocurre, sin esperar al resumen: todas duran un cuarto de hora."""

    def __init__(self, plugins: pytest.PytestPluginManager) -> None:
        self.plugins = plugins

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Una línea por fallo, con su última palabra."""
        screen = self.plugins.get_plugin("terminalreporter")  # no lo hay en los procesos de xdist
        if report.failed and screen is not None:
            screen.ensure_newline()
            last = report.longreprtext.strip().rpartition("\n")[2]
            screen.write_line(f"✗ {report.nodeid} ({report.when}): {last}"[:300], red=True)


def pytest_configure(config: pytest.Config) -> None:
    """SIGTERM termina las pruebas en orden: un Ctrl-C se lo puede tragar la construcción que se prueba."""
    config.pluginmanager.register(_Failures(config.pluginmanager))

    def leave(_number: int, _frame: object) -> None:
        pytest.exit("pruebas interrumpidas", returncode=2)

    signal.signal(signal.SIGTERM, leave)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop() -> Generator[None, object, object]:
    """Al salir ya se está terminando: otro SIGTERM dejaría a medias lo que se recoge y el resumen de fallos.

    Antes no: el error con el que se sale se lo puede tragar la prueba que está en marcha.
    """
    try:
        return (yield)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:  # noqa: ARG001
    """Los bytes largos no dan nombre a una prueba: los de un gzip llevan la hora, que cambia."""
    return argname if isinstance(val, bytes) and len(val) > 20 else None


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Pone la salida esperada en las celdas marcadas; una marca sin salida esperada es un error."""
    for item in items:
        if type(item).__name__ != "IPyNbCell":
            continue
        item.output_timeout = IDLE_SECONDS  # type: ignore[attr-defined]
        cell, options = getattr(item, "cell", None), getattr(item, "options", None)
        if cell is None or not options or not options["check"]:
            continue
        expected = cell.metadata.get("esperado")
        if expected is None:
            raise pytest.UsageError(f"{item.nodeid}: la celda se compara y no dice «esperado»")
        import nbformat  # tarda segundos, y casi ningún proceso de pruebas lo necesita

        data = {"text/plain": expected}
        cell.outputs = [nbformat.v4.new_output("execute_result", data=data, execution_count=1)]
        cell.execution_count = 1
