"""El motor privado sin root: lo usa un usuario corriente, con sus identificadores subordinados."""

from __future__ import annotations

import errno
import io
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from multietapa.cells.sdk_errors import translate
from multietapa.engine.bundle import make as bundle
from multietapa.engine.private import daemon as private
from multietapa.engine.private import userns
from multietapa.identity import labels
from multietapa.paths import PROJECT_ROOT
from tests.conftest import load_base_image, unavailable
from tests.test_private import descendants, host_state, shares_mounts

LEARNER = str(PROJECT_ROOT / "tests/rootless_learner.py")
DOCKERFILE = """\
FROM multietapa-pruebas/base:1 AS taller
RUN id && mkdir /sitio && echo hola > /sitio/saludo && touch /sitio/ajeno
FROM scratch
COPY --from=taller /bin /bin
COPY --from=taller --chown=1000:1000 /sitio /sitio
ENV PATH=/bin
"""

# Lo que Python necesita puede estar en una carpeta que solo ve root (/root/...): en un espacio de montajes
# propio se tapa esa carpeta y se vuelve a enseñar lo justo. Uso: UID GID HUECO (TAPADA RUTA... /)... -- ORDEN
EXPOSE = """
set -e
uid=$1 gid=$2 spare=$3; shift 3
mount --make-rprivate /
while [ "$1" != -- ]; do
    hidden=$1; shift
    mount --rbind "$hidden" "$spare"
    mount -t tmpfs -o mode=755 tmpfs "$hidden"
    while [ "$1" != / ]; do
        mkdir -p "$hidden/$1"; mount --bind "$spare/$1" "$hidden/$1"; shift
    done
    shift
    umount -l "$spare"
done
shift
exec setpriv --reuid="$uid" --regid="$gid" --clear-groups "$@"
"""


@dataclass(frozen=True)
class Learner:
    """Un usuario corriente: ``command`` es lo que hay que anteponer para ejecutar algo como él."""

    command: tuple[str, ...]
    home: Path
    root: Path

    def popen(self, *arguments: str, before: tuple[str, ...] = (), path: str = "") -> subprocess.Popen[str]:
        """Ejecuta una orden de ``rootless_learner.py`` como él, con su HOME y sus carpetas."""
        environment = {
            "HOME": str(self.home),
            "PATH": path or os.environ["PATH"],
            "MULTIETAPA_CACHE": str(self.home / "caché"),
            "MULTIETAPA_RUN": str(self.home / "r"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "XDG_RUNTIME_DIR": "/run/user/no-existe",
            "TMPDIR": str(self.home),
        }
        command = [*self.command, "env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        return subprocess.Popen(
            [*command, *before, sys.executable, LEARNER, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )

    def says(self, *arguments: str, before: tuple[str, ...] = (), path: str = "") -> str:
        """Lo que escribe esa orden, que tiene que acabar bien."""
        process = self.popen(*arguments, before=before, path=path)
        output, problems = process.communicate(timeout=60)
        assert process.returncode == 0, problems
        return output.strip()


@pytest.fixture(scope="module")
def learner() -> Iterator[Learner]:
    """Un usuario recién creado si somos root; si no, nosotros. Sin ``newuidmap`` se intenta instalar."""
    root = bundle.make()
    if os.geteuid() != 0:
        if reason := private.missing_reason():
            unavailable(reason)
        home = Path(tempfile.mkdtemp(prefix="multietapa-"))
        yield Learner((), home, root)
        userns.remove(home)
        return
    _ensure_uidmap()
    name = f"taller{os.getpid()}"
    subprocess.run(["useradd", "--create-home", name], check=True, capture_output=True)
    try:
        uid, gid = (subprocess.check_output(["id", flag, name], text=True).strip() for flag in ("-u", "-g"))
        home = Path(f"~{name}").expanduser()
        spare = home / "hueco"
        spare.mkdir()
        needed = [Path(sys.executable).parent.parent, Path(sys.base_prefix), PROJECT_ROOT, root]
        shown = _hidden_from_others(needed)
        command = ("unshare", "--mount", "sh", "-c", EXPOSE, "sh", uid, gid, str(spare), *shown, "--")
        found = Learner(command, home, root)
        if reason := found.says("motivo"):
            unavailable(reason)
        yield found
    finally:
        # El usuario es solo de esta prueba: si alguna falló, aquí acaba lo que dejó. Forzado, porque
        # a un muerto que nadie ha recogido aún se le cuenta como un proceso suyo.
        _kill_all_of(pwd.getpwnam(name).pw_uid)
        subprocess.run(["userdel", "--force", "--remove", name], check=True, capture_output=True)
        assert not Path(f"/home/{name}").exists()


def _kill_all_of(uid: int) -> None:
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == uid:
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            continue


def _ensure_uidmap() -> None:
    if shutil.which("newuidmap"):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "uidmap"]):
        try:
            done = subprocess.run(command, env=quiet, capture_output=True, text=True)
        except FileNotFoundError:
            unavailable("falta newuidmap (paquete uidmap), y aquí no hay apt para instalarlo")
        if done.returncode:
            unavailable(
                f"falta newuidmap (paquete uidmap) y no se pudo instalar: {done.stderr.strip()[-200:]}"
            )


