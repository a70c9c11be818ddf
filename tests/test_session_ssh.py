"""El agente de ssh de quien construye, en un paso: el de verdad, con un motor de verdad."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from multietapa.bases.sources import ensure_base
from multietapa.build.image import build_image
from multietapa.build.session.extras import wanted_extras
from multietapa.errors import BuildCancelled, BuildError
from tests.conftest import needs_unix, unavailable, until

pytestmark = needs_unix
VARIABLE = "SSH_AUTH_SOCK"
NODE = "node:24-alpine"
NAMES = ("ssh-agent", "ssh-add", "ssh-keygen")
Programs = dict[str, list[str]]
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
  line.on("error", () => {});
  line.on("close", () => console.log("se fue"));
}
"""


@dataclass(frozen=True)
class Agent:
    """Un agente en marcha: su socket y su proceso."""

    place: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    """Cómo se ejecutan ``ssh-agent``, ``ssh-add`` y ``ssh-keygen``; si faltan, se bajan sin instalarlos."""
    here = {name: shutil.which(name) for name in NAMES}
    return (
        downloaded(tmp_path_factory.mktemp("openssh"))
        if None in here.values()
        else {name: [str(path)] for name, path in here.items()}
    )


def downloaded(work: Path) -> Programs:
    """Los de Debian, cada uno con el cargador y las bibliotecas de su rama, que no son las del sistema."""
    from multietapa.engine.bundle.apt import PrivateApt, unpack
    from multietapa.engine.bundle.make import SUITE  # usa fcntl, que no existe en Windows

    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    root = work / "raiz"
    unpack(apt.download(("openssh-client",)), root)
    loader = next(root.glob("usr/lib*/**/ld-linux-*.so.*"))
    places = sorted({str(library.parent) for library in root.glob("usr/lib/**/lib*.so.*")})
    return {
        name: [str(loader), "--library-path", ":".join(places), f"{root}/usr/bin/{name}"] for name in NAMES
    }


