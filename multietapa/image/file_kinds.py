"""De qué clase es cada archivo de una imagen: siete clases cuya suma es Desempaquetado, al byte.

Lo deciden su ruta, su extensión y sus permisos, nada más: aquí no se abre ningún archivo. Un programa sin
permiso de ejecución y fuera de su sitio, o un texto sin extensión, queda en «otros archivos».
"""

from __future__ import annotations

import re
from enum import Enum

from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry


class FileKind(Enum):
    """Las clases, en el orden en que se muestran; el valor es su nombre en pantalla."""

    PROGRAMS = "programas y bibliotecas"
    MODULES = "módulos y paquetes"
    CODE = "código y texto"
    DOCUMENTATION = "documentación"
    DATA = "datos"
    MEDIA = "imágenes y medios"
    OTHER = "otros archivos"


_MODULES = re.compile(
    r"(.*/)?(node_modules|\.pnpm|(site|dist)-packages|\.?venv)/"
    r"|go/pkg/mod/|(.*/)?\.m2/repository/|(.*/)?cargo/registry/"
)
_DOCUMENTATION = re.compile(
    r"(usr/(local/)?)?share/(doc|doc-base|man|info|help|gtk-doc)/|usr/(local/)?man/"
    r"|(.*/)?(readme|license|licence|copying|changelog|changes|authors|notice|contributing)(\.[a-z]{2,4})?$",
    re.IGNORECASE,
)
_LIBRARY = re.compile(r".*\.so(\.[0-9]+)*$")
_PROGRAM_FOLDERS = re.compile(r"(.*/)?(bin|sbin|libexec)/[^/]+$")
_EXTENSIONS = {
    FileKind.PROGRAMS: """
        a o ko la dll dylib exe node wasm jar war class pyc pyo elc rlib rmeta whl
    """,
    FileKind.CODE: """
        js mjs cjs jsx ts mts cts tsx map vue py pyi pl pm t sh bash zsh c h cc cpp cxx hh hpp inc ipp tcc
        s go rs java kt scala rb lua php el m4 ac am in cmake mk make awk sed tcl html htm xhtml css scss
        less json json5 jsonc yml yaml toml xml xsd xsl dtd svelte txt conf cfg ini list env properties
        sql md rst pc d service socket timer rules gyp gypi lock proto tmpl patch diff dockerfile
        m4f pod tex texi texinfo
    """,
    FileKind.DATA: """
        db sqlite sqlite3 dat data bin csv tsv parquet avro npy mo po pot gmo gz tgz bz2 xz zst zip tar 7z
        deb rpm apk pem crt cer der key p12 pfx icu cache idx pack res tab tzif bdb mdb gresource typelib
        mgc
    """,
    FileKind.MEDIA: """
        png jpg jpeg gif webp avif svg svgz ico icns bmp tif tiff psd mp3 ogg oga flac wav mp4 webm mov
        avi ttf otf woff woff2 eot pfb pdf ps eps
    """,
}
_BY_EXTENSION = {extension: kind for kind, listed in _EXTENSIONS.items() for extension in listed.split()}
_SCRIPTS = frozenset("sh bash py pl rb js mjs cjs ts lua php".split())
_FOLDERS = (
    (
        ("usr/share/zoneinfo/", "usr/share/locale/", "usr/lib/locale/", "usr/share/i18n/"),
        FileKind.DATA,
    ),
    (("etc/", "var/lib/dpkg/", "lib/apk/", "usr/lib/apk/", "usr/share/perl", "usr/include/"), FileKind.CODE),
    (("var/lib/",), FileKind.DATA),
)


def file_kind(entry: FileEntry) -> FileKind:
    """La clase de un archivo; un enlace simbólico, que solo ocupa su destino, es de las otras."""
    path = entry.path
    if entry.kind != "file":
        return FileKind.OTHER
    if _MODULES.match(path):
        return FileKind.MODULES
    if _DOCUMENTATION.match(path):
        return FileKind.DOCUMENTATION
    name = path[path.rfind("/") + 1 :].lower()
    extension = name[name.rfind(".") + 1 :] if "." in name[1:] else ""
    if extension in _SCRIPTS:
        return FileKind.CODE
    if _LIBRARY.match(path) or (entry.mode & 0o111 and _PROGRAM_FOLDERS.match(path)):
        return FileKind.PROGRAMS
    if known := _BY_EXTENSION.get(extension):
        return known
    for folders, kind in _FOLDERS:
        if path.startswith(folders):
            return kind
    return FileKind.PROGRAMS if entry.mode & 0o111 else FileKind.OTHER


def by_file_kind(image: MeasuredImage) -> dict[FileKind, int]:
    """Bytes de cada clase, en su orden; suman exactamente ``image.unpacked_bytes``."""
    totals = dict.fromkeys(FileKind, 0)
    for layer in image.layers:
        for entry in layer.files:
            if entry.own_bytes:
                totals[file_kind(entry)] += entry.own_bytes
    return totals
