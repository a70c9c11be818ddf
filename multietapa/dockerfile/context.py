"""El contexto de construcción: qué archivos viajan al motor y en qué orden.

Con una sesión de BuildKit el motor lee ``.dockerignore`` y pide los archivos que quiere. Sin ella (Podman, el
constructor clásico) la carpeta va entera en un tar y las reglas se aplican de este lado. Son siempre las de
Docker (``ignore``), y ``<Dockerfile>.dockerignore`` manda sobre ``.dockerignore``. El tar es el mismo para la
misma carpeta: orden fijo, dueño 0:0, fechas tal cual.

Límite conocido del tar: el Dockerfile tiene que viajar dentro, así que ``COPY . .`` lo ve aunque
``.dockerignore`` lo excluya (``Context.dockerfile_leaks`` lo dice). Con una sesión viaja aparte.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import stat
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from multietapa.dockerfile.ignore import Rule, excluded_by, is_hollow, read_rules
from multietapa.dockerfile.patterns import native
from multietapa.dockerfile.walk import entries, unreadable
from multietapa.errors import BuildCancelled, ContextError, DiskFullError
from multietapa.text import join

TEXT_NAME = ".multietapa.Dockerfile"  # cómo viaja un Dockerfile que se dio como texto
_ONE_LINE = re.compile(r"\s*FROM\s+\S", re.IGNORECASE)
_IN_MEMORY = 16_000_000  # bytes; un contexto mayor pasa a un archivo temporal
_LISTED = 8
_PLAIN_NAME = 100  # caracteres que caben en una cabecera de tar sin extensiones


@dataclass(frozen=True)
class Context:
    """Una carpeta lista para construir.

    ``dockerfile`` es el nombre con el que viaja y ``text`` su contenido; ``own_text`` si viaja aparte de los
    archivos de la carpeta; ``ignore_file`` el archivo de reglas que se aplica o ``""``.
    """

    root: Path
    dockerfile: str
    text: str
    own_text: bool = False
    ignore_file: str = ""
    rules: tuple[Rule, ...] = ()

    def excluded_by(self, path: str) -> str:
        """La regla que deja fuera ``path`` (relativo, con ``/``), o ``""`` si no la hay."""
        return excluded_by(self.rules, path)

    def is_hollow(self, name: str) -> bool:
        """El archivo ``name`` viaja vacío, como con la orden ``docker`` (lo explica ``ignore``)."""
        return is_hollow(self.rules, name)

    @property
    def dockerfile_leaks(self) -> bool:
        """En un tar, ``COPY . .`` verá un Dockerfile que con ``docker build`` no estaría ahí."""
        return self.own_text or bool(self.excluded_by(self.dockerfile))

    def entries(self) -> Iterator[tuple[str, Path]]:
        """Lo que viaja, en orden: nombre en el tar y ruta. Lanza :class:`ContextError`."""
        return ((name, Path(path)) for name, path in entries(self.root, self.rules))


def open_context(path: str | os.PathLike[str], *, dockerfile: str = "Dockerfile") -> Context:
    """Prepara una carpeta para construir.

    Args:
        path: la carpeta.
        dockerfile: nombre de un archivo de la carpeta, o el texto entero (con un salto de línea, o que
            empieza por ``FROM``).

    Raises:
        ContextError: no existe la carpeta, no hay Dockerfile o no se puede leer.
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        what = "es un archivo, no una carpeta" if root.exists() else "no existe"
        raise ContextError(
            f"La carpeta de contexto «{path}» {what}.",
            why=f"Se buscó en «{root.absolute()}».",
            next_step="Pasa la carpeta donde están tu Dockerfile y tu código.",
        )
    root = root.resolve()
    if is_text(root, dockerfile):
        ignore_file, rules = _rules(root, (".dockerignore",))
        return Context(root, TEXT_NAME, dockerfile, True, ignore_file, rules)
    source = root / dockerfile
    text = _read_text(root, source, dockerfile)
    inside = os.path.relpath(os.path.normpath(source), root).replace(os.sep, "/")
    plain = inside.isascii() and len(inside) < _PLAIN_NAME
    own_text = inside.startswith("../") or Path(inside).is_absolute() or not plain
    ignore_file, rules = _rules(root, (f"{inside}.dockerignore", ".dockerignore"))
    return Context(root, TEXT_NAME if own_text else inside, text, own_text, ignore_file, rules)


def is_text(root: Path, dockerfile: str) -> bool:
    """Si lo que se da es el texto entero de un Dockerfile, y no el nombre de un archivo de la carpeta."""
    # Path.exists falla con un texto demasiado largo para ser un nombre.
    one_line = _ONE_LINE.match(dockerfile) is not None and not os.path.exists(root / dockerfile)  # noqa: PTH110
    return "\n" in dockerfile or one_line


def _rules(root: Path, names: tuple[str, ...]) -> tuple[str, tuple[Rule, ...]]:
    for name in names:
        if (root / name).is_file():
            return name, read_rules(_read_text(root, root / name, name), file=name)
    return "", ()


