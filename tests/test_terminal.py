"""Las terminales del taller: en ellas, ``python`` es el suyo, diga lo que diga ``~/.bashrc``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from multietapa.cli import terminal
from tests.conftest import needs_unix

MINE = str(Path(sys.executable).parent)


def test_the_python_of_the_workshop_is_first() -> None:
    """En JupyterLab y en lo que abre, la carpeta del Python del taller va la primera, y una sola vez."""
    found = terminal.environment({"PATH": os.pathsep.join(["/otro", MINE, "/mas"]), "X": "1"})
    assert found["PATH"].split(os.pathsep) == [MINE, "/otro", "/mas"]
    assert found["X"] == "1"


@needs_unix
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "sh"])
def test_a_shell_that_changes_path_still_finds_it(tmp_path: Path, shell: str) -> None:
    """Aunque lo que lee el shell ponga delante otro Python, se encuentra el del taller; y lo lee todo."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no hay {shell}")
    home = tmp_path / "casa de Ñandú"
    home.mkdir()
    other = tmp_path / "otro"
    other.mkdir()
    (other / "python").write_text("#!/bin/sh\necho otro\n")
    (other / "python").chmod(0o755)
    for name in (".bashrc", ".zshrc"):
        (home / name).write_text(f'export MIO=sí\nPATH="{other}:$PATH"\n')
    fish = home / ".config/fish/config.fish"
    fish.parent.mkdir(parents=True)
    fish.write_text(f'set -gx MIO sí\nset -gx PATH "{other}" $PATH\n')
    env = terminal.environment(
        {"SHELL": program, "HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb"}
    )
    (option,) = terminal.options(tmp_path / "caché del taller", env)
    command = json.loads(option.partition("=")[2])["shell_command"]
    ask = 'python -c "import sys; print(sys.prefix)"; echo "[$MIO]"'
    done = subprocess.run([*command, "-i", "-c", ask], env=env, capture_output=True, text=True, timeout=30)
    assert done.stdout.splitlines()[-2] == sys.prefix, done.stderr
    assert done.stdout.splitlines()[-1] == ("[]" if shell == "sh" else "[sí]")
