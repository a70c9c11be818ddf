"""Los kernels del taller hablan español desde la primera celda, antes de importar nada."""

from __future__ import annotations

import sys
from pathlib import Path

from IPython.core.application import ENV_CONFIG_DIRS
from jupyter_client.manager import start_new_kernel

from multietapa.cli import kernels


def test_a_new_kernel_speaks_spanish_at_once(tmp_path: Path) -> None:
    """Un kernel recién abierto explica un nombre que no existe y una interrupción, y nada sale en inglés."""
    kernels.prepare(tmp_path, Path("/otro"))
    assert str(Path(sys.prefix) / kernels.CONFIG.parent) in ENV_CONFIG_DIRS  # donde IPython lo buscaría
    options = [f"--config={tmp_path / kernels.CONFIG}"]
    manager, client = start_new_kernel(startup_timeout=60, extra_arguments=options)
    try:
        said: list[str] = []

        def hear(message: dict[str, object]) -> None:
            said.append(str(message["content"]))

        client.execute_interactive("print(TIENDA)", output_hook=hear, timeout=60)
        client.execute_interactive("raise KeyboardInterrupt", output_hook=hear, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    written = "\n".join(said)
    assert "Todavía no existe nada que se llame «TIENDA»." in written
    assert "■ Interrumpido: la celda se detuvo antes de terminar." in written
    assert "Traceback (most" not in written


def test_the_python_of_the_system_is_left_alone(tmp_path: Path) -> None:
    """Fuera de un entorno no se escribe nada; lo que ya había se queda, y sin permiso no es un error."""
    kernels.prepare(tmp_path, tmp_path)
    assert list(tmp_path.iterdir()) == []
    own = tmp_path / kernels.CONFIG
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    kernels.prepare(tmp_path, Path("/otro"))
    assert own.read_text() == "{}"
    blocked = tmp_path / "archivo"
    blocked.write_text("")
    kernels.prepare(blocked, Path("/otro"))
    assert [path.name for path in own.parent.iterdir()] == [own.name]