@pytest.fixture
def agent(programs: Programs, tmp_path: Path) -> Iterator[Agent]:
    """Un agente en marcha, con una llave."""
    place = Path(f"/tmp/multietapa-agente-{secrets.token_hex(4)}")
    running = subprocess.Popen([*programs["ssh-agent"], "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    try:
        until(place.exists)
        key = tmp_path / "llave"
        subprocess.run([*programs["ssh-keygen"], "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        environment = {**os.environ, VARIABLE: str(place)}
        subprocess.run([*programs["ssh-add"], "-q", str(key)], check=True, env=environment)
        yield Agent(place, running)
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
    engine: docker.DockerClient, app: Path, agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """El paso ve la llave del agente, por su variable o por su ruta, y no queda ningún hilo."""
    before = threading.active_count()
    assert "tipo 12 llaves 1" in build(engine, app, text("1"), ssh=agent.place)
    monkeypatch.setenv(VARIABLE, str(agent.place))
    assert "tipo 12 llaves 1" in build(engine, app, text("1", "type=ssh,required=true"), ssh=True)
    until(lambda: threading.active_count() == before)


def test_many_conversations_at_once(engine: docker.DockerClient, app: Path, agent: Agent) -> None:
    """Ocho conversaciones del mismo paso no se mezclan."""
    assert build(engine, app, text("8"), ssh=agent.place).count("tipo 12 llaves 1") == 8


def test_a_cancel_closes_the_conversation(engine: docker.DockerClient, app: Path, agent: Agent) -> None:
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
            ssh=agent.place,
            cancel=cancel,
            on_event=see,
        )
    assert "tipo 12 llaves 1" in said
    until(lambda: threading.active_count() == before)


def test_an_agent_that_dies_is_noticed(engine: docker.DockerClient, app: Path, agent: Agent) -> None:
    """Si el agente muere mientras un paso habla con él, el paso ve el final de la conexión y no se cuelga."""
    before, said = threading.active_count(), list[str]()

    def see(event: object) -> None:
        said.append(str(getattr(event, "text", "")))
        if "tipo 12" in said[-1]:
            agent.process.kill()

    image = build_image(
        engine,
        app,
        tag=f"multietapa-pruebas/agente:{secrets.token_hex(4)}",
        dockerfile=text("1 espera"),
        ssh=agent.place,
        on_event=see,
    )
    engine.images.remove(image.id, force=True)
    assert "se fue" in said
    until(lambda: threading.active_count() == before)


def test_another_name_is_not_given(engine: docker.DockerClient, app: Path, agent: Agent) -> None:
    """Quien pide otro agente que el de siempre no lo consigue, y se dice qué hay que quitar."""
    with pytest.raises(BuildError, match="pide el agente de ssh «otro» y no se le ha dado") as caught:
        build(engine, app, text("1", "type=ssh,id=otro,required=true"), ssh=agent.place)
    assert caught.value.line == 4
    assert "quita «id=otro»" in caught.value.next_step
    said = build(engine, app, f"FROM {NODE}\nRUN --mount=type=ssh,id=otro true\n", ssh=agent.place)
    assert "monta el agente de ssh «otro» y no se le ha dado" in said
    assert "quita «id=otro»" in said


def test_what_will_not_help_is_said(
    engine: docker.DockerClient, app: Path, agent: Agent, programs: Programs
) -> None:
    """Se avisa si nadie monta el agente, si no tiene ninguna llave y si se monta y no se da."""
    mount = f"FROM {NODE}\nRUN --mount=type=ssh true\n"
    assert "Ningún «RUN» monta el agente de ssh" in build(engine, app, f"FROM {NODE}\n", ssh=agent.place)
    assert "agente" not in build(engine, app, mount, ssh=agent.place)
    assert "monta el agente de ssh y no se le ha dado" in build(engine, app, mount)
    empty = {**os.environ, VARIABLE: str(agent.place)}
    subprocess.run([*programs["ssh-add"], "-q", "-D"], env=empty, check=True, capture_output=True)
    assert "no ofrece ninguna clave" in build(engine, app, mount, ssh=agent.place)


@pytest.mark.lenta
def test_an_agent_can_be_brought_without_installing_it(tmp_path: Path) -> None:
    """Donde no hay OpenSSH, el de Debian se baja y funciona sin instalarlo: así ninguna prueba se salta."""
    from multietapa.engine.bundle.apt import missing_reason

    if reason := missing_reason():
        unavailable(reason)
    place = Path(f"/tmp/multietapa-agente-{secrets.token_hex(4)}")
    running = subprocess.Popen(
        [*downloaded(tmp_path)["ssh-agent"], "-D", "-a", str(place)], stdout=subprocess.DEVNULL
    )
    try:
        until(place.exists)
        assert wanted_extras(ssh=place).ssh == place
    finally:
        running.terminate()
        running.wait()
        place.unlink(missing_ok=True)


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
        (tmp_path / "archivo", "sino un archivo"),
        (tmp_path, "sino una carpeta"),
        (tmp_path / "sordo", "no contesta ningún agente"),
    ):
        with pytest.raises(BuildError) as caught:
            wanted_extras(ssh=asked)
        assert said in str(caught.value)
    assert wanted_extras().ssh is None


def hang_up(listening: socket.socket) -> None:
    """Acepta dos conexiones (la primera, de quien ya se fue) y las cierra sin decir nada."""
    for _ in range(2):
        listening.accept()[0].close()


def test_a_socket_that_is_not_of_an_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quien acepta y calla, y quien cuelga sin contestar, no son un agente, y se dice antes de construir."""
    monkeypatch.setattr("multietapa.build.session.agent._PATIENCE", 1.0)
    place = Path(f"/tmp/multietapa-agente-{secrets.token_hex(4)}")
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(place))
        silent.listen()
        try:
            with pytest.raises(BuildError, match="Nadie contestó en 1 segundo"):
                wanted_extras(ssh=place)
            hanging = threading.Thread(target=hang_up, args=(silent,))
            hanging.start()
            with pytest.raises(BuildError, match="cuelga sin contestar"):
                wanted_extras(ssh=place)
            hanging.join()
        finally:
            place.unlink()
