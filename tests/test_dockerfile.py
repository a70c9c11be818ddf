"""El lector de Dockerfile, sin motor."""

from __future__ import annotations

from typing import Any

import pytest

from multietapa.dockerfile.instructions import expand
from multietapa.dockerfile.stages import Dockerfile, parse
from multietapa.errors import DockerfileError

SEED = """\
# Etapa de compilación
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

# Etapa de producción
FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist ./dist
COPY package*.json ./
RUN npm install --only=production
CMD ["npm", "start"]
"""


def bases(file: Dockerfile, **options: Any) -> list[str]:
    """Los nombres de las imágenes de fuera que pide."""
    return list(file.images(architecture="amd64", **options))


def test_seed_has_two_stages_with_their_lines() -> None:
    """El Dockerfile de partida da dos etapas, cada una con su nombre, su base y sus líneas."""
    file = parse(SEED)
    assert [(s.label, s.base, s.line) for s in file.stages] == [
        ("build", "node:14", 2),
        ("stage-1", "node:14-alpine", 10),
    ]
    assert [(i.keyword, i.line) for i in file.counted_steps(file.stages[1])] == [
        ("FROM", 10),
        ("WORKDIR", 11),
        ("COPY", 12),
        ("COPY", 13),
        ("RUN", 14),
    ]
    assert bases(file, all_stages=True) == ["node:14", "node:14-alpine"]
    assert file.stage_labels == ("build", "1")


def test_continuations_comments_and_blank_lines_keep_the_first_line() -> None:
    """Una instrucción partida con comentarios y huecos conserva la línea donde empieza y dónde acaba."""
    file = parse("FROM a\nRUN uno && \\\n  # comentario\n\n  dos \\  \n  tres\nCMD sh\n")
    run, cmd = file.stages[0].instructions
    assert (run.line, run.end_line, run.arguments.split()) == (2, 6, ["uno", "&&", "dos", "tres"])
    assert cmd.line == 7


def test_double_backslash_is_not_a_continuation() -> None:
    """Dos barras al final de la línea no la continúan."""
    file = parse("FROM a\nRUN echo \\\\\nRUN b\n")
    assert [i.line for i in file.stages[0].instructions] == [2, 3]


def test_escape_directive_changes_the_continuation() -> None:
    """Con ``# escape=`` la barra deja de continuar y lo hace el acento grave."""
    file = parse("# escape=`\nFROM a\nRUN dir C:\\\nRUN uno `\n  dos\n")
    assert [i.line for i in file.stages[0].instructions] == [3, 4]


def test_directive_after_a_comment_is_only_a_comment() -> None:
    """Una directiva solo cuenta al principio del archivo."""
    assert parse("# hola\n# escape=`\nFROM a\n").escape == "\\"
    assert parse("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\n").escape == "`"


@pytest.mark.parametrize(
    "heredoc",
    [
        "RUN <<EOF\nFROM no\n# no\nEOF\n",
        'COPY <<"EOF" /x\nRUNN \\\nEOF\n',
        "RUN <<-EOF\n\tFROM no\n\tEOF\n",
        "RUN cat <<A <<B\nuno\nA\nFROM no\nB\n",
        "RUN python3 - <<'EOF'\nFROM no\n\nEOF\n",
    ],
)
def test_heredocs_are_not_instructions(heredoc: str) -> None:
    """Lo que va dentro de un heredoc no se lee como instrucciones, sea cual sea su forma."""
    file = parse(f"FROM a\n{heredoc}CMD sh\n")
    assert [i.keyword for i in file.stages[0].instructions][1:] == ["CMD"]
    assert file.stages[0].instructions[1].line == 2 + heredoc.count("\n")


def test_shift_and_quotes_are_not_heredocs() -> None:
    """Un desplazamiento o un ``<<`` entre comillas no abre un heredoc."""
    file = parse('FROM a\nRUN echo $((1<<2)) "x <<EOF"\nCMD sh\n')
    assert [i.keyword for i in file.stages[0].instructions] == ["RUN", "CMD"]


