"""Una imagen de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Sus archivos se parecen a los de la tienda; no son los de ninguna imagen concreta.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry, Layer
from multietapa.image.tree import tree
from multietapa.widgets.explorer.explorer import ExplorerView
from multietapa.widgets.explorer.value import NO_ENGINE, Explored, LayerRow, explored
from multietapa.widgets.progress import Phase, Progress

ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
NAIVE = "tienda:ingenua"
Files = Mapping[str, int]
_STEPS = (
    "/bin/sh -c #(nop) ADD file:1f2e3d in / ",
    "RUN /bin/sh -c apt-get update && apt-get install -y build-essential curl # buildkit",
    "COPY /usr/local /usr/local # buildkit",
    "COPY package.json package-lock.json ./ # buildkit",
    "RUN /bin/sh -c npm install # buildkit",
    "COPY . . # buildkit",
    "RUN /bin/sh -c npm run build && rm -rf /app/node_modules/typescript # buildkit",
    "RUN /bin/sh -c chown -R node /app/dist && rm -rf /var/lib/apt/lists # buildkit",
)


def entry(path: str, size: int, *, uid: int = 0, kind: str = "file") -> FileEntry:
    """Un archivo de una capa."""
    return FileEntry(path, size, kind, 0o644, uid, uid, "", 1_600_000_000)


def layers(contents: Sequence[Sequence[FileEntry]], steps: Sequence[str] = _STEPS) -> tuple[Layer, ...]:
    """Esas capas, de abajo arriba."""
    return tuple(
        Layer(n, f"sha256:{n:064}", step, tuple(files), sum(file.own_bytes for file in files), -1)
        for n, (files, step) in enumerate(zip(contents, steps, strict=True))
    )


def image(stack: Sequence[Layer], *, base: int = 3, name: str = NAIVE) -> MeasuredImage:
    """La imagen de esas capas, de las que ``base`` son de su base."""
    return MeasuredImage(
        image_id=f"sha256:{name}",
        tags=(name,),
        architecture="amd64",
        layers=tuple(stack),
        unpacked_bytes=sum(layer.unpacked_bytes for layer in stack),
        transfer_bytes=-1,
        base="node:14",
        equivalent=True,
        base_layer_count=base,
        lines=(*[None] * base, *range(3, 3 + len(stack) - base)),
    )


def spread(folder: str, count: int, biggest: int) -> list[FileEntry]:
    """Archivos de una carpeta, cada uno algo menor que el anterior."""
    return [entry(f"{folder}/parte-{n:02}.so", max(biggest // n, 90)) for n in range(1, count + 1)]


def naive() -> tuple[Layer, ...]:
    """La de una sola etapa: con compiladores, dependencias de desarrollo y bytes que ya no se ven."""
    modules: list[FileEntry] = []
    for n, name in enumerate(
        ("typescript", "express", "@types", "eslint", "webpack", "lodash", "react", "vite")
    ):
        modules += spread(f"app/node_modules/{name}/lib", 9, 5_400_000 // (n + 1))
        modules.append(entry(f"app/node_modules/{name}/package.json", 1_800))
    dist = [entry(f"app/dist/{name}.js", size) for name, size in (("server", 92_000), ("vendor", 1_900_000))]
    return layers(
        [
            [*spread("usr/lib/x86_64-linux-gnu", 30, 9_800_000), *spread("usr/bin", 24, 3_600_000),
             *spread("usr/share/locale", 20, 1_900_000), *spread("etc", 9, 60_000),
             *spread("usr/share/doc", 12, 700_000)],
            [*spread("usr/lib/gcc/x86_64-linux-gnu/12", 16, 31_000_000),
             *spread("usr/include", 18, 2_600_000), *spread("var/lib/apt/lists", 6, 9_300_000)],
            [entry("usr/local/bin/node", 74_000_000), *spread("usr/local/include/node", 10, 900_000),
             *spread("usr/local/lib/node_modules/npm", 14, 1_700_000)],
            [entry("app/package.json", 900), entry("app/package-lock.json", 310_000)],
            [*modules, *spread("root/.npm/_cacache", 8, 7_100_000)],
            [entry("app/src/server.ts", 14_000), entry("app/src/cesta.ts", 9_000),
             entry("app/README.md", 4_000), entry("app/package.json", 950),
             *spread("app/publico", 7, 2_300_000)],
            [*dist, entry("app/node_modules/typescript", 0, kind="whiteout")],
            [*(entry(file.path, file.size, uid=1000) for file in dist),
             entry("var/lib/apt/lists", 0, kind="whiteout")],
        ]
    )  # fmt: skip


def done() -> Explored:
    """La ingenua, ya leída; una de sus capas copia de otra etapa."""
    return explored(NAIVE, ENGINE, tree(image(naive()), stages={5: "dependencias"}))


def opening() -> Explored:
    """Lo que se sabe al empezar: lo que dice el motor."""
    found = done().layers
    provisional = tuple(LayerRow(each.instruction, each.bytes, in_base=each.in_base) for each in found)
    return Explored(NAIVE, ENGINE, provisional, sum(each.bytes for each in provisional))


def whole() -> Explored:
    """Una de dos capas, de un archivo y sin nada que se pierda."""
    stack = layers(
        [[entry("servidor", 5_700_000)], spread("etc/ssl/certs", 5, 220_000)],
        ("COPY /servidor / # buildkit", ""),
    )
    return explored("api-go.tar", NO_ENGINE, tree(image(stack, base=0, name="api-go:scratch")))


def views() -> dict[str, ExplorerView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    looking = ExplorerView(opening())
    looking.advance(Progress(NAIVE, 1, 1, "Pidiendo la imagen al motor", 120_000_000, 418_000_000, 2.1))
    halfway = ExplorerView(opening())
    halfway.finish(opening(), Phase.INTERRUPTED)
    shown = {"ingenua": ExplorerView(done()), "archivo": ExplorerView(whole())}
    for view, value in zip(shown.values(), (done(), whole()), strict=True):
        view.finish(value, Phase.DONE)
    return {"leyendo": looking, **shown, "interrumpida": halfway}
