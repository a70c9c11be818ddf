"""El lector de Dockerfile, sin motor."""

from __future__ import annotations

import re
from typing import Any

import pytest

from multietapa.dockerfile.outside import outside_images
from multietapa.dockerfile.shell import Lexer, WordError
from multietapa.dockerfile.stages import Dockerfile, final_chain, parse
from multietapa.dockerfile.targets import name_target
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
    return list(outside_images(file, architecture="amd64", **options))


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


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("COPY <<FIN-1 /n", ("FIN-1",)),
        ("COPY <<GUIÓN /n", ("GUIÓN",)),
        ("COPY <<-\\FIN /n", ("FIN",)),
        ("RUN cat << FIN > /n", ("FIN",)),
        ("RUN echo it\\'s && cat <<FIN > /n", ("FIN",)),
        ("ONBUILD RUN <<FIN", ("FIN",)),
        ('RUN cat <<"F N" 3<<-B', ("F N", "B")),
        ("RUN echo it's && cat <<FIN", ()),
        ('RUN ["cat", "<<FIN"]', ()),
        ("ENV a=<<FIN", ()),
        ("RUN cat <<<FIN", ()),
    ],
)
def test_what_opens_a_heredoc(line: str, names: tuple[str, ...]) -> None:
    """Un documento se abre igual que en BuildKit: con espacios, acentos, escapes y detrás de ``ONBUILD``."""
    body = "".join(f"NADA\n{name}\n" for name in names)
    instructions = parse(f"FROM a\n{line}\n{body}CMD sh\n").stages[0].instructions
    assert [i.keyword for i in instructions][1:] == ["CMD"]
    assert instructions[0].heredocs == names


def test_shift_and_quotes_are_not_heredocs() -> None:
    """Un desplazamiento o un ``<<`` entre comillas no abre un heredoc."""
    file = parse('FROM a\nRUN echo $((1<<2)) "x <<EOF"\nCMD sh\n')
    assert [i.keyword for i in file.stages[0].instructions] == ["RUN", "CMD"]