def test_bases_resolve_arguments_and_external_copies() -> None:
    """Las bases salen de los ``ARG`` globales, de ``COPY --from`` y de ``RUN --mount``, sin las etapas."""
    file = parse(
        "ARG V=14 VARIANTE\nARG BASE=node:$V${VARIANTE:+-$VARIANTE}\n"
        "FROM --platform=$BUILDPLATFORM ${BASE} AS build\nFROM BUILD as prueba\n"
        "RUN --mount=type=bind,from=golang:1,target=/x true\nFROM scratch\n"
        "COPY --from=build /a /a\nCOPY --from=nginx:alpine /b /b\nCOPY --from=1 /c /c\n"
    )
    assert bases(file, all_stages=True) == ["node:14", "golang:1", "nginx:alpine"]
    assert bases(file, buildargs={"VARIANTE": "slim"})[0] == "node:14-slim"
    assert bases(file, target="build") == ["node:14"]
    assert [s.index for s in file.needed("build")] == [0]


def test_only_needed_stages_are_asked_for() -> None:
    """Una etapa que no hace falta no obliga a traer su base."""
    file = parse("FROM a AS x\nFROM b AS y\nFROM c\nCOPY --from=y /1 /1\n")
    assert bases(file) == ["b", "c"]
    assert bases(file, all_stages=True) == ["a", "b", "c"]


def test_each_image_knows_who_asks_for_it() -> None:
    """Cada imagen señala la instrucción que la pide, y un ``FROM`` manda sobre un ``--from`` anterior."""
    file = parse("FROM a AS x\nCOPY --from=b /1 /1\nCOPY --from=buil /1 /1\nFROM b\nCOPY --from=x /1 /1\n")
    asked = {name: (i.keyword, i.line) for name, i in file.images(architecture="amd64").items()}
    assert asked == {"a": ("FROM", 1), "b": ("FROM", 4), "buil": ("COPY", 3)}


def test_scratch_and_derived_stages_do_not_count_their_from() -> None:
    """BuildKit no numera el FROM de ``scratch`` ni el de otra etapa; el lector tampoco."""
    file = parse("FROM a AS x\nRUN 1\nFROM x\nRUN 2\nFROM scratch\nCOPY --from=x /1 /1\n")
    assert [len(file.counted_steps(s)) for s in file.stages] == [2, 1, 1]


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "FROM"),
        ("# nada\n", 1, "FROM"),
        ("FROM a\nRUNN x\n", 2, "¿Querías escribir «RUN»?"),
        ("RUN x\nFROM a\n", 1, "antes de cualquier «FROM»"),
        ("FROM a b\n", 1, "FROM imagen AS nombre"),
        ("FROM a AS 1mala\n", 1, "nombre de etapa"),
        ("FROM a\n\nRUN\n", 3, "le falta"),
        ("FROM a\nCOPY uno\n", 2, "origen"),
        ("FROM a\nRUN <<EOF\nfoo\n", 2, "no se cierra"),
        ("# escape=x\nFROM a\n", 1, "escape"),
    ],
)
def test_errors_show_the_line(text: str, line: int, says: str) -> None:
    """Un Dockerfile que no se entiende señala su línea y dice qué hacer."""
    with pytest.raises(DockerfileError) as caught:
        parse(text)
    assert caught.value.line == line
    assert says in str(caught.value)


def test_other_syntax_may_have_other_instructions() -> None:
    """Con ``# syntax=`` una instrucción desconocida la juzga el motor."""
    assert parse("# syntax=ejemplo/otra\nFROM a\nNUEVA x\n").syntax == "ejemplo/otra"


def test_windows_line_ends_and_bom_are_harmless() -> None:
    """Los finales de línea de Windows y la marca de orden no cambian nada."""
    file = parse("\ufeffFROM a \\\r\n AS b\r\nRUN x\r\n")
    assert (file.stages[0].name, file.stages[0].instructions[0].arguments) == ("b", "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("$A-${B:-x}", "1-x"), ("${A:+si}${B:+no}", "si"), ("\\$A", "$A"), ("${C-x}|${D-x}", "|x")],
)
def test_expand(text: str, expected: str) -> None:
    """Las variables se sustituyen como lo hace Docker."""
    assert expand(text, {"A": "1", "C": ""}) == expected
