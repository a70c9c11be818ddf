"""Sin root: un espacio de nombres de usuario en el que quien usa el kit hace de root.

El 0 de dentro es su propio usuario; del 1 en adelante, sus identificadores subordinados
(``/etc/subuid`` y ``/etc/subgid``), que reparte ``newuidmap``. Con esto, el motor privado funciona
igual y a la misma velocidad que con root, y no puede nada que su usuario no pudiera ya.
"""

from __future__ import annotations

import ctypes
import errno
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from multietapa.engine.host.lifetime import die_with_parent
from multietapa.errors import EngineError
from multietapa.paths import cache_dir

MINIMUM_IDS = 65534  #: hasta «nobody», que está en casi todas las imágenes
ETC = Path("/etc")
SYSCTL = Path("/proc/sys")
TUN = Path("/dev/net/tun")
_CLONE_NEWUSER = 0x10000000
_SECONDS = 10

#: Lo mismo que hará el motor, en pequeño: cada paso dice su nombre si el núcleo no lo deja.
_REHEARSAL = """
cd "$1" || exit 1
mkdir abajo arriba trabajo junto || exit 1
fails() { echo "paso=$1"; exit 1; }
chown 1:1 arriba || fails chown
mount --make-rprivate / || fails mount
mount -t tmpfs tmpfs abajo || fails mount
mount -t proc proc /proc || fails proc
umount abajo || fails mount
mount -t overlay -o lowerdir=abajo,upperdir=arriba,workdir=trabajo,userxattr overlay junto || fails overlay
"""


def subordinate_ids(kind: str) -> list[tuple[int, int]]:
    """Los tramos ``(primero, cuántos)`` de este usuario; ``kind`` es ``subuid`` o ``subgid``."""
    owner = str(os.getuid())
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = owner
    try:
        lines = (ETC / kind).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = [line.split(":") for line in lines if line.count(":") == 2]
    if not any(entry[0] in (name, owner) for entry in found) and shutil.which("getsubids"):
        # Los que no están en el archivo, porque los reparte un directorio (LDAP): «0: ana 100000 65536».
        command = ["getsubids", *(["-g"] if kind == "subgid" else []), name]
        output = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS).stdout
        found = [line.split()[1:] for line in output.splitlines() if len(line.split()) == 4]
    return [
        (int(first), int(count))
        for who, first, count in found
        if who in (name, owner) and first.isdigit() and count.isdigit()
    ]


