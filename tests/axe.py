"""axe-core: lo que sabe de accesibilidad un programa, dicho en español, de lo que dibuja una vista."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Page

from multietapa.paths import cache_dir, write_whole
from tests.conftest import unavailable

VERSION = "4.14.1"
#: Lo que no se puede dejar pasar; lo demás (moderado, leve) son consejos.
GRAVE = ("serious", "critical")
_RUN = """([selector, locale]) => {
  axe.configure({ locale });
  return axe.run(selector, { resultTypes: ["violations", "passes"] });
}"""


@cache
def program() -> tuple[str, str]:
    """El programa y sus textos en español (JSON), traídos una vez con npm a la caché del taller."""
    folder = cache_dir() / "pruebas" / f"axe-core-{VERSION}"
    wanted = {"axe.min.js": folder / "axe.min.js", "locales/es.json": folder / "es.json"}
    if not all(path.is_file() for path in wanted.values()):
        folder.mkdir(parents=True, exist_ok=True)
        _download(wanted)
    script, locale = (path.read_text(encoding="utf-8") for path in wanted.values())
    return script, locale


def grave(page: Page, selector: str) -> list[str]:
    """Lo grave y lo crítico que se encuentra en lo que elige ``selector``: una línea por hallazgo.

    Falla si no se llegó a mirar nada, que no es lo mismo que no encontrar nada.
    """
    script, locale = program()
    page.evaluate(script)
    found: dict[str, Any] = page.evaluate(_RUN, [selector, json.loads(locale)])
    assert found["passes"], "axe-core no ha mirado nada"
    return [
        f"{each['impact']} · {each['help']}: {node['html']}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def _download(wanted: dict[str, Path]) -> None:
    if (npm := shutil.which("npm")) is None:
        unavailable("no hay npm con el que traer axe-core")
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [npm, "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True
        )
        if done.returncode:
            unavailable(f"npm no trae axe-core: {done.stderr.strip()[-200:]}")
        (packed,) = Path(folder).glob("*.tgz")
        with tarfile.open(packed) as archive:
            for name, target in wanted.items():
                inside = archive.extractfile(f"package/{name}")
                assert inside is not None, name
                write_whole(target, inside.read().decode())
