"""El grafo de un Dockerfile: lo que dice el texto, y lo mismo que planea BuildKit con Dockerfiles al azar.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
from contextlib import closing
from pathlib import Path

import docker
import pytest

from multietapa.build.events import BuildFinished, StepDeclared
from multietapa.build.session.folder_key import FolderKeys
from multietapa.build.session.stream import stream
from multietapa.build.stream import BuildOptions
from multietapa.cells.construir import construir
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.graph import EdgeKind, Graph, NodeKind, Skip, graph
from multietapa.dockerfile.stages import parse
from multietapa.dockerfile.targets import name_target
from multietapa.errors import BuildError
from multietapa.identity import labels
from tests.planning import expected, planned

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 40)
BASE = "node:14-alpine"
SEED = f"""\
FROM node:14 AS build
COPY . .
RUN npm run build

FROM {BASE} AS deps
COPY package.json ./

FROM deps AS pruebas
COPY --from=build /app/dist ./dist

FROM build AS lint
RUN npm run lint

FROM {BASE}
COPY --from=build /app/dist /app/LICENCIA ./dist/
COPY --from=1 /app/node_modules ./node_modules
COPY --from=nginx:1 /etc/nginx/mime.types /mime
RUN --mount=type=bind,from=deps,target=/deps ls /deps
"""


def drawn(text: str, target: str | None = None) -> Graph:
    """El grafo de un texto."""
    return graph(parse(text), target)


def test_nodes_and_edges() -> None:
    """Cada etapa y cada imagen, una vez; y de cada arista, qué se toma, en qué línea y cómo se nombra."""
    found = drawn(SEED)
    assert [(node.kind, node.name) for node in found.nodes] == [
        (NodeKind.IMAGE, "node:14"),
        (NodeKind.STAGE, "build"),
        (NodeKind.IMAGE, BASE),
        (NodeKind.STAGE, "deps"),
        (NodeKind.STAGE, "pruebas"),
        (NodeKind.STAGE, "lint"),
        (NodeKind.IMAGE, "nginx:1"),
        (NodeKind.STAGE, "4"),
    ]
    last = [(e.source, e.kind, e.line, e.written, e.paths) for e in found.sources("etapa:4")]
    assert last == [
        (f"imagen:{BASE}", EdgeKind.FROM, 14, BASE, ()),
        ("etapa:0", EdgeKind.COPY, 15, "build", ("/app/dist", "/app/LICENCIA")),
        ("etapa:1", EdgeKind.COPY, 16, "1", ("/app/node_modules",)),
        ("imagen:nginx:1", EdgeKind.COPY, 17, "nginx:1", ("/etc/nginx/mime.types",)),
        ("etapa:1", EdgeKind.MOUNT, 18, "deps", ("/deps",)),
    ]
    assert {edge.target for edge in found.users("etapa:0")} == {"etapa:2", "etapa:3", "etapa:4"}


def test_what_is_skipped_and_why() -> None:
    """La que nadie usa, la que solo usa otra que sobra, y la que no es para el objetivo."""
    found = drawn(SEED)
    assert found.needed == {
        f"imagen:{BASE}",
        "imagen:node:14",
        "imagen:nginx:1",
        "etapa:0",
        "etapa:1",
        "etapa:4",
    }
    assert {(one.key, one.why) for one in found.skipped} == {
        ("etapa:2", Skip.NOBODY),
        ("etapa:3", Skip.NOBODY),
    }
    chain = drawn("FROM scratch AS a\nFROM a AS b\nFROM b AS c\nFROM scratch\n")
    assert [(one.why, one.users) for one in chain.skipped] == [
        (Skip.ONLY_SKIPPED, ("etapa:1",)),
        (Skip.ONLY_SKIPPED, ("etapa:2",)),
        (Skip.NOBODY, ()),
    ]
    only = drawn(SEED, "lint")
    assert only.target == "etapa:3"
    assert {(one.key, one.why) for one in only.skipped} == {
        ("etapa:1", Skip.NOT_FOR_TARGET),
        ("etapa:2", Skip.NOBODY),
        ("etapa:4", Skip.NOT_FOR_TARGET),
    }


def test_the_classic_builder_does_all_before() -> None:
    """El clásico hace todas las etapas hasta el objetivo."""
    found = graph(parse(SEED), "lint", all_before=True)
    assert [one.key for one in found.skipped] == ["etapa:4"]


def test_what_a_stage_triggers_in_its_children() -> None:
    """Un ``ONBUILD`` que copia de otra etapa es una arista de la hija, y de la nieta no."""
    text = "FROM a AS otra\nFROM a AS base\nONBUILD COPY --from=otra /x /y\nFROM base AS hija\nFROM hija\n"
    found = drawn(text)
    assert [(e.source, e.kind, e.line) for e in found.sources("etapa:2")] == [
        ("etapa:1", EdgeKind.FROM, 4),
        ("etapa:0", EdgeKind.COPY, 3),
    ]
    assert len(found.sources("etapa:3")) == 1
    assert found.skipped == ()
    assert parse(text).unused() == ()


def test_a_mount_written_in_other_ways() -> None:
    """Las claves de un ``--mount`` valen en mayúsculas y entre comillas, como en el motor."""
    run = 'RUN --mount=type=bind,FROM=una,dst=/m --mount=type=cache,"from=b:1",target=/c ls'
    text = f"FROM a AS una\nFROM a\n{run}\n"
    assert [(e.source, e.paths) for e in drawn(text).sources("etapa:1")[1:]] == [
        ("etapa:0", ("/m",)),
        ("imagen:b:1", ("/c",)),
    ]


def test_an_index_is_only_for_copy() -> None:
    """«COPY --from=0» es la primera etapa; «--mount=from=0», y «--from=stage-0», imágenes con ese nombre."""
    text = "FROM a\nFROM a\nCOPY --from=0 /x /x\nCOPY --from=stage-0 /x /x\nRUN --mount=from=0,target=/m ls\n"
    found = [edge.source for edge in drawn(text).sources("etapa:1")]
    assert found == ["imagen:a", "etapa:0", "imagen:stage-0", "imagen:0"]


def test_an_index_may_have_a_sign() -> None:
    """BuildKit lee el índice como un número: con su signo, o con ceros delante, es el mismo."""
    text = "FROM a\nFROM b\nCOPY --from=+0 /x /x\nCOPY --from=-0 /x /x\nCOPY --from=000 /x /x\n"
    assert [edge.source for edge in drawn(text).sources("etapa:1")[1:]] == ["etapa:0"] * 3


def test_mounts_that_take_nothing() -> None:
    """Un ``from`` en un tmpfs, o en el agente de ssh, no lo mira nadie."""
    text = "FROM a AS una\nFROM b\nRUN --mount=type=tmpfs,from=una,target=/m --mount=type=ssh,from=una ls\n"
    found = drawn(text)
    assert [edge.source for edge in found.sources("etapa:1")] == ["imagen:b"]
    assert [one.why for one in found.skipped] == [Skip.NOBODY]
    assert parse(text).unused()


def test_a_mount_by_index_says_how_it_is_written(engine: docker.DockerClient, tmp_path: Path) -> None:
    """El motor buscaría una imagen «0»: se dice que ahí va el nombre, aunque haya un id que empiece por 0."""
    ids = {image.id.removeprefix("sha256:")[0] for image in engine.images.list()}
    digit = next((one for one in sorted(ids) if one.isdecimal()), "0")
    text = f"FROM {BASE}\n" * 10 + f"RUN --mount=from={digit},target=/m ls /m\n"
    with pytest.raises(BuildError, match=f"No existe la imagen «{digit}» .línea 11") as caught:
        construir(
            tmp_path, dockerfile=text, etiqueta="multietapa-pruebas/indice", vista=False, cliente=engine
        )
    assert "va por su nombre" in caught.value.why


def test_a_stage_that_a_trigger_uses_is_not_told_as_unused(
    engine: docker.DockerClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Si solo la usa el ``ONBUILD`` de otra etapa de aquí, se hace, y no se avisa de que nadie la use."""
    text = (
        f"FROM {BASE} AS base\nONBUILD COPY --from=otra /x /x\n"
        f"FROM {BASE} AS otra\nRUN echo disparada > /x\nFROM base\nRUN cat /x\n"
    )
    tag = "multietapa-pruebas/disparada"
    built = construir(tmp_path, dockerfile=text, etiqueta=tag, vista="texto", cliente=engine)
    engine.images.remove(tag, force=True)
    assert built.etapas_sin_usar == ()
    assert "Nadie usa" not in capsys.readouterr().out


