"""Lo que falla antes del programa: quien lo arranca, los finales de línea de Windows y el cargador."""

from __future__ import annotations

from multietapa.containers.kinds.kind import LIBRARY, Kind, kind

LAUNCH: tuple[Kind, ...] = (
    kind(
        "otro-formato", "ejecutable", r"^exec (\S+): exec format error"
        r"|(\S+): (?:cannot execute binary file: )?Exec format error$",
        "«{0}» es de otra arquitectura, o un guion sin su primera línea «#!».",
        "Comprueba para qué arquitectura se construyó, o escribe esa primera línea.",
    ),
    kind(
        "sin-cargador", "ejecutable", r"^exec (\S+): no such file or directory",
        "A la imagen le falta el intérprete o el cargador que necesita «{0}».",
        "Parte de una imagen que lo lleve, o compila el programa estático.",
    ),
    kind(
        "fin-de-linea", "shell", r"\r'?: (?:command )?not found|\r'?: No such file|[Ii]llegal option -\r"
        r"|\\r['’]|\^M: bad interpreter|\r: bad interpreter",
        "Hay un retorno de carro al final de una orden: el archivo se guardó con los finales de línea de "
        "Windows (CRLF).",
        "Guárdalo con finales de línea LF; en Git, «*.sh text eol=lf» en .gitattributes los conserva.",
    ),
    kind(
        "biblioteca", "ejecutable", r"error while loading shared libraries: (\S+?): cannot open shared "
        r"object",
        "Así dice el cargador de Linux que falta la biblioteca «{0}».", LIBRARY,
    ),
    kind(
        "biblioteca-musl", "ejecutable", r"Error loading shared library (\S+?): .*\(needed by (\S+?)\)",
        "Así dice el cargador de Alpine (musl) que a «{1}» le falta la biblioteca «{0}».", LIBRARY,
    ),
    kind(
        "glibc", "ejecutable", r"version [`'](GLIBC\w*_[\d.]+)' not found",
        "Así dice el cargador que el binario se compiló con una biblioteca de C más nueva ({0}) que la de "
        "esta "
        "base.", LIBRARY,
    ),
    kind(
        "simbolo-musl", "ejecutable", r"Error relocating (\S+?): (\S+): symbol not found",
        "Así dice el cargador de Alpine (musl) que «{0}» se compiló para otra biblioteca de C: no encuentra "
        "«{1}».", LIBRARY,
    ),
)  # fmt: skip
