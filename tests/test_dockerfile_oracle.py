"""La lectura del Dockerfile contra el motor: variables, nombres de imagen y documentos, con casos al azar.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from multietapa.dockerfile.instructions import heredocs
from multietapa.dockerfile.outside import outside_images
from multietapa.dockerfile.references import invalid_reference
from multietapa.dockerfile.shell import Lexer, WordError
from multietapa.dockerfile.stages import parse
from multietapa.errors import DockerfileError
from tools.docker_cli import DockerCommand

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 300)
ALONE = 10  # los que se construyen de uno en uno
VALUES = {"A": "14.21.3-x", "B": "", "C": "abXabXa", "D": "v1/ñ*b", "E": "$A}"}
PIECES = 'a b . - / v 1 X ñ : * ? } \\\\ \\$ \\} \\* \\/ \\a \' " \'$A\' "$A" "\\"" $A $D $E'.split()
PIECES += "$Z $ ${B} $1 $$ < <<".split()
OPERATORS = "- + ? :- :+ :? # ## % %% / // - :- % #".split()


@pytest.fixture
def chance() -> random.Random:
    """El azar de la prueba, con su semilla a la vista."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    return random.Random(seed)


def build(docker_cli: DockerCommand, work: Path, text: str, output: str = "type=tar,dest=/dev/null") -> str:
    """Construye un Dockerfile en una carpeta vacía; el error de la orden, o ``""``."""
    (work / "nada").mkdir(exist_ok=True)
    file = work / f"{abs(hash(text))}.Dockerfile"
    file.write_text(text, encoding="utf-8")
    done = docker_cli.run("build", "-q", "-f", str(file), "--output", output, str(work / "nada"))
    return done.stderr.strip() or "falló" if done.returncode else ""


def random_word(chance: random.Random, depth: int = 2) -> str:
    """Una palabra con variables, comillas y escapes, sin espacios."""
    out = ""
    for _ in range(chance.randint(1, 4)):
        if chance.random() < 0.45 and depth:
            operator = chance.choice(OPERATORS)
            inside = random_word(chance, depth - 1)
            if operator in ("/", "//"):
                inside = chance.choice("X a b ab * ? a* *b 1 \\/ .".split()) + f"/{inside}"
            elif operator[0] in "#%":
                inside = chance.choice([*"a* *X* *b ab* v1/ *. .* ?? *-* \\* v1\\/*".split(), inside])
            name = chance.choice("A B C D E Z".split())
            piece = f"${{{name}{operator}{inside}}}"
            out += f'"{piece}"' if chance.random() < 0.2 else piece
        else:
            out += chance.choice(PIECES if chance.random() < 0.5 else PIECES[:8])
    return out


def test_random_words_expand_as_in_the_engine(
    docker_cli: DockerCommand, tmp_path: Path, chance: random.Random
) -> None:
    """Cada palabra al azar vale lo mismo aquí que en una construcción, y falla en los mismos casos."""
    good: dict[str, str] = {}
    bad: list[str] = []
    while len(good) < CASES:
        word = f"{random_word(chance)}z"
        try:
            good[word] = Lexer(VALUES).word(word)
        except WordError:
            bad.append(word)
    first = "".join(f"ARG {name}='{value}'\n" for name, value in VALUES.items())
    names = {f"R{n}": word for n, word in enumerate(good)}
    text = first + "".join(f"ARG {name}={word}\n" for name, word in names.items()) + "FROM scratch\n"
    text += "".join(f"ARG {name}\n" for name in names)
    text += "COPY <<FIN /sale\n" + "".join(f"[${name}]\n" for name in names) + "FIN\n"
    problem = build(docker_cli, tmp_path, text, f"type=local,dest={tmp_path}/sale")
    assert problem == "", problem
    real = (tmp_path / "sale/sale").read_text(encoding="utf-8").splitlines()
    differences = [
        f"{word}: aquí {mine!r}, el motor {theirs!r}"
        for (word, mine), theirs in zip(good.items(), real, strict=True)
        if f"[{mine}]" != theirs
    ]
    assert differences == []
    wrong = list(dict.fromkeys(bad))[:ALONE]
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(lambda w: build(docker_cli, tmp_path, f"{first}ARG R={w}\nFROM scratch\n"), wrong)
        assert [word for word, answer in zip(wrong, answers, strict=True) if not answer] == []