def write(draw: random.Random) -> str:
    """Un Dockerfile al azar, que construye: cada paso es distinto de los demás.

    De una etapa con ``ONBUILD`` parte otra como mucho: el mismo paso en dos etapas, sobre la misma base, es
    para BuildKit uno solo, y lo cuenta en la primera.
    """
    lines: list[str] = []
    names: list[str] = []  # cómo se puede nombrar cada etapa anterior
    empty: list[bool] = []  # las que no tienen sistema donde ejecutar nada
    armed: set[int] = set()  # las que tienen ONBUILD
    spent: set[int] = set()  # las que ya dispararon sus ONBUILD
    step = 0

    def origin(upto: int) -> str:
        if not upto or draw.random() < 0.15:
            return BASE
        index = draw.randrange(upto)
        return names[index] if draw.random() < 0.7 or names[index] == str(index) else str(index)

    for index in range(draw.randint(2, 6)):
        named = draw.random() < 0.7
        parents = [n for n, name in enumerate(names) if name != str(n) and n not in spent]
        if parents and draw.random() < 0.4:
            parent = draw.choice(parents)
            base, bare = names[parent], empty[parent]
            if parent in armed:
                spent.add(parent)
        else:
            bare = draw.random() < 0.3
            base = "scratch" if bare else BASE
        lines.append(f"FROM {base}" + (f" AS etapa{index}" if named else ""))
        for _ in range(draw.randint(0, 3)):
            step += 1
            source, kind = origin(index), draw.random()
            options = [
                f"COPY --from={source} /etc* /c{step}/",
                f"COPY a /a{step}",
                f"COPY --link --from={source} /etc* /l{step}/",
                f"WORKDIR /w{step}",
                f"ENV V{step}=1",
                f"ONBUILD COPY --from={source} /etc* /o{step}/",
            ]
            if not bare:
                place = BASE if source.isdecimal() else source  # un índice sería el nombre de una imagen
                options.append(f"RUN --mount=from={place},target=/m{step} echo {step}")
            lines.append(options[int(kind * len(options))])
            if lines[-1].startswith("ONBUILD"):
                armed.add(index)
        names.append(f"etapa{index}" if named else str(index))
        empty.append(bare)
    return "\n".join(lines) + "\n"


