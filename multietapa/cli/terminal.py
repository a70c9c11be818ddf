"""Las terminales de JupyterLab: en ellas, ``python`` es el del taller.

JupyterLab abre un shell de inicio de sesión, y lo que este lee (``/etc/profile``, conda) cambia ``PATH``.
Aquí el shell lee lo de siempre y, después, pone delante la carpeta del Python del taller.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from multietapa.paths import write_whole

#: La carpeta del Python de este taller: lo que lee el shell es igual para todos los de la máquina.
VARIABLE = "MULTIETAPA_PROGRAMAS"
_PREPEND = f'[ -z "${VARIABLE}" ] || PATH="${VARIABLE}:$PATH"'


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """Las variables de JupyterLab y de lo que abre: el Python del taller es el primero de ``PATH``."""
    first = str(Path(sys.executable).parent)
    rest = env.get("PATH", os.defpath).split(os.pathsep)
    path = [first, *(folder for folder in rest if folder != first)]
    return {**env, "PATH": os.pathsep.join(path), VARIABLE: first}


def options(folder: Path, env: Mapping[str, str]) -> list[str]:
    """La opción de JupyterLab con el shell de sus terminales; ninguna si vale el suyo (Windows).

    En ``folder`` deja lo que ese shell lee al empezar. Lanza ``OSError`` si no puede.
    """
    shell = env.get("SHELL") or "/bin/sh"
    if os.name == "nt":
        return []
    arrange = _SHELLS.get(Path(shell).name)
    command = arrange(shell, folder) if arrange else [shell]
    return [f"--ServerApp.terminado_settings={json.dumps({'shell_command': command})}"]


def _bash(shell: str, folder: Path) -> list[str]:
    start = folder / "bashrc"
    _write(start, "[ -r ~/.bashrc ] && . ~/.bashrc", _PREPEND)
    return [shell, "--rcfile", str(start)]


def _zsh(shell: str, folder: Path) -> list[str]:
    home = "${MULTIETAPA_ZDOTDIR:-$HOME}"
    for name in (".zshenv", ".zshrc"):
        _write(folder / name, f'[ -r "{home}/{name}" ] && . "{home}/{name}"', _PREPEND)
    keep = f"MULTIETAPA_ZDOTDIR={os.environ.get('ZDOTDIR', '')}"
    return ["env", keep, f"ZDOTDIR={folder}", shell]


def _fish(shell: str, _folder: Path) -> list[str]:
    return [shell, "--init-command", f"set -gx PATH ${VARIABLE} $PATH"]


_SHELLS: Mapping[str, Callable[[str, Path], list[str]]] = {"bash": _bash, "zsh": _zsh, "fish": _fish}


def _write(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "\n".join(lines) + "\n")
