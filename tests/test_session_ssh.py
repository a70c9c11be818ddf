"""El agente de ssh de quien construye, en un paso: el de verdad, con un motor de verdad."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from multietapa.bases.sources import ensure_base
from multietapa.build.image import build_image
from multietapa.build.session.extras import wanted_extras
from multietapa.engine.bundle.apt import PrivateApt, unpack
from multietapa.engine.bundle.make import SUITE
from multietapa.errors import BuildCancelled, BuildError
from tests.conftest import needs_unix, until

pytestmark = needs_unix
VARIABLE = "SSH_AUTH_SOCK"
NODE = "node:24-alpine"
#: Pide al agente sus llaves (mensaje 11 de su protocolo) tantas veces como se diga y escribe cuántas tiene.
ASK = """\
const net = require("net"), times = +process.argv[2] || 1;
for (let n = 0; n < times; n++) {
  const line = net.connect(process.env.SSH_AUTH_SOCK, () => line.write(Buffer.from([0, 0, 0, 1, 11])));
  let said = Buffer.alloc(0);
  line.on("data", (piece) => {
    said = Buffer.concat([said, piece]);
    if (said.length >= 9 && said.length >= 4 + said.readUInt32BE(0)) {
      console.log(`tipo ${said[4]} llaves ${said.readUInt32BE(5)}`);
      if (process.argv[3] !== "espera") line.end();
    }
  });
}
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Dónde están ``ssh-agent``, ``ssh-add`` y ``ssh-keygen``; si no los hay, se bajan sin instalarse."""
    names = ("ssh-agent", "ssh-add", "ssh-keygen")
    found = {name: shutil.which(name) for name in names}
    if not all(found.values()):
        root = tmp_path_factory.mktemp("openssh")
        apt = PrivateApt(root / "apt", suite=SUITE)
        apt.update()
        unpack(apt.download(("openssh-client",)), root / "raiz")
        found = {name: str(root / "raiz" / "usr" / "bin" / name) for name in names}
    return {name: str(path) for name, path in found.items()}


@pytest.fixture
def agent(programs: dict[str, str], tmp_path: Path) -> Iterator[Path]:
    """El socket de un agente en marcha, con una llave."""
    place = Path(f"/tmp/multietapa-agente-{secrets.token_hex(4)}")
    running = subprocess.Popen([programs["ssh-agent"], "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    try:
        until(place.exists)
        key = tmp_path / "llave"
        subprocess.run([programs["ssh-keygen"], "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        environment = {**os.environ, VARIABLE: str(place)}
        subprocess.run([programs["ssh-add"], "-q", str(key)], check=True, env=environment)
        yield place
    finally:
        running.terminate()
        running.wait()
        place.unlink(missing_ok=True)


@pytest.fixture
def app(engine: docker.DockerClient, tmp_path: Path) -> Path:
    """Una carpeta con el programa que pregunta al agente; la base que lo ejecuta está en el motor."""
    ensure_base(engine, NODE)
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "pregunta.js").write_text(ASK)
    return folder


def text(arguments: str, mount: str = "type=ssh") -> str:
    """Un Dockerfile que ejecuta ``pregunta.js``, nunca desde la caché."""
    once = f"ENV VEZ={secrets.token_hex(4)}"
    run = f"RUN --mount={mount} node /pregunta.js {arguments} | tee /dijo"
    return f"FROM {NODE}\n{once}\nCOPY pregunta.js /\n{run}\n"


def build(engine: docker.DockerClient, app: Path, dockerfile: str, **options: object) -> str:
    """Lo que dijeron los pasos; la imagen se borra."""
    said: list[str] = []
    tag = f"multietapa-pruebas/agente:{secrets.token_hex(4)}"
    image = build_image(
        engine,
        app,
        tag=tag,
        dockerfile=dockerfile,
        on_event=lambda event: said.append(str(getattr(event, "text", ""))),
        **options,  # type: ignore[arg-type]
    )
    engine.images.remove(image.id, force=True)
    return "\n".join(said)


def test_a_step_talks_to_the_agent(
    engine: docker.DockerClient, app: Path, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """El paso ve la llave del agente, por su variable o por su ruta, y no queda ningún hilo."""
    before = threading.active_count()
    assert "tipo 12 llaves 1" in build(engine, app, text("1"), ssh=agent)
    monkeypatch.setenv(VARIABLE, str(agent))
    assert "tipo 12 llaves 1" in build(engine, app, text("1", "type=ssh,required=true"), ssh=True)
    assert threading.active_count() == before


def test_many_conversations_at_once(engine: docker.DockerClient, app: Path, agent: Path) -> None:
    """Ocho conversaciones del mismo paso no se mezclan."""
    assert build(engine, app, text("8"), ssh=agent).count("tipo 12 llaves 1") == 8


def test_a_cancel_closes_the_conversation(engine: docker.DockerClient, app: Path, agent: Path) -> None:
    """Al cancelar un paso que está hablando con el agente no queda ni hilo ni conexión."""
    before, cancel = threading.active_count(), threading.Event()
    said: list[str] = []

    def see(event: object) -> None:
        said.append(str(getattr(event, "text", "")))
        if "tipo 12" in said[-1]:
            cancel.set()

    with pytest.raises(BuildCancelled):
        build_image(
            engine,
            app,
            tag="multietapa-pruebas/agente:no",
            dockerfile=text("1 espera"),
            ssh=agent,
            cancel=cancel,
            on_event=see,
        )
    assert "tipo 12 llaves 1" in said
    assert threading.active_count() == before


def test_another_name_is_not_given(engine: docker.DockerClient, app: Path, agent: Path) -> None:
    """Quien pide otro agente que el de siempre no lo consigue, y el error dice qué falta."""
    with pytest.raises(BuildError) as caught:
        build(engine, app, text("1", "type=ssh,id=otro,required=true"), ssh=agent)
    assert caught.value.line == 4


def test_an_agent_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin agente, con uno que ya no está o con algo que no es un socket, se dice antes de construir."""
    monkeypatch.delenv(VARIABLE, raising=False)
    (tmp_path / "archivo").write_text("")
    deaf = socket.socket(socket.AF_UNIX)
    deaf.bind(str(tmp_path / "sordo"))
    deaf.close()
    for asked, said in (
        (True, "No hay ningún agente"),
        (tmp_path / "nada", "No existe el socket"),
        (tmp_path / "archivo", "no es el socket de un agente"),
        (tmp_path / "sordo", "no contesta ningún agente"),
    ):
        with pytest.raises(BuildError) as caught:
            wanted_extras(ssh=asked)
        assert said in str(caught.value)
    assert wanted_extras().ssh is None