def test_random_dockerfiles_are_planned_as_drawn(engine: docker.DockerClient, tmp_path: Path) -> None:
    """Las etapas que BuildKit hace y de dónde toma cada una son las del grafo, con cualquier objetivo."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    draw, keys, skipped = random.Random(seed), FolderKeys(tmp_path / "claves"), 0
    tag = "multietapa-pruebas/grafo"
    (tmp_path / "contexto").mkdir()
    (tmp_path / "contexto/a").write_text("a")
    built = 0
    for case in range(CASES):
        text = write(draw)
        source = parse(text)
        target = draw.choice([None, *source.stage_labels])
        what = f"MULTIETAPA_SEMILLA={seed}, caso {case}, objetivo {target}:\n{text}"
        sent, name = name_target(source, text, target)
        context = open_context(tmp_path / "contexto", dockerfile=sent)
        options = BuildOptions("Dockerfile", tag, target=name, labels=labels())
        with closing(stream(engine, context, options, text=sent, keys=keys, source=parse(sent))) as events:
            seen = list(events)
        assert isinstance(seen[-1], BuildFinished), f"{what}\n{seen[-1]}"
        steps = [event for event in seen if isinstance(event, StepDeclared)]
        drawing = graph(source, target)
        assert planned(steps, parse(sent)) == expected(drawing, source), what
        built, skipped = built + 1, skipped + len(drawing.skipped)
    engine.images.remove(tag, force=True)
    assert skipped
    print(f"{built} Dockerfiles, {skipped} etapas que no se hacen")


@pytest.mark.parametrize("target", ["nada", None])
def test_a_target_that_is_not_there(target: str | None) -> None:
    """Sin objetivo, o con uno que no existe, cuenta la última etapa."""
    assert drawn(SEED, target).target == "etapa:4"
