"""Los textos de un ejercicio, leídos de su carpeta."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from multietapa.errors import MultietapaError

SEPARATOR = "\n---\n"


@dataclass(frozen=True)
class Content:
    """Lo que una persona lee de un ejercicio.

    ``statement`` y ``explanation`` son Markdown; ``template`` y ``solution``, respuestas enteras;
    ``hints``, las dos pistas que se dan mientras no se haya comprobado nada.
    """

    title: str
    statement: str
    template: str
    hints: tuple[str, str]
    solution: str
    explanation: str

    @classmethod
    def from_folder(cls, folder: Path, suffix: str = ".Dockerfile") -> Content:
        """Los textos de esa carpeta: ``enunciado.md`` (su primera línea es el título), ``pistas.md`` (dos,
        separadas por una línea ``---``), ``plantilla.Dockerfile``, ``solucion.Dockerfile`` y ``solucion.md``;
        las respuestas acaban en ``suffix``.

        Lanza :class:`MultietapaError` si falta uno, o si al enunciado o a las pistas les falta su forma.
        """
        heading, _, statement = _read(folder / "enunciado.md").partition("\n")
        if not heading.startswith("# "):
            raise MultietapaError(
                f"El enunciado de «{folder.name}» no empieza por su título.",
                next_step="La primera línea de enunciado.md es «# » y el título; después va el enunciado.",
            )
        hints = [hint.strip() for hint in _read(folder / "pistas.md").split(SEPARATOR)]
        if len(hints) != 2 or not all(hints):
            raise MultietapaError(
                f"Las pistas de «{folder.name}» no son dos.",
                next_step="En pistas.md van dos, de menos a más, separadas por una línea «---».",
            )
        return cls(
            title=heading.removeprefix("# ").strip(),
            statement=statement.lstrip("\n"),
            template=_read(folder / f"plantilla{suffix}"),
            hints=(hints[0], hints[1]),
            solution=_read(folder / f"solucion{suffix}"),
            explanation=_read(folder / "solucion.md"),
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise MultietapaError(
            f"Al ejercicio «{path.parent.name}» le falta {path.name}.",
            detail=str(problem),
            next_step="Escríbelo en su carpeta: CONTRIBUTING dice qué archivos lleva un ejercicio.",
        ) from problem