def test_bases_resolve_arguments_and_external_copies() -> None:
    """Las bases salen de los ``ARG`` globales, de ``COPY --from`` y de ``RUN --mount``, sin las etapas."""
    file = parse(
        "ARG V=14 VARIANTE\nARG BASE=node:$V${VARIANTE:+-$VARIANTE}\n"
        "FROM --platform=$BUILDPLATFORM ${BASE} AS build\nFROM build as prueba\n"
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
    asked = {name: (i.keyword, i.line) for name, i in outside_images(file, architecture="amd64").items()}
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
        ("FROM a\n\nWORKDIR\n", 3, "le falta"),
        ("FROM a\nCOPY uno\n", 2, "origen"),
        ("FROM a\nRUN <<EOF\nfoo\n", 2, "no se cierra"),
        ("# escape=x\nFROM a\n", 1, "escape"),
        ("FROM a\nONBUILD FROM b\n", 2, "no puede dejar preparado un «FROM»"),
        ("FROM a\nonbuild onbuild RUN b\n", 2, "no puede dejar preparado un «ONBUILD»"),
        ("FROM a AS b\nFROM c\nADD --from=b /x /y\n", 3, "eso es de «COPY»"),
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


@pytest.mark.parametrize("keyword", ["RUN", "CMD", "ENTRYPOINT"])
def test_what_may_be_empty(keyword: str) -> None:
    """Las tres instrucciones que el motor admite sin nada detrás."""
    assert parse(f"FROM a\n{keyword}\n").stages[0].instructions[0].arguments == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$A-${B:-x}", "1-x"),
        ("${A:+si}${B:+no}", "si"),
        ("\\$A", "$A"),
        ("${C-x}|${D-x}", "|x"),
        ("node:${V%%.*}-alpine", "node:14-alpine"),
        ("${V%.*}|${W#v}|${W##*v}|${V##*.}", "14|14v2|2|21"),
        ("${D:-${A}}${D:-${E:-$A}}", "11"),
        ('${W:+"$W/"}x', "v14v2/x"),
        ("${W/v/b}|${W//v/b}", "b14v2|b14b2"),
        ("'$A'\"$A\"", "$A1"),
        ("${A:?falta}", "1"),
        ("$$ $1 $ü", "  "),
    ],
)
def test_expand(text: str, expected: str) -> None:
    """Las variables se sustituyen como lo hace BuildKit."""
    assert Lexer({"A": "1", "C": "", "V": "14.21", "W": "v14v2"}).word(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("${D:?dime cuál}", "la variable «D» no tiene valor: dime cuál"),
        ("${C:?}", "la variable «C» está vacía"),
        ("${A", "falta la «}»"),
        ("${", "falta la «}»"),
        ("${}", "le falta el nombre"),
        ("${A:-x", "falta la «}»"),
        ("${A/x}", "falta la «/»"),
        ("${A^^}", "«^» no se puede usar"),
        ("'a", "comilla simple"),
        ('"a', "comilla doble"),
        ("${A#\\x}", "no significa nada"),
    ],
)
def test_a_word_that_cannot_be_read(text: str, why: str) -> None:
    """Lo que BuildKit no sabe leer se explica en español."""
    with pytest.raises(WordError, match=re.escape(why)):
        Lexer({"A": "1", "C": ""}).word(text)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("FROM node::14\n", 1, "no sirve como etiqueta"),
        ("FROM a AS x\nFROM a\nARG D=x\nCOPY --from=$D /etc/passwd /p\n", 4, "no puede llevar variables"),
        ("FROM a\nRUN --mount=from=$D,target=/x true\n", 2, "no puede llevar variables"),
        ("FROM a AS a\nARG V=14-alpine\nFROM node:$V\n", 3, "El «ARG» de la línea 2 va detrás de un «FROM»"),
        ("FROM node:$V\n", 1, "Escribe «ARG V=valor» antes del primer «FROM»"),
        ("FROM $X\n", 1, "está vacío"),
        ("ARG V\nFROM a:${V:?dila}\n", 2, "«V» no tiene valor: dila"),
        ("ARG A=${B\nFROM a\n", 1, "En «A=${B»"),
        ("FROM a::b AS uno\nFROM c\n", 1, "no sirve como etiqueta"),
        ("FROM a AS uno\nFROM UNO\n", 2, "Escribe «uno»"),
        ("FROM a\nCOPY --from=x::y /a /a\n", 2, "no sirve como etiqueta"),
        ("FROM a\nCOPY --from=0 /a /a\n", 2, "Es la primera"),
        ("FROM a\nFROM b\nCOPY --from=2 /a /a\n", 3, "Aquí vale el 0."),
        ("FROM a@sha256:12\n", 1, "no es un nombre de imagen válido"),
        (f"FROM a@sha256:{'1' * 40}\n", 1, "no es la huella"),
        (f"FROM {'b' * 64}\n", 1, "identificador"),
        (f"FROM {'b' * 300}\n", 1, "255"),
    ],
)
def test_names_that_the_engine_does_not_take(text: str, line: int, says: str) -> None:
    """Un nombre que el motor no aceptaría da el error del kit, con su línea y qué hacer."""
    with pytest.raises(DockerfileError) as caught:
        bases(parse(text))
    assert caught.value.line == line
    assert says in str(caught.value)


def test_a_later_stage_may_be_named_where_nobody_needs_it() -> None:
    """Copiar de una etapa posterior solo se rechaza si la etapa que copia hace falta."""
    file = parse("FROM a AS x\nCOPY --from=1 /a /a\nFROM b\n")
    assert bases(file) == ["b"]
    with pytest.raises(DockerfileError, match="línea 2"):
        bases(file, all_stages=True)


def test_arguments_decide_which_stage_is_the_parent() -> None:
    """Un ``FROM $X`` que vale el nombre de una etapa parte de ella; ``buildargs`` lo cambia."""
    text = "ARG X=uno\nFROM a AS uno\nFROM b AS dos\nFROM $X\n"
    assert bases(parse(text)) == ["a"]
    assert bases(parse(text), buildargs={"X": "dos"}) == ["b"]
    assert [s.name for s in final_chain(parse(text, {"X": "dos"}), None)] == ["dos", ""]
    assert bases(parse("ARG V\nFROM a:${V-1}-$TARGETSTAGE AS x\n")) == ["a:1-x"]


def test_a_stage_without_name_can_be_the_target() -> None:
    """El motor solo acepta nombres: a la etapa que no lo tiene se le pone, sin mover las líneas."""
    text = "FROM a \\\n  --platform=x\nFROM \\\n  --platform=linux/amd64 \\\n  b\nRUN x\nFROM c AS stage-1\n"
    file = parse(text.replace(" \\\n  --platform=x", ""))
    named, target = name_target(file, file.text, "1")
    assert target == "stage-1-"
    again = parse(named)
    assert [s.line for s in again.stages] == [s.line for s in file.stages]
    assert again.stages[1].name == "stage-1-"
    assert (again.stages[1].image, again.stages[1].opening.flag("platform")) == ("b", "linux/amd64")
    assert name_target(file, file.text, None) == (file.text, None)
    assert name_target(file, file.text, "stage-1") == (file.text, "stage-1")
