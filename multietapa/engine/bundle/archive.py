"""El paquete del motor en un solo archivo, para máquinas sin apt o sin red.

``python -m multietapa motor --empaquetar CARPETA`` lo escribe, con su ``.sha256`` al lado; donde se vaya a
usar, ``MULTIETAPA_PAQUETE`` dice cuál es. Es un ``.tar.xz``: Python lo abre sin otro programa. Del mismo
paquete sale siempre el mismo archivo, byte a byte.
"""

from __future__ import annotations

import lzma
import os
import platform
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from multietapa.engine.bundle import manifest as bundle_manifest
from multietapa.errors import BundleError

DIGEST_VARIABLE = "MULTIETAPA_PAQUETE_SHA256"
MAXIMUM_BYTES = 1024**3
MAXIMUM_MEMBERS = 20_000
CHUNK = 1024 * 1024
#: Cómo llama Debian a cada arquitectura.
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
#: Con 64 MB quedaría un 10 % más pequeño, pero hacerlo pediría 740 MB de memoria en vez de 240.
_DICTIONARY = 16 * 1024 * 1024


def archive_name(key: str) -> str:
    """El nombre del archivo de un paquete."""
    machine = platform.machine()
    return f"multietapa-motor-{key}-{ARCHITECTURES.get(machine, machine)}.tar.xz"


def write_archive(
    root: Path, folder: Path, *, key: str, preset: int = 9, log: Callable[[str], None] = lambda _: None
) -> Path:
    """Escribe en ``folder`` el archivo del paquete ``root`` y su ``.sha256``; devuelve la ruta del archivo.

    ``preset`` es el esfuerzo de xz, de 0 a 9. Lanza :class:`BundleError` si el paquete no está sano.
    """
    bundle_manifest.check(root, key=key)
    manifest = bundle_manifest.read(root, key=key)
    names = [bundle_manifest.MANIFEST, *manifest.files, *manifest.links, *manifest.folders]
    parents = {str(up) for name in names for up in PurePosixPath(name).parents if str(up) != "."}
    total = sum((root / name).stat().st_size for name in manifest.files)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / archive_name(key)
    partial = target.with_name(f"{target.name}.parcial")
    done = shown = 0
    try:
        with (
            lzma.open(partial, "wb", format=lzma.FORMAT_XZ, filters=_filters(preset)) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
        ):
            for name in sorted({*names, *parents}):
                done += _add(tar, root / name, name)
                if total and done * 100 // total > shown:
                    shown = done * 100 // total
                    log(f"comprimiendo el paquete del motor ({shown} %)")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    digest = bundle_manifest.digest_of(target)
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return target


def _filters(preset: int) -> list[dict[str, int]]:
    compress = {"id": lzma.FILTER_LZMA2, "preset": preset, "dict_size": _DICTIONARY}
    x86 = [{"id": lzma.FILTER_X86}] if platform.machine() == "x86_64" else []
    return [*x86, compress]


def _add(tar: tarfile.TarFile, path: Path, name: str) -> int:
    """Añade una entrada sin nada que dependa de quién o cuándo: fecha 0 y dueño root. Devuelve sus bytes."""
    member = tarfile.TarInfo(name)
    if path.is_symlink():
        member.type, member.linkname = tarfile.SYMTYPE, os.readlink(path)
    elif path.is_dir():
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    else:
        status = path.stat()
        member.size, member.mode = status.st_size, 0o755 if status.st_mode & 0o111 else 0o644
        with path.open("rb") as content:
            tar.addfile(member, content)
        return member.size
    tar.addfile(member)
    return 0