class UserSpace:
    """Un espacio de nombres de usuario ya repartido. Vive mientras esté abierto o alguien esté dentro.

    Lanza :class:`EngineError` con el motivo (``why``) si esta máquina no lo permite.
    """

    def __init__(self) -> None:
        told, tell = os.pipe()
        try:
            holder = subprocess.Popen(
                ["cat"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                preexec_fn=lambda: _separate(tell),
            )
        except (OSError, subprocess.SubprocessError) as problem:
            os.set_blocking(told, False)
            raise refused(_number(told)) from problem
        finally:
            os.close(told)
            os.close(tell)
        try:
            for program, kind, own in (
                ("newuidmap", "subuid", os.getuid()),
                ("newgidmap", "subgid", os.getgid()),
            ):
                _share_out(program, holder.pid, own, subordinate_ids(kind))
            self.descriptor = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        finally:
            holder.kill()
            holder.communicate()

    def enter(self) -> None:
        """Para ``preexec_fn``: el hijo entra como root de este espacio, y no sobrevive a quien lo lanzó."""
        library = ctypes.CDLL(None, use_errno=True)
        if library.setns(self.descriptor, _CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "setns")
        die_with_parent()  # después: al cambiar de privilegios, el núcleo lo olvida

    def close(self) -> None:
        """Lo suelta; se puede repetir."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def missing_reason() -> str:
    """Por qué este usuario no puede usar un motor privado aquí, o ``""``. Lo ensaya de verdad."""
    for program, package in (
        ("unshare", "util-linux"),
        ("mount", "mount"),
        ("newuidmap", "uidmap"),
        ("newgidmap", "uidmap"),
    ):
        if not shutil.which(program):
            return f"sin ser root, falta {program} (paquete {package})"
    for kind in ("subuid", "subgid"):
        if sum(count for _, count in subordinate_ids(kind)) < MINIMUM_IDS:
            return (
                f"sin ser root, tu usuario necesita {MINIMUM_IDS} identificadores suyos en /etc/{kind} "
                "(quien administra el equipo puede dártelos: «usermod --add-subuids 100000-165535 "
                f"--add-subgids 100000-165535 {_user()}»)"
            )
    if not os.access(TUN, os.R_OK | os.W_OK):
        return f"sin ser root, la red del motor necesita {TUN}, y tu usuario no puede abrirlo"
    try:
        place = Path(tempfile.mkdtemp(prefix="ensayo-", dir=cache_dir()))
    except (OSError, EngineError) as problem:
        return f"la carpeta de caché no sirve: {str(problem).splitlines()[0]}"
    try:
        return _rehearse(place)
    finally:
        try:
            remove(place)
        except EngineError:
            pass


def remove(folder: Path) -> None:
    """Borra una carpeta de datos del motor, con sus archivos de identificadores subordinados.

    Lanza :class:`EngineError` si algo queda.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    problem = "no se puede borrar siendo root"
    if os.geteuid() != 0:
        space = UserSpace()
        try:
            command = ["rm", "-rf", "--", str(folder)]
            done = subprocess.run(command, preexec_fn=space.enter, capture_output=True, text=True)
            problem = done.stderr.strip()
        finally:
            space.close()
    if folder.exists():
        raise EngineError(
            f"No se pudo borrar {folder}.",
            why=problem.splitlines()[-1] if problem else "",
            next_step="Cierra los talleres abiertos y repite la orden.",
        )


def _rehearse(place: Path) -> str:
    try:
        space = UserSpace()
    except EngineError as problem:
        return problem.why
    command = ["unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-c", _REHEARSAL, "sh"]
    try:
        done = subprocess.run(
            [*command, str(place)],
            preexec_fn=space.enter,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        return f"unshare no funciona sin ser root ({problem})"
    finally:
        space.close()
    if done.returncode == 0:
        return ""
    step = done.stdout.strip().removeprefix("paso=")
    said = (done.stderr.strip().splitlines() or ["sin decir por qué"])[-1]
    if setting := _blocking_setting():
        return f"el núcleo no deja usar espacios de nombres sin ser root: {setting}"
    if step == "chown":
        return (
            f"el disco de {place.parent} no admite archivos de otros usuarios (¿está en la red?): elige una "
            f"carpeta de este equipo con MULTIETAPA_CACHE=CARPETA ({said})"
        )
    if step == "overlay":
        return (
            f"sin ser root, el núcleo {os.uname().release} no deja montar «overlay» en {place.parent}: hace "
            f"falta Linux 5.11 y un disco local como ext4, xfs o btrfs ({said})"
        )
    if step == "proc":
        return f"sin ser root no se puede montar /proc aquí: este contenedor tapa parte del suyo ({said})"
    return f"el núcleo no deja crear espacios de nombres sin ser root ({said})"


def _separate(tell: int) -> None:
    die_with_parent()
    library = ctypes.CDLL(None, use_errno=True)
    if library.unshare(_CLONE_NEWUSER):
        number = ctypes.get_errno()
        os.write(tell, str(number).encode())
        raise OSError(number, "unshare")


def _share_out(program: str, pid: int, own: int, ranges: list[tuple[int, int]]) -> None:
    """Reparte: el 0 para el usuario y, desde el 1, sus tramos uno detrás de otro."""
    arguments, inside = ["0", str(own), "1"], 1
    for first, count in ranges:
        arguments += [str(inside), str(first), str(count)]
        inside += count
    try:
        done = subprocess.run(
            [program, str(pid), *arguments], capture_output=True, text=True, timeout=_SECONDS
        )
    except FileNotFoundError as problem:
        raise _problem(f"sin ser root, falta {program} (paquete uidmap)") from problem
    except subprocess.TimeoutExpired as problem:
        raise _problem(f"{program} no contesta") from problem
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"código {done.returncode}"])[-1]
        if "NoNewPrivs:\t1" in Path("/proc/self/status").read_text():
            said = "este proceso tiene prohibido ganar privilegios, «no_new_privs», y newuidmap los necesita"
        elif setting := _blocking_setting():
            said += f"; {setting}"
        raise _problem(f"{program} no reparte tus identificadores subordinados ({said})")


def _problem(reason: str) -> EngineError:
    return EngineError(
        "El motor privado no puede usar un espacio de usuario en esta máquina.",
        why=reason,
        next_step="Arréglalo y repite la orden, o prueba otro motor con MULTIETAPA_MOTOR=embebido.",
    )


def refused(number: int) -> EngineError:
    """El motivo de que el núcleo niegue el espacio de nombres, con el ajuste que manda si se sabe cuál es."""
    start = "el núcleo no deja crear espacios de nombres de usuario"
    if setting := _blocking_setting():
        return _problem(f"{start}: {setting}")
    reasons = {
        errno.ENOSPC: "ya hay tantos como permite user.max_user_namespaces",
        errno.EUSERS: "ya hay demasiados unos dentro de otros",
        errno.EINVAL: "está compilado sin CONFIG_USER_NS",
        errno.EPERM: "lo prohíbe el contenedor o la jaula en que estás (seccomp o chroot)",
        errno.EACCES: "lo prohíbe su módulo de seguridad (AppArmor o SELinux)",
    }
    return _problem(f"{start}: {reasons.get(number, os.strerror(number) if number else 'sin decir por qué')}")


def _blocking_setting() -> str:
    """El ajuste del núcleo que prohíbe los espacios de nombres a un usuario corriente, o ``""``."""
    for name, forbids in (
        ("user.max_user_namespaces", "0"),
        ("kernel.unprivileged_userns_clone", "0"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
    ):
        try:
            value = (SYSCTL / name.replace(".", "/")).read_text().strip()
        except OSError:
            continue
        if value == forbids:
            return f"{name}={value}"
    return ""


def _number(descriptor: int) -> int:
    try:
        return int(os.read(descriptor, 16) or b"0")
    except BlockingIOError:
        return 0


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
