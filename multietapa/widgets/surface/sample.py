"""Imágenes de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Las cuentas se parecen a las de la tienda; no son las de ninguna imagen concreta.
"""

from __future__ import annotations

from datetime import date

from multietapa.image.lifecycle import Life, Runtime
from multietapa.measure.surface.face import Count, Entry, Face, Kind, RunningUser, Surfaces
from multietapa.widgets.progress import Phase, Progress
from multietapa.widgets.surface.surface import SurfaceView

ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
NAIVE, STAGED = "tienda:ingenua", "tienda:multietapa"
_NODE = Life(
    Runtime("node", "14.21.3", "/usr/local/include/node/node_version.h"),
    "14",
    date(2023, 4, 30),
    None,
    "node-releases 2.0.65 (npm)",
    date(2026, 11, 17),
)
_DEBIAN = Life(
    Runtime("debian", "12", "os-release"),
    "12",
    date(2026, 6, 10),
    date(2028, 6, 30),
    "distro-info-data 2026.10.12-1 (Debian)",
    date(2026, 10, 12),
)
_ALPINE = Life(Runtime("alpine", "3.99", "os-release"), "", None, None, "", None)
_APT = "RUN apt-get update && apt-get install -y --no-install-recommends build-essential curl ca-certificates"
_NO_SCANNER = "no hay ningún escáner (trivy, grype o docker scout) en esta máquina."
_SHARED = "Los archivos comprimidos que hay dentro de una imagen no se abren."


def entries(
    prefix: str, count: int, detail: str, *, layer: int = 0, instruction: str = ""
) -> tuple[Entry, ...]:
    """Cosas numeradas, todas de la misma capa."""
    names = [f"{prefix}{n:03}" for n in range(1, count + 1)]
    return tuple(Entry(name, name, detail, layer, instruction) for name in names)


def face(name: str, found: dict[Kind, Count], *, uid: int = 0, lives: tuple[Life, ...] = ()) -> Face:
    """Una imagen con esas listas; las que no se dan están vacías."""
    counts = {kind: found.get(kind, Count()) for kind in Kind}
    counts[Kind.VULNERABILITIES] = found.get(Kind.VULNERABILITIES, Count(why=_NO_SCANNER))
    who = RunningUser(uid, uid, "node" if uid else "root", "node" if uid else "")
    return Face(
        name, name, f"sha256:{name}", "amd64", who, counts, lives, "2026-11-26", bool(uid), (_SHARED,)
    )


def naive() -> Face:
    """La de una sola etapa: con compiladores, setuid y un secreto que ya no se ve."""
    token = Entry(
        "/app/.npmrc:npm",
        "token de npm en /app/.npmrc",
        "npm_… (40 caracteres) · borrado después, en la capa 6",
        4,
        "COPY . .",
    )
    found = {
        Kind.SYSTEM: Count(entries("libpaquete", 431, "12.3-1+deb12u4", instruction=_APT)),
        Kind.NPM: Count((*entries("modulo", 300, "1.0.0", layer=3, instruction="RUN npm install"),)),
        Kind.EXECUTABLES: Count(entries("/usr/bin/orden", 1524, "0755", instruction=_APT)),
        Kind.SHELLS: Count(
            tuple(Entry(f"/bin/{one}", f"/bin/{one}", "0755", 0) for one in ("bash", "dash", "sh"))
        ),
        Kind.COMPILERS: Count(entries("/usr/bin/gcc-", 6, "0755", layer=1, instruction=_APT)),
        Kind.SETUID: Count((Entry("/bin/su", "/bin/su", "4755", 0),)),
        Kind.SECRETS: Count(
            (token,), notes=("1 hallazgo se apartó: es un ejemplo publicado en una biblioteca.",)
        ),
    }
    return face(NAIVE, found, lives=(_DEBIAN, _NODE))


def staged() -> Face:
    """La de dos etapas, sobre una base pequeña."""
    modules = entries("modulo", 80, "1.0.0", layer=2, instruction="COPY --from=construccion /app /app")
    found = {
        Kind.SYSTEM: Count(entries("musl", 17, "1.2.5-r1")),
        Kind.NPM: Count(
            (*modules[:60], *(Entry(one.key, one.name, "1.0.1", 2, one.instruction) for one in modules[60:]))
        ),
        Kind.EXECUTABLES: Count(
            (*entries("/usr/bin/orden", 9, "0755"), Entry("/bin/busybox", "/bin/busybox", "0755", 0))
        ),
        Kind.SHELLS: Count((Entry("/bin/sh", "/bin/sh", "0755", 0),)),
        Kind.NETWORK: Count((Entry("/usr/bin/wget", "/usr/bin/wget", "busybox", 0),)),
        Kind.PIP: Count(why="no se puede comprobar: /usr/lib/METADATA está vacío."),
    }
    return face(STAGED, found, uid=1000, lives=(_ALPINE, _NODE))


def surfaces(*faces: Face) -> Surfaces:
    """Esas imágenes, miradas en un motor."""
    return Surfaces(faces, ENGINE)


def views() -> dict[str, SurfaceView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    names, three = (NAIVE, STAGED), (NAIVE, STAGED, "tienda:vacía")
    looking = SurfaceView(names, surfaces())
    looking.advance(Progress(NAIVE, 1, 2, "Pidiendo la imagen al motor", 300_000_000, 811_000_000, 3.4))
    halfway = SurfaceView(names, surfaces())
    halfway.finish(surfaces(naive()), Phase.INTERRUPTED)
    shown = {
        "dos imágenes": (names, surfaces(naive(), staged())),
        "una imagen": ((STAGED,), surfaces(staged())),
        "tres imágenes": (three, surfaces(naive(), staged(), face("tienda:vacía", {}, uid=1000))),
    }
    drawn = {}
    for name, (called, found) in shown.items():
        drawn[name] = SurfaceView(called, found)
        drawn[name].finish(found, Phase.DONE)
    return {"mirando": looking, **drawn, "interrumpida": halfway}