def test_random_froms_are_those_of_the_engine(
    docker_cli: DockerCommand, tmp_path: Path, chance: random.Random
) -> None:
    """Un ``FROM`` al azar pide en el motor la imagen que se dice aquí, o lo rechazan los dos."""
    first = "".join(f"ARG {name}='{value}'\n" for name, value in VALUES.items())
    texts = [f"{first}FROM localhost:1/{random_word(chance)}z\n" for _ in range(2 * ALONE)]

    def answer(text: str) -> str:
        return build(docker_cli, tmp_path, text)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(answer, texts))
    for text, said in zip(texts, answers, strict=True):
        try:
            image = next(iter(outside_images(parse(text), architecture="amd64", all_stages=True)))
        except DockerfileError:
            assert "failed to do request" not in said, text
        else:
            tagged = image if "@" in image or ":" in image.split("/", 1)[1] else f"{image}:latest"
            assert f"{tagged}: failed to " in said, f"{text}{image}\n{said}"


def test_random_references_agree_with_the_engine(engine: docker.DockerClient, chance: random.Random) -> None:
    """Un nombre de imagen al azar lo aceptan o lo rechazan los dos: aquí y el motor."""
    pieces = "node a1 14 - -- _ __ ___ . .. : :: / // @ A ñ localhost localhost:5000".split()
    pieces += "H.io [::1] x.y:1 latest -a a-".split()
    digests = [
        f"@sha256:{'a' * 64}",
        f"@sha256:{'a' * 40}",
        f"@sha512:{'0' * 128}",
        f"@md5:{'b' * 32}",
        "f" * 64,
    ]
    pieces += [*digests, "index.docker.io", "docker.io", "a" * 127, "Z9" * 64, "b" * 250, " ", "library"]
    differences = []
    for _ in range(max(CASES, 1000)):
        name = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 6)))
        if chance.random() < 0.6:
            name = (
                chance.choice(["", "localhost/", "x.io:5000/", "a/"])
                + chance.choice(pieces).strip()
                + "/node"
            )
            name += chance.choice(["", ":14", ":", ":-a", ":14@", ":A_b", ":ñ", *digests])
        if not name.strip("/ "):
            continue
        try:
            engine.api.tag("multietapa-pruebas/no-existe:1", name)
            said = ""
        except docker.errors.APIError as error:
            said = str(error.explanation)
        accepted = "No such image" in said or "digest reference" in said or "ambiguous tag" in said
        if accepted == bool(invalid_reference(name)[0]):
            differences.append(f"{name!r}: {invalid_reference(name)[0]!r} / {said}")
    assert differences == []


def random_line(chance: random.Random) -> str:
    """Lo que va detrás de ``RUN``: órdenes con documentos, comillas, desplazamientos y escapes."""
    words = (
        "cat <<FIN|<< FIN|<<-FIN|<<\"FIN\"|<<'F N'|<<\\FIN|<<-\\FIN|3<<FIN|<<FIN-1|<<GUIÓN|<<$X|<<${X:-y}|"
        "it\\'s|it's|\"x <<EOF\"|'x <<EOF'|$((1<<2))|<<<aquí|>|/n|\\\\|<|<<|<<-|&&|echo|<<F\"I\"N|"
        '"|${X|$(cat <<Z)|<<FIN;|<<A<<B|<<\t|\\<<FIN|<<F\\ N|<<#|<<_|<<{|a<<B|<<  -FIN|<<A.b'
    ).split("|")
    return " ".join(chance.choice(words) for _ in range(chance.randint(1, 5)))


def test_random_heredocs_end_where_the_engine_says(
    docker_cli: DockerCommand, tmp_path: Path, chance: random.Random
) -> None:
    """Lo que aquí es el texto de un documento lo es también en el motor, y lo que no, no."""
    text, lines = "FROM scratch AS uno\n", []
    for _ in range(CASES):
        keyword = chance.choice(["RUN ", "RUN ", "RUN\t", "ONBUILD RUN ", "COPY ", "RUN --network=none "])
        line = f"{keyword}{random_line(chance)} /fin"
        lines.append(text.count("\n") + 1)
        text += f"{line}\n" + "".join(f"NADA {name}\n{name}\n" for name, _ in heredocs(line))
    text += "FROM scratch\n"
    stage = parse(text).stages[0]
    assert [i.line for i in stage.instructions] == lines
    problem = build(docker_cli, tmp_path, text)
    assert problem == "", f"{problem}\n{text}"