def unpack_archive(
    archive: Path, root: Path, *, key: str, log: Callable[[str], None] = lambda _: None
) -> None:
    """Abre un archivo en la carpeta nueva ``root`` tras comprobar su suma, y después todo lo que traía.

    La suma esperada es la de ``ARCHIVO.sha256`` y la de ``MULTIETAPA_PAQUETE_SHA256``; si hay dos, valen
    las dos. Lanza :class:`BundleError` si algo no cuadra o si el archivo es hostil.
    """
    log("comprobando el archivo del paquete del motor")
    found = bundle_manifest.digest_of(archive)
    for origin, expected in _expected(archive):
        if found != expected:
            raise _bad(archive, f"su suma sha256 es {found}, y {origin} dice {expected[:64]}")
    log("abriendo el archivo del paquete del motor")
    try:
        with lzma.open(archive) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            _extract(tar, archive, root)
    except (tarfile.TarError, lzma.LZMAError, EOFError, UnicodeError) as problem:
        raise _bad(archive, f"está cortado o no es un .tar.xz ({problem})") from problem
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as problem:
        repeated = Path(str(problem.filename2 or problem.filename)).name
        raise _bad(archive, f"trae dos veces «{repeated}», o como archivo y como carpeta") from problem
    except (RuntimeError, ValueError) as problem:
        raise _bad(archive, f"sus enlaces no tienen sentido ({problem})") from problem
    bundle_manifest.check(root, key=key)
    if extras := sorted(bundle_manifest.extras(root, key=key)):
        raise _bad(archive, f"trae «{extras[0]}», que no está en su lista")


def _expected(archive: Path) -> list[tuple[str, str]]:
    beside = archive.with_name(f"{archive.name}.sha256")
    found = []
    if beside.exists():
        words = beside.read_text(encoding="utf-8", errors="replace").split()
        found.append((beside.name, words[0].lower() if words else "nada"))
    if pinned := os.environ.get(DIGEST_VARIABLE, "").strip().lower():
        found.append((DIGEST_VARIABLE, pinned))
    return found


def _extract(tar: tarfile.TarFile, archive: Path, root: Path) -> None:
    """Escribe archivos y carpetas; los enlaces, al final, para que nada se escriba a través de uno."""
    root.mkdir()
    links: list[tuple[Path, str]] = []
    size = 0
    for count, member in enumerate(tar):
        size += member.size
        if count >= MAXIMUM_MEMBERS or size > MAXIMUM_BYTES:
            raise _bad(archive, "abierto ocupa mucho más que un paquete del motor")
        path = _place(archive, root, member.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if member.isdir():
            path.mkdir(exist_ok=True)
        elif member.issym():
            links.append((path, member.linkname))
        elif member.type in (tarfile.REGTYPE, tarfile.AREGTYPE):
            _write(tar, member, path)
        else:
            raise _bad(archive, f"«{member.name[:80]}» no es un archivo, una carpeta ni un enlace simbólico")
    for path, target in links:
        path.symlink_to(target)
    for path, target in links:
        end = path.resolve()
        if target.startswith("/") or not end.is_relative_to(root.resolve()):
            raise _bad(archive, f"el enlace «{path.relative_to(root)}» sale del paquete")
        if end.is_symlink():  # da vueltas; hasta Python 3.12, ``resolve`` ya falla
            raise _bad(archive, f"el enlace «{path.relative_to(root)}» no llega a ningún sitio")
    for folder, _, _ in os.walk(root):
        Path(folder).chmod(0o755)


def _place(archive: Path, root: Path, name: str) -> Path:
    inside = PurePosixPath(name)
    if inside.is_absolute() or ".." in inside.parts or not inside.parts or "\0" in name:
        raise _bad(archive, f"la ruta «{name[:80]}» sale del paquete")
    return root / inside


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = tar.extractfile(member)
    assert content is not None
    with path.open("xb") as output:
        while chunk := content.read(CHUNK):
            output.write(chunk)
    path.chmod(0o755 if member.mode & 0o111 else 0o644)


def _bad(archive: Path, why: str) -> BundleError:
    return BundleError(
        f"El archivo del paquete del motor, {archive.name}, no vale.",
        why=f"{why}.",
        next_step="Cópialo otra vez desde donde se hizo, con su .sha256, y repite la orden.",
    )