def _hidden_from_others(paths: list[Path]) -> list[str]:
    """Por cada carpeta que solo ve su dueño: ella, lo que hay que enseñar de dentro (relativo) y «/»."""
    groups: dict[Path, list[str]] = {}
    for path in paths:
        for folder in reversed(path.resolve().parents):
            if not folder.stat().st_mode & 0o001:
                groups.setdefault(folder, []).append(str(path.resolve().relative_to(folder)))
                break
    return [part for folder, inside in groups.items() for part in (str(folder), *dict.fromkeys(inside), "/")]


def _gone(pids: list[int], *, seconds: float = 10.0) -> list[int]:
    """Los que siguen vivos pasado ese tiempo (un muerto que su padre no ha recogido no cuenta)."""
    limit = time.monotonic() + seconds
    while alive := [pid for pid in pids if _state(pid) not in ("", "Z", "X")]:
        if time.monotonic() > limit:
            break
        time.sleep(0.05)
    return alive


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _started(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    told: dict[str, str] = json.loads(line)
    return told


def _build(client: docker.DockerClient, version: str) -> None:
    with io.BytesIO() as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(DOCKERFILE)
            tar.addfile(entry, io.BytesIO(DOCKERFILE.encode()))
        body = context.getvalue()
    answer = client.api.post(
        f"{client.api.base_url}/build",
        params={
            "version": version,
            "t": f"multietapa-pruebas/rootless:{version}",
            "labels": json.dumps(labels()),
        },
        data=body,
        headers={"Content-Type": "application/x-tar"},
        timeout=120,
    )
    assert '"error"' not in answer.text, answer.text[-500:]


def test_ordinary_user_builds_runs_and_publishes(learner: Learner) -> None:
    """Construye con los dos constructores, publica un puerto, entra con exec y no deja nada."""
    before = host_state()
    process = learner.popen("motor", str(learner.root), str(learner.home))
    told = _started(process)
    client = docker.DockerClient(base_url=told["host"], timeout=60)
    load_base_image(client)
    assert "name=rootless" in client.info()["SecurityOptions"]
    assert client.info()["Driver"] == "overlay2"
    container = shares_mounts(client)
    with pytest.raises(docker.errors.APIError) as refused:
        container.top()
    assert 'exec_run("ps")' in str(translate(refused.value)), "sin grupos de control no hay «docker top»"
    container.remove(force=True)
    for version in ("1", "2"):
        _build(client, version)
    container = client.containers.run(
        "multietapa-pruebas/rootless:2",
        ["httpd", "-f", "-p", "80", "-h", "/sitio"],
        detach=True,
        ports={"80/tcp": None},
        labels=labels(),
    )
    container.reload()
    port = int(container.ports["80/tcp"][0]["HostPort"])
    state = learner.home / "r/puertos.json"
    limit = time.monotonic() + 10
    while f"{port}/tcp" not in (state.read_text() if state.exists() else "") and time.monotonic() < limit:
        time.sleep(0.05)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/saludo", timeout=5) as answer:
        assert answer.read() == b"hola\n"
    inside = container.exec_run(["sh", "-c", "id; ls -ln /sitio"]).output.decode()
    assert "uid=0" in inside
    assert " 1000 " in inside
    assert host_state() == before
    container.kill()
    client.close()
    pids = descendants(process.pid)
    assert len(pids) >= 4, "unshare, slirp4netns, dockerd y containerd cuelgan de quien lo puso en marcha"
    _, problems = process.communicate(timeout=60)
    assert process.returncode == 0, problems
    assert not _gone(pids)
    assert host_state() == before
    assert not list((learner.home / "r").glob("*.sock"))
    data = learner.home / "datos"
    assert any(path.stat().st_uid != data.stat().st_uid for path in data.glob("overlay2/*/diff/sitio/*"))
    learner.says("borrar", str(data))
    assert not data.exists()


def test_nothing_survives_a_killed_owner(learner: Learner) -> None:
    """Si muere de golpe quien lo puso en marcha, se van dockerd, los contenedores y la red."""
    process = learner.popen("motor", str(learner.root), str(learner.home))
    client = docker.DockerClient(base_url=_started(process)["host"], timeout=60)
    base = load_base_image(client)
    client.containers.run(base, ["sleep", "600"], detach=True, labels=labels())
    client.close()
    pids = descendants(process.pid)
    process.kill()
    process.communicate()
    assert len(pids) >= 5
    assert not _gone(pids)
    learner.says("borrar", str(learner.home / "datos"))


def test_it_says_that_newuidmap_is_missing(learner: Learner) -> None:
    """Sin ``newuidmap`` en el PATH, el motivo nombra el programa y el paquete que lo trae."""
    programs = learner.home / "programas"
    programs.mkdir()
    for name in ("unshare", "mount", "sh", "cat", "rm", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    assert learner.says("motivo", path=str(programs)) == "sin ser root, falta newuidmap (paquete uidmap)"


def test_it_says_that_new_privileges_are_forbidden(learner: Learner) -> None:
    """Con ``no_new_privs``, newuidmap no puede trabajar, y se dice que es por eso."""
    assert "no_new_privs" in learner.says("motivo", before=("setpriv", "--no-new-privs"))


def test_it_names_the_setting_that_forbids_user_namespaces(learner: Learner) -> None:
    """Con ``user.max_user_namespaces=0`` de verdad (en un espacio propio), el motivo lo nombra."""
    forbid = ("sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh")
    before = ("unshare", "--user", "--map-root-user", *forbid)
    said = learner.says("espacio", before=before)
    assert said == "el núcleo no deja crear espacios de nombres de usuario: user.max_user_namespaces=0"


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=0"),
        (
            "kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=1",
        ),
        ("kernel/apparmor_restrict_unprivileged_userns", "0", "seccomp"),
    ],
)
def test_refusal_reasons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, expected: str
) -> None:
    """El motivo nombra el ajuste del núcleo si es él; si no, dice quién suele negarlo."""
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(value + "\n")
    monkeypatch.setattr(userns, "SYSCTL", tmp_path)
    assert expected in userns.refused(errno.EPERM).why


def test_user_without_subordinate_ids_is_told_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sin tramos, o con pocos, se dice cuántos hacen falta, en qué archivo y la orden que los da."""
    monkeypatch.setattr(userns, "ETC", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: "" if name == "getsubids" else f"/usr/bin/{name}")
    assert "/etc/subuid" in userns.missing_reason()
    assert "usermod" in userns.missing_reason()
    (tmp_path / "subuid").write_text(f"otra:100000:65536\n{os.getuid()}:200000:70000\n")
    assert userns.subordinate_ids("subuid") == [(200000, 70000)]
    (tmp_path / "subgid").write_text(f"{os.getuid()}:300000:1000\nroto\n{os.getuid()}:x:y\n")
    assert userns.subordinate_ids("subgid") == [(300000, 1000)]
    assert "/etc/subgid" in userns.missing_reason()


def test_remove_of_a_missing_folder_is_nothing(tmp_path: Path) -> None:
    """Borrar los datos de un motor que no los tiene no es un error."""
    userns.remove(tmp_path / "nada")
