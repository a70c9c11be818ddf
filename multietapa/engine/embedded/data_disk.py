"""El disco de datos del motor embebido: un archivo ext4 que crece y que guarda imágenes y caché.

Puede nacer de un *disco preparado*: el mismo archivo, con las imágenes base ya dentro, comprimido
con zstd y partido en trozos (``disco.zst.00``, ``disco.zst.01``...) junto a ``disco.sha256``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from multietapa.engine.bundle import loader
from multietapa.errors import EngineError

PREPARED_VARIABLE = "MULTIETAPA_DISCO"
MANIFEST = "disco.sha256"
MAXIMUM_MB = 16 * 1024
MINIMUM_MB = 1024
RESERVE_MB = 512
PART_BYTES = 190 * 1024 * 1024
CHUNK = 4 * 1024 * 1024
_MB = 1024 * 1024


class DataDisk:
    """El disco ``path`` de un motor embebido; ``root`` es la raíz del paquete, de donde salen los programas.

    ``size_mb`` fija su tamaño (para las pruebas); si no, llega hasta donde deje el disco del anfitrión.
    """

    def __init__(self, root: Path, path: Path, *, size_mb: int = 0) -> None:
        self.root, self.path, self.size_mb = root, path, size_mb
        self.use_prepared = True

    def ensure(self, *, log: Callable[[str], None] = lambda _: None) -> None:
        """Lo deja listo: lo crea (o lo expande del preparado), lo revisa y lo agranda.

        Lanza :class:`EngineError` si no queda sitio o el disco preparado está dañado.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = not self.path.exists()
        if new:
            prepared = os.environ.get(PREPARED_VARIABLE, "") if self.use_prepared else ""
            partial = self.path.with_name(f"{self.path.name}.parcial")
            try:
                partial.unlink(missing_ok=True)
                if prepared:
                    log("expandiendo el disco preparado")
                    self._expand(Path(prepared), partial)
                else:
                    self._format(partial)
                partial.replace(self.path)
            finally:
                partial.unlink(missing_ok=True)
        elif not self.check():
            log("el disco de datos estaba dañado sin remedio; se guarda aparte y se empieza otro")
            self.path.replace(self.path.with_name(f"{self.path.name}.dañado"))
            self.ensure(log=log)
            return
        wanted = self._wanted_bytes()
        if self.path.stat().st_size < wanted:
            os.truncate(self.path, wanted)  # el sistema de archivos crece dentro, ya montado

    def check(self) -> bool:
        """Revisa y repara el disco (``e2fsck``); falso si no tiene arreglo. Limpio, tarda milésimas."""
        done = self._tool("usr/sbin/e2fsck", "-p", str(self.path))
        if done.returncode >= 4:
            done = self._tool("usr/sbin/e2fsck", "-f", "-y", str(self.path))
        return done.returncode < 4

    def clean(self) -> bool:
        """El disco se desmontó bien y una revisión completa, sin tocarlo, no encuentra nada."""
        return self._tool("usr/sbin/e2fsck", "-f", "-n", str(self.path)).returncode == 0

    def forget_cached(self) -> None:
        """Pide al anfitrión que no guarde el disco en memoria: la máquina ya guarda lo que usa."""
        with suppress(OSError):
            handle = os.open(self.path, os.O_RDONLY)
            try:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)

    def pack(self, folder: Path, *, log: Callable[[str], None] = lambda _: None) -> list[Path]:
        """Encoge el disco, lo comprime y lo deja en ``folder`` partido en trozos. Devuelve los trozos.

        El disco original ya no sirve para arrancar. Lanza :class:`EngineError` si algo falla.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for old in (*folder.glob("disco.zst.*"), folder / MANIFEST):
            old.unlink(missing_ok=True)
        log("encogiendo el disco")
        self._must("usr/sbin/e2fsck", "-f", "-y", str(self.path), accept=(0, 1))
        self._must("usr/sbin/resize2fs", "-M", str(self.path))
        log("comprimiendo el disco")
        arguments = ["-q", "-c", "-T0", "-12", "--long=27", str(self.path)]
        process = subprocess.Popen(
            loader.command(self.root, "usr/bin/zstd", *arguments), cwd=self.root, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        lines: list[str] = []
        parts: list[Path] = []
        while first := process.stdout.read(CHUNK):
            part = folder / f"disco.zst.{len(parts):02d}"
            digest, left = hashlib.sha256(first), PART_BYTES - len(first)
            with part.open("wb") as output:
                output.write(first)
                while left > 0 and (data := process.stdout.read(min(CHUNK, left))):
                    output.write(data)
                    digest.update(data)
                    left -= len(data)
            parts.append(part)
            lines.append(f"{digest.hexdigest()}  {part.name}\n")
        if process.wait() != 0:
            raise EngineError(
                "No se pudo comprimir el disco preparado.", next_step="Mira si queda disco libre."
            )
        (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")
        return parts

    def _wanted_bytes(self) -> int:
        if self.size_mb:
            return self.size_mb * _MB
        status = self.path.stat()
        room = shutil.disk_usage(self.path.parent).free // _MB + status.st_blocks * 512 // _MB - RESERVE_MB
        return max(MINIMUM_MB, min(MAXIMUM_MB, room)) * _MB

    def _format(self, path: Path) -> None:
        with path.open("wb") as output:
            output.truncate((self.size_mb or MINIMUM_MB) * _MB)
        options = ["-q", "-F", "-t", "ext4", "-m", "0", "-i", "8192", "-J", "size=32"]
        options += ["-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard,resize=8388608"]
        self._must("usr/sbin/mke2fs", *options, str(path))

    def _expand(self, folder: Path, path: Path) -> None:
        """Une y descomprime los trozos, comprobando cada uno mientras pasa."""
        arguments = ["-d", "-q", "-f", "--long=27", "--sparse", "-o", str(path)]
        process = subprocess.Popen(
            loader.command(self.root, "usr/bin/zstd", *arguments),
            cwd=self.root,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stderr is not None
        problem = ""
        try:
            with process.stdin as entrance:
                for data in _verified_parts(folder):
                    entrance.write(data)
        except BrokenPipeError:
            problem = "el descompresor se cerró"
        except EngineError:
            process.kill()
            raise
        finally:
            complaint = process.stderr.read().decode(errors="replace").strip()
            code = process.wait()
        if code != 0 or problem:
            raise EngineError(
                "El disco preparado no se pudo expandir.",
                why=complaint or problem,
                next_step=f"Comprueba que quedan al menos 3 GB libres en {path.parent} y repite la orden.",
            )

    def _tool(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            loader.command(self.root, program, *arguments),
            cwd=self.root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "MKE2FS_CONFIG": str(self.root / "etc/mke2fs.conf"), "LC_ALL": "C"},
        )

    def _must(self, program: str, *arguments: str, accept: tuple[int, ...] = (0,)) -> None:
        done = self._tool(program, *arguments)
        if done.returncode not in accept:
            raise EngineError(
                "El disco de datos del motor no se pudo preparar.",
                why=f"{Path(program).name} terminó con el código {done.returncode}.",
                detail=(done.stderr or done.stdout).strip()[-400:],
                next_step=f"Comprueba que queda sitio en {self.path.parent} y repite la orden.",
            )


def _verified_parts(folder: Path) -> Iterator[bytes]:
    try:
        listing = (folder / MANIFEST).read_text(encoding="utf-8").split()
    except OSError as problem:
        raise EngineError(
            f"En {folder} no hay un disco preparado.",
            why=str(problem),
            next_step=f"Corrige {PREPARED_VARIABLE}, o quítala para empezar con un disco vacío.",
        ) from problem
    for expected, name in zip(listing[::2], listing[1::2], strict=True):
        digest = hashlib.sha256()
        try:
            with (folder / Path(name).name).open("rb") as part:
                while data := part.read(CHUNK):
                    digest.update(data)
                    yield data
        except OSError as problem:
            raise _damaged(name, str(problem)) from problem
        if digest.hexdigest() != expected:
            raise _damaged(name, "su suma sha256 no es la que se anotó al hacerlo")


def _damaged(name: str, why: str) -> EngineError:
    return EngineError(
        f"El disco preparado está dañado ({name}).",
        why=why,
        next_step=f"Vuelve a hacerlo, o quita {PREPARED_VARIABLE} para empezar con un disco vacío.",
    )
