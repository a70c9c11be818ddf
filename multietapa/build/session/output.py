"""Los archivos de una etapa, en una carpeta de este disco: enteros o ninguno.

Es ``moby.filesync.v1.FileSend/DiffCopy``: el motor manda un tar y aquí se abre según llega, en una carpeta
provisional que solo pasa a ser la pedida cuando la construcción acaba bien.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from google.protobuf.message import DecodeError

from multietapa.build.events import OutputWritten
from multietapa.build.session import schema
from multietapa.build.session.grpc import DENIED, GrpcError, Handler, ServedCall
from multietapa.build.session.http2_stream import Broken
from multietapa.build.session.unpacking import Written, unpack
from multietapa.errors import BuildError, DiskFullError, EngineError, MultietapaError, is_disk_full

METHOD = "/moby.filesync.v1.FileSend/DiffCopy"
_PREFIX = ".multietapa-"


def check_output(folder: str | os.PathLike[str] | None) -> Path | None:
    """La carpeta donde se dejarán, entera y absoluta; ``None`` si no se pidió.

    Raises:
        BuildError: ya tiene algo, no es una carpeta o no se podrá escribir en ella.
    """
    if folder is None:
        return None
    given = os.fspath(folder)
    if not given:
        raise BuildError(
            "«salida» está vacío.",
            why="Dice en qué carpeta se dejan los archivos de la última etapa.",
            next_step='Escribe, por ejemplo, salida="resultado"; o quítalo.',
        )
    path = Path(given).expanduser().absolute()
    try:
        if path.exists():
            return _check_empty(path.resolve(), given)
        if path.is_symlink():
            raise _unusable(given, "es un enlace roto", "Bórralo, o usa otra carpeta.")
        above = _first_existing(path)
        if not above.is_dir():
            raise _unusable(given, f"«{above}» no es una carpeta", "Usa otra.")
        _check_writable(above, given)
    except OSError as error:
        raise _unwritable(path, error) from error
    return path


def _check_empty(path: Path, given: str) -> Path:
    if not path.is_dir():
        raise _unusable(given, "ya existe y no es una carpeta", "Usa otro nombre.")
    if any(path.iterdir()):
        other = f"{given.rstrip('/' + os.sep)}-2"
        step = f'Usa una que no exista, por ejemplo salida="{other}", o borra antes lo que hay en esa.'
        raise _unusable(given, "ya tiene archivos, y aquí no se pisa nada", step)
    _check_writable(path, given)
    return path


def _check_writable(folder: Path, given: str) -> None:
    own = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=own):
        step = "Usa una carpeta tuya, por ejemplo dentro de la de este cuaderno."
        raise _unusable(given, f"no tienes permiso para escribir en «{folder}»", step)


def _first_existing(path: Path) -> Path:
    return next(above for above in path.parents if above.exists() or above.is_symlink())


class Output:
    """La carpeta de una construcción. Acaba siempre con ``keep`` y ``discard``, por ese orden, o solo esta.

    ``cancelled`` deja de escribir en cuanto se activa.
    """

    def __init__(self, folder: Path, cancelled: threading.Event | None = None) -> None:
        self.folder = folder
        self._cancelled = cancelled or threading.Event()
        self._over = False
        self._one = threading.Lock()
        self._temporary: Path | None = None
        self._missing: Path | None = None  # la primera carpeta que falta, si falta alguna
        self._written: Written | None = None

    def handler(self, failed: Callable[[MultietapaError], None]) -> Handler:
        """Quien atiende al motor que los manda; ``failed`` se llama con lo que no se pudo escribir."""

        def attend(call: ServedCall) -> None:
            call.accept()
            try:
                self._receive(call)
            except MultietapaError as error:
                failed(error)
                raise GrpcError(DENIED, " ".join(filter(None, (error.what, error.why)))) from error

        return attend

    def _receive(self, call: ServedCall) -> None:
        with self._one:
            if self._over or self._temporary is not None:
                raise GrpcError(DENIED, "esos archivos ya llegaron")
            try:
                self._written = unpack(_Arriving(call), self._prepare(), check=self._check)
            except OSError as error:
                raise _unwritable(self.folder, error) from error

    def keep(self) -> OutputWritten:
        """Deja los archivos en su carpeta y dice cuántos son.

        Raises:
            EngineError: el motor no mandó ninguno.
            BuildError: mientras se construía, la carpeta dejó de estar vacía o no deja escribir.
        """
        with self._one:
            self._over = True
            if self._written is None or self._temporary is None:
                raise EngineError(
                    f"El motor no mandó los archivos para «{self.folder}».",
                    why="Dijo que había terminado, y no llegó ninguno.",
                    next_step="Repite la celda.",
                )
            try:
                if self._missing is None:
                    self._move_inside(self._temporary)
                else:
                    self._temporary.rename(self._missing)
            except OSError as error:
                raise _unwritable(self.folder, error) from error
            written = self._written
        return OutputWritten(str(self.folder), written.files, written.bytes, tuple(written.sentences()))

    def discard(self) -> None:
        """Borra lo provisional, si queda algo. Lo que ya se dejó en su carpeta, no."""
        self._over = True
        with self._one:
            if self._temporary is not None:
                shutil.rmtree(self._temporary, ignore_errors=True)

    def _check(self) -> None:
        if self._over or self._cancelled.is_set():
            raise Broken("se canceló")

    def _prepare(self) -> Path:
        """Hace la provisional, en el mismo disco: dentro de la pedida si existe, o al lado de lo que falta.

        Devuelve dónde se abre el tar: si faltan también carpetas de encima, se moverán todas juntas.
        """
        if not self.folder.exists():
            self._missing = self.folder
            while not self._missing.parent.exists():
                self._missing = self._missing.parent
        place = self._missing.parent if self._missing else self.folder
        self._temporary = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        if self._missing is None:
            return self._temporary
        self._temporary.chmod(0o755)
        root = self._temporary / self.folder.relative_to(self._missing)
        root.mkdir(parents=True, exist_ok=True)
        return root

    def _move_inside(self, root: Path) -> None:
        if any(path != root for path in self.folder.iterdir()):
            raise FileExistsError(errno.EEXIST, "ya no está vacía", str(self.folder))
        moved: list[Path] = []
        try:
            moved.extend(path.rename(self.folder / path.name) for path in sorted(root.iterdir()))
        except OSError:
            for path in moved:  # todo o nada
                with suppress(OSError):
                    path.rename(root / path.name)
            raise
        shutil.rmtree(root, ignore_errors=True)


class _Arriving:
    """Los bytes que llegan por una llamada, como un archivo que solo se lee hacia delante."""

    def __init__(self, call: ServedCall) -> None:
        self._messages = _data(call)
        self._rest = memoryview(b"")

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            data = next(self._messages, None)
            if data is None:
                return b""
            self._rest = memoryview(data)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


def _data(call: ServedCall) -> Iterator[bytes]:
    for message in call.messages():
        try:
            yield schema.read("BytesMessage", message).data
        except DecodeError as error:
            raise EngineError("El motor mandó algo que no se entiende.", why=str(error)) from error


def _unusable(given: str, why: str, step: str) -> BuildError:
    return BuildError(
        f"Los archivos no se pueden dejar en «{given}».",
        why=f"{why[0].upper()}{why[1:]}.",
        next_step=step,
    )


def _unwritable(folder: Path, error: OSError) -> MultietapaError:
    if is_disk_full(error.strerror or "") or error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFullError(
            f"No queda espacio para dejar los archivos en «{folder}».",
            why="Se llenó el disco de este equipo (no el del motor), y lo que se había escrito se borró.",
            next_step="Libera disco, o usa una carpeta de otro, y repite la celda.",
        )
    if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
        step = "No se ha pisado nada. Usa otra carpeta y repite la celda."
        return _unusable(str(folder), "mientras se construía, alguien puso algo en ella", step)
    reason = "no tienes permiso" if isinstance(error, PermissionError) else error.strerror or str(error)
    step = "Usa otra carpeta, por ejemplo dentro de la de este cuaderno, y repite la celda."
    return _unusable(str(folder), f"el sistema dice: {reason}", step)
