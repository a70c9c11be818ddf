"""Las carpetas del kit: se crean si faltan y, si no se pueden usar, se explica en español."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from multietapa.errors import EngineError
from multietapa.paths import cache_dir, runtime_dir


def test_missing_folders_are_created(tmp_path: Path) -> None:
    """Se crean enteras, y la de los sockets queda privada."""
    run = runtime_dir({"MULTIETAPA_RUN": str(tmp_path / "no/existe/run")})
    assert run.is_dir()
    assert run.stat().st_mode & 0o777 == 0o700
    assert cache_dir({"MULTIETAPA_CACHE": str(tmp_path / "a/b")}).is_dir()
    assert cache_dir({"XDG_CACHE_HOME": str(tmp_path / "x")}) == tmp_path / "x/multietapa"


def test_a_runtime_folder_open_to_others_is_rejected(tmp_path: Path) -> None:
    """Una carpeta de sockets que otros pueden leer se rechaza, y el error dice cómo arreglarla."""
    tmp_path.chmod(0o755)
    with pytest.raises(EngineError, match="modo 0755") as raised:
        runtime_dir({"MULTIETAPA_RUN": str(tmp_path)})
    assert f"chmod 700 {tmp_path}" in raised.value.next_step


def test_a_folder_that_cannot_be_created_is_explained(tmp_path: Path) -> None:
    """Si el sistema no deja crearla, se dice cuál, por qué y con qué variable se cambia."""
    (tmp_path / "archivo").write_text("")
    for make, variable in ((cache_dir, "MULTIETAPA_CACHE"), (runtime_dir, "MULTIETAPA_RUN")):
        with pytest.raises(EngineError, match="No se puede usar la carpeta") as raised:
            make({variable: str(tmp_path / "archivo/dentro")})
        assert raised.value.why
        assert f"{variable}=CARPETA" in raised.value.next_step


def test_a_read_only_cache_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Una caché que existe pero en la que no se puede escribir también se explica."""
    monkeypatch.setattr(os, "access", lambda *_: False)  # las pruebas corren a veces como root
    with pytest.raises(EngineError, match="carpeta de caché") as raised:
        cache_dir({"MULTIETAPA_CACHE": str(tmp_path)})
    assert "no puede escribir en ella" in raised.value.why
