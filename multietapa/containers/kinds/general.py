"""Lo que no dice más que su nombre: va detrás de todo lo demás."""

from __future__ import annotations

from multietapa.containers.kinds.kind import CODE, Kind, kind

GENERAL: tuple[Kind, ...] = (
    kind(
        "rust-panico", "rust", r"^thread '[^']*'.* panicked at (.+?):?$",
        "Así dice Rust que el programa se rindió, en {0}.", CODE, 101,
    ),
    kind(
        "java-excepcion", "java", r"^Exception in thread \"[^\"]+\" ([\w.$]+)",
        "Así dice Java que nadie recogió una excepción: {0}.", CODE,
    ),
    kind(
        "excepcion", "node o python", r"^(?:Uncaught )?(?:[\w.]+\.)?((?:[A-Z]\w*)?(?:Error|Exception))(?: "
        r"\[\w+\])?: .+",
        "Nadie recogió ese error ({0}), y con él se cierra el programa.", CODE,
    ),
)  # fmt: skip