def _read_text(root: Path, source: Path, name: str) -> str:
    if source.exists() and not source.is_file() and not source.is_dir():  # leer una tubería no acabaría nunca
        raise ContextError(
            f"«{name}» no es un archivo normal.",
            why="Es una tubería, un socket o un dispositivo.",
            next_step="Guarda tu Dockerfile en un archivo de texto, o pasa su texto en «dockerfile=».",
        )
    try:
        with source.open(encoding="utf-8", newline="") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        found = _dockerfiles(root)
        raise ContextError(
            f"No existe el Dockerfile «{name}» en «{root}».",
            next_step=f"Los que hay son: {join(found)}. Usa uno con «dockerfile=»."
            if found
            else "Crea un archivo «Dockerfile» en esa carpeta; no hay ninguno.",
        ) from error
    except UnicodeDecodeError as error:
        raise ContextError(
            f"«{name}» no es un archivo de texto UTF-8.",
            next_step="Guárdalo otra vez con codificación UTF-8.",
        ) from error
    except OSError as error:
        raise unreadable(name, error) from error


def _dockerfiles(root: Path) -> list[str]:
    found = [path for pattern in ("*", "*/*") for path in root.glob(pattern) if path.is_file()]
    named = [
        p
        for p in found
        if re.search(r"^dockerfile|dockerfile$", p.name, re.IGNORECASE) and p.suffix != ".dockerignore"
    ]
    return sorted(path.relative_to(root).as_posix() for path in named)[:_LISTED]


class _Checked(io.RawIOBase):
    """Un archivo que se deja de leer en cuanto se cancela."""

    def __init__(self, file: IO[bytes], cancel: threading.Event | None) -> None:
        self._file, self._cancel = file, cancel

    def read(self, size: int = -1) -> bytes:
        check(self._cancel)
        return self._file.read(size)


def check(cancel: threading.Event | None) -> None:
    """Lanza ``BuildCancelled`` si ya se canceló."""
    if cancel is not None and cancel.is_set():
        raise BuildCancelled("La construcción se canceló.", next_step="Vuelve a ejecutarla cuando quieras.")


def pack(
    context: Context,
    *,
    text: str | None = None,
    classic: bool = False,
    cancel: threading.Event | None = None,
) -> IO[bytes]:
    """Escribe el tar del contexto en un archivo temporal, ya al principio; se borra solo al cerrarlo.

    Args:
        text: el Dockerfile que viaja en lugar de ``context.text`` (con las mismas líneas).
        classic: añade el ``.dockerignore`` con el que el constructor clásico esconde un Dockerfile excluido.
        cancel: si se activa, se deja de empaquetar.

    Raises:
        ContextError: algo del contexto no se puede leer o cambió mientras se leía.
        DiskFullError: no cabe en la carpeta temporal de esta máquina.
        BuildCancelled: se canceló.
    """
    extra = {context.dockerfile: (context.text if text is None else text).encode()}
    if classic and context.dockerfile_leaks:
        hidden = [context.dockerfile, ".dockerignore"]
        if context.ignore_file == ".dockerignore" and not context.excluded_by(".dockerignore"):
            hidden.pop()
        extra[".dockerignore"] = "\n".join([*(rule.text for rule in context.rules), *hidden, ""]).encode()
    spool = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  lo cierra quien lo recibe
    try:
        with tarfile.open(fileobj=spool, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, data in extra.items():  # delante: BuildKit solo reconoce un tar por su primera cabecera
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(data), 0o644
                if (context.root / name).is_file():
                    _copy_stat(info, (context.root / name).stat())
                    info.pax_headers = {}
                tar.addfile(info, io.BytesIO(data))
            for name, path in context.entries():
                check(cancel)
                if name not in extra:
                    _add(tar, name, path, cancel, hollow=context.is_hollow(name))
        spool.seek(0)  # vacía lo pendiente: también aquí se puede llenar el disco
    except BaseException as error:
        with contextlib.suppress(
            OSError
        ):  # al cerrar escribe lo pendiente, y con el disco lleno falla otra vez
            spool.close()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise DiskFullError(
                f"No queda espacio en «{tempfile.gettempdir()}» para empaquetar el contexto.",
                next_step="Libera espacio, o excluye con «.dockerignore» lo que la imagen no necesita.",
            ) from error
        raise
    return spool


def _add(
    tar: tarfile.TarFile, name: str, path: Path, cancel: threading.Event | None, *, hollow: bool
) -> None:
    info = tarfile.TarInfo(name)
    try:
        status = path.lstat()
        _copy_stat(info, status)
        if stat.S_ISREG(status.st_mode) and not hollow:
            with path.open("rb") as file:
                info.size = os.fstat(file.fileno()).st_size
                source: Any = _Checked(file, cancel)
                tar.addfile(info, source)
            return
        if stat.S_ISLNK(status.st_mode):
            info.type, info.linkname = tarfile.SYMTYPE, native(os.readlink(path))
        elif stat.S_ISDIR(status.st_mode):
            info.type = tarfile.DIRTYPE
        elif stat.S_ISFIFO(status.st_mode):
            info.type = tarfile.FIFOTYPE
        elif not stat.S_ISREG(status.st_mode):
            return  # un socket o un dispositivo no viaja
        tar.addfile(info)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise unreadable(name, error) from error


def _copy_stat(info: tarfile.TarInfo, status: os.stat_result) -> None:
    mode = stat.S_IMODE(status.st_mode)
    info.mode = mode if os.name == "posix" else mode | 0o755  # Windows no guarda el permiso de ejecución
    info.mtime = int(status.st_mtime)
    if status.st_mtime_ns % 1_000_000_000 or status.st_mtime < 0:
        whole, rest = divmod(status.st_mtime_ns, 1_000_000_000)
        if whole >= 0:
            info.pax_headers = {"mtime": f"{whole}.{rest:09d}"}
