"""``look``: de una imagen del motor a lo que deja a mano, con un motor de verdad."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import tempfile
import time
from ast import literal_eval
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from multietapa.cells.motor import Motor
from multietapa.containers.runs_as import _from_inside, runs_as
from multietapa.errors import UnknownNameError
from multietapa.identity import labels
from multietapa.image.archive import read_images
from multietapa.image.exposure.exposure import exposure
from multietapa.image.image import of_archive, read_layers
from multietapa.image.packages.inventory import inventory
from multietapa.image.passing import passing_layers
from multietapa.image.secrets.looking import LayerInspector
from multietapa.image.secrets.report import leaked
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import measure, quick_sizes
from multietapa.measure.surface.face import Count, Entry, Face, Kind, RunningUser, Surfaces
from multietapa.measure.surface.lists import NO_DATABASE, contents_of
from multietapa.measure.surface.look import look
from multietapa.measure.surface.seen import Seen, see
from multietapa.measure.surface.store import SurfaceStore
from tests.conftest import BASE_IMAGE, SecondEngine, motor_over
from tests.crafted import archive, entry, folder, layer, oci_archive, random_layers, tar_of
from tests.planted import pem, planted_image

TAG = "multietapa-pruebas/superficie:1"
OTHER = "multietapa-pruebas/superficie:2"
FAMILIES = (Kind.SYSTEM, Kind.NPM, Kind.PIP, Kind.GO)
DPKG = "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1:1.2.13\n\n"


@pytest.fixture
def cache(tmp_path: Path) -> MeasureCache:
    """Una caché vacía."""
    return MeasureCache(tmp_path)


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> Iterator[None]:
    """Las imágenes de cada prueba se borran, y ninguna deja un contenedor."""
    if "motor_real" not in request.fixturenames:
        yield
        return
    client = request.getfixturevalue("motor_real").client
    mine = {"label": [f"{key}={value}" for key, value in labels().items()]}
    before = {one.id for one in client.containers.list(all=True, filters=mine)}  # las de otras pruebas
    yield
    for tag in (TAG, OTHER):
        for image in client.images.list(tag):
            client.images.remove(image.id, force=True)
    assert {one.id for one in client.containers.list(all=True, filters=mine)} <= before


Loaded = Callable[..., Face]


@pytest.fixture
def loaded(motor_real: Motor, cache: MeasureCache) -> Loaded:
    """Carga en el motor una imagen con esas capas y la mira."""

    def face(*layers: bytes, tag: str = TAG, **described: object) -> Face:
        motor_real.client.images.load(archive(layers, tag, **described))  # type: ignore[arg-type]
        return look(motor_real, tag, cache=cache)

    return face


@pytest.fixture
def built(motor_real: Motor, base_image: str, cache: MeasureCache) -> Loaded:
    """Construye una imagen que parte de la de busybox y la mira."""

    def face(*lines: str, tag: str = TAG, files: dict[str, bytes] | None = None) -> Face:
        recipe = "\n".join([f"FROM {base_image}", *lines]).encode()
        context = io.BytesIO(tar_of({"Dockerfile": recipe, **(files or {})}))
        motor_real.client.images.build(
            fileobj=context, custom_context=True, tag=tag, labels=labels(), rm=True
        )
        return look(motor_real, tag, cache=cache)

    return face


def listed(face: Face, kind: Kind) -> list[tuple[str, str]]:
    """Lo que se lee de cada cosa de una lista."""
    assert face.counts[kind].known, face.counts[kind].why
    return [(one.name, one.detail) for one in face.counts[kind].entries]


# --- Las listas ---


def test_every_kind_with_its_layer_and_its_instruction(loaded: Loaded) -> None:
    """Cada lista lleva sus cosas, y cada una, la capa que la trajo y la instrucción que la hizo."""
    base = layer(
        folder("bin"), entry("bin/busybox", b"b" * 900, mode=0o755), entry("bin/sh", "busybox", "symlink"),
        entry("bin/apk", "busybox", "symlink"), entry("bin/wget", "busybox", "symlink"),
        entry("etc/passwd", "root:x:0:0::/:/bin/sh\n"), entry("var/lib/dpkg/status", DPKG),
    )  # fmt: skip
    ours = layer(
        entry("usr/bin/passwd", b"x", mode=0o4755), entry("usr/bin/crontab", b"x", mode=0o2755),
        entry("usr/local/go/bin/go", b"x", mode=0o755), entry("opt/jdk/bin/javac", b"x", mode=0o755),
        entry("app/node_modules/lodash/package.json", '{"name": "lodash", "version": "4.17.20"}'),
        entry("app/node_modules/a/node_modules/lodash/package.json", '{"name":"lodash","version":"3.0.0"}'),
        entry("app/node_modules/b/node_modules/lodash/package.json", '{"name":"lodash","version":"3.0.0"}'),
        entry("app/abierto", b"x", mode=0o666), entry("app/todos", kind="dir", mode=0o777),
        entry("app/v/six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n"),
    )  # fmt: skip
    seen = loaded(base, ours, history=("COPY base / # buildkit", "RUN /bin/sh -c npm ci # buildkit"))
    assert listed(seen, Kind.SYSTEM) == [("zlib1g", "1:1.2.13")]
    assert listed(seen, Kind.NPM) == [("lodash", "3.0.0"), ("lodash", "4.17.20")]
    assert listed(seen, Kind.PIP) == [("six", "1.16.0")]
    assert listed(seen, Kind.GO) == []
    assert listed(seen, Kind.SHELLS) == [("/bin/busybox", "0755"), ("/bin/sh", "lleva a /bin/busybox")]
    assert listed(seen, Kind.MANAGERS) == [("/bin/apk", "lleva a /bin/busybox")]
    assert listed(seen, Kind.NETWORK) == [("/bin/wget", "lleva a /bin/busybox")]
    assert [name for name, _ in listed(seen, Kind.COMPILERS)] == [
        "/opt/jdk/bin/javac",
        "/usr/local/go/bin/go",
    ]
    assert listed(seen, Kind.SETUID) == [("/usr/bin/passwd", "4755, 1 B")]
    assert listed(seen, Kind.SETGID) == [("/usr/bin/crontab", "2755, 1 B")]
    assert listed(seen, Kind.CAPABLE) == []
    assert listed(seen, Kind.ANYONE) == [("/app/abierto", "archivo, 0666"), ("/app/todos", "carpeta, 0777")]
    assert len(listed(seen, Kind.EXECUTABLES)) == 5
    assert listed(seen, Kind.SECRETS) == []
    assert not seen.counts[Kind.VULNERABILITIES].known
    assert "escaner=True" in seen.counts[Kind.VULNERABILITIES].why
    assert set(seen.counts) == set(Kind)
    (system,), npm = seen.counts[Kind.SYSTEM].entries, seen.counts[Kind.NPM].entries
    assert (system.layer, system.instruction) == (0, "COPY base /")
    assert {(one.layer, one.instruction) for one in npm} == {(1, "RUN npm ci")}
    for count in seen.counts.values():
        keys = [one.key for one in count.entries]
        assert len(keys) == len(set(keys))


def test_the_versions_of_a_package_are_paired_sensibly() -> None:
    """Las versiones iguales se quedan; de las demás, la más nueva es la más nueva, cambiada."""

    def count(*versions: str) -> Count:
        return Count(tuple(Entry(f"npm:a@{one}", "a", one, group="npm:a") for one in versions))

    def changes(before: Count, after: Count) -> list[tuple[str, str]]:
        user = RunningUser(None, None, "", "", "no")
        faces = [Face("x", "x", "", "", user, {Kind.NPM: one}) for one in (before, after)]
        found = Surfaces(tuple(faces), "").changes(Kind.NPM)
        pairs = ((one.before, one.after) for one in found)
        return sorted((old.detail if old else "", new.detail if new else "") for old, new in pairs)

    assert changes(count("4.17.20"), count("4.17.21")) == [("4.17.20", "4.17.21")]
    assert changes(count("4.17.21"), count("3.9.0", "4.17.21")) == [("", "3.9.0"), ("4.17.21", "4.17.21")]
    assert changes(count("1.0.0", "2.0.0", "10.0.0"), count("10.1.0")) == [
        ("1.0.0", ""),
        ("10.0.0", "10.1.0"),
        ("2.0.0", ""),
    ]


def test_two_architectures_of_one_package_are_two(loaded: Loaded) -> None:
    """El mismo paquete para dos arquitecturas son dos, y el nombre dice cuál es cada uno."""
    status = DPKG + DPKG.replace("amd64", "i386")
    seen = loaded(layer(entry("var/lib/dpkg/status", status)))
    assert listed(seen, Kind.SYSTEM) == [("zlib1g:amd64", "1:1.2.13"), ("zlib1g:i386", "1:1.2.13")]


# --- Lo que no se puede comprobar, y las imágenes raras ---


def test_an_image_with_nothing(loaded: Loaded) -> None:
    """De scratch: sin base de datos de paquetes no se sabe de ellos; lo demás son ceros de verdad."""
    seen = loaded(layer(entry("programa", b"\x7fELF\0" + b"x" * 100, mode=0o755)))
    assert seen.counts[Kind.SYSTEM] == Count(why=NO_DATABASE)
    for kind in (Kind.NPM, Kind.PIP, Kind.GO, Kind.SHELLS, Kind.SETUID, Kind.SECRETS):
        assert listed(seen, kind) == []
    assert listed(seen, Kind.EXECUTABLES) == [("/programa", "0755, 105 B")]
    assert seen.user.uid is None
    assert "no dice qué programa se arranca" in seen.user.why
    assert seen.runtimes == ()


def test_distroless_says_its_packages(loaded: Loaded) -> None:
    """Lo que distroless deja en status.d son paquetes del sistema."""
    files = (f"Package: p{n}\nVersion: {n}\nArchitecture: amd64\n" for n in range(3))
    seen = loaded(layer(*(entry(f"var/lib/dpkg/status.d/p{n}", text) for n, text in enumerate(files))))
    assert listed(seen, Kind.SYSTEM) == [("p0", "0"), ("p1", "1"), ("p2", "2")]


@pytest.mark.parametrize(
    ("path", "content", "why"),
    [
        ("var/lib/dpkg/status", b"", "/var/lib/dpkg/status: Está vacío"),
        ("var/lib/dpkg/status", b"nada de nada\n", "No tiene ninguna ficha"),
        ("lib/apk/db/installed", b"\0\xff\xfe basura", "/lib/apk/db/installed: "),
        ("var/lib/rpm/rpmdb.sqlite", b"SQLite format 3\0" + b"x" * 5000, "/var/lib/rpm/rpmdb.sqlite: "),
    ],
)
def test_a_broken_database_is_not_a_zero(loaded: Loaded, path: str, content: bytes, why: str) -> None:
    """Una base de datos que no se entiende: no se puede comprobar, y se dice cuál y por qué."""
    count = loaded(layer(entry(path, content))).counts[Kind.SYSTEM]
    assert not count.known
    assert why in count.why
    assert not count.why.endswith(".")
    assert count.entries == ()


def test_a_database_cut_short_says_it(loaded: Loaded) -> None:
    """De una base de datos cortada se cuenta lo que dice, con la advertencia de que puede faltar algo."""
    seen = loaded(layer(entry("var/lib/dpkg/status", DPKG + DPKG.replace("zlib1g", "tar")[:-30])))
    assert len(listed(seen, Kind.SYSTEM)) == 2
    assert any("puede faltar algo" in note for note in seen.counts[Kind.SYSTEM].notes)


@pytest.mark.lenta
def test_twenty_thousand_npm_packages(cache: MeasureCache) -> None:
    """Veinte mil paquetes se cuentan todos, y lo guardado se recupera igual."""
    manifest = '{"name": "p%d", "version": "1.%d.0"}'
    packages = (entry(f"app/node_modules/p{n}/package.json", manifest % (n, n)) for n in range(20_000))
    with io.BytesIO(archive([layer(*packages)])) as file:
        archived = read_images(file)[0]
        (layer_id,) = archived.diff_ids
        inspector = LayerInspector(layer_id)
        read = read_layers(file, archived, {}, transfer=False, inspectors={layer_id: inspector})
        image = of_archive(archived, {one.diff_id: one for one in read})
    found, looked = inventory(image), inspector.done()
    secrets = leaked(image, {layer_id: looked}, history=(), config={})
    seen = contents_of(Seen(image, found, exposure(image, user=""), secrets, ()))
    assert len(seen.counts[Kind.NPM].entries) == 20_000
    store = SurfaceStore(cache)
    store.keep_contents(image.image_id, seen)
    assert store.contents(image.image_id) == seen


def test_names_that_are_not_utf8(loaded: Loaded, motor_real: Motor, cache: MeasureCache) -> None:
    """Un nombre que no es UTF-8 se lista, y también se recupera de la caché."""
    name = b"bin/\xf1and\xfa".decode("utf-8", "surrogateescape")
    seen = loaded(layer(entry(name, b"x", mode=0o4755), format=1))
    assert [one for one, _ in listed(seen, Kind.SETUID)] == [f"/{name}"]
    assert look(motor_real, TAG, cache=cache) == seen


def test_noise_of_300_mb(built: Loaded) -> None:
    """Un archivo de 300 MB de ruido con una clave al final: se encuentra, y no es lo único que se dice."""
    seen = built(
        "COPY clave.pem /",
        "RUN dd if=/dev/urandom of=/ruido bs=1000000 count=300 && cat /clave.pem >> /ruido",
        files={"clave.pem": pem("pkcs8").encode()},
    )
    found = [name for name, _ in listed(seen, Kind.SECRETS)]
    assert found == ["clave privada en /clave.pem", "clave privada en /ruido"]
    assert any("solo se buscaron claves privadas" in note for note in seen.counts[Kind.SECRETS].notes)


# --- Los secretos ---


def kept_in(folder: Path) -> str:
    """Todo lo que hay en una caché, descomprimido."""
    return "".join(gzip.decompress(path.read_bytes()).decode() for path in folder.rglob("*.json.gz"))


def test_no_secret_is_kept(motor_real: Motor, cache: MeasureCache) -> None:
    """Los 35 plantados se ven, con su estado; ningún valor está en lo que se ve ni en lo que se guarda."""
    planted = planted_image()
    motor_real.client.images.load(planted.data)
    motor_real.client.images.get("prueba:1").tag(TAG.split(":")[0], "1")
    motor_real.client.images.remove("prueba:1")
    seen = look(motor_real, TAG, cache=cache)
    secrets = seen.counts[Kind.SECRETS]
    assert len(secrets.entries) >= 35
    gone = next(one for one in secrets.entries if "/root/.ssh/id_ed25519" in one.name)
    assert "borrado después (capa 2: RUN curl" in gone.detail
    assert gone.detail.endswith("y sigue en la imagen")
    assert seen.user.declared == "ana"
    written = kept_in(cache.folder) + repr(seen)
    for name, value in planted.values.items():
        assert value not in written, name
        assert value[5:13] not in written, name
    assert look(motor_real, TAG, cache=cache) == seen


def test_a_known_layer_still_hides_its_secret(loaded: Loaded) -> None:
    """Una capa con un secreto se mira otra vez en otra imagen: también allí se tapa en la instrucción."""
    value = "ghp_" + "Zk3q9Xv7Lm2Rt8Yw5Np4Bc6Hd1Fg0JsAeUiO"
    leaking = layer(entry("app/clave.txt", value))
    steps = (f"RUN /bin/sh -c echo {value} > /app/clave.txt # buildkit",)
    one = loaded(leaking, history=steps)
    other = loaded(leaking, layer(entry("b", "c")), tag=OTHER, history=(*steps, "COPY b / # buildkit"))
    for seen in (one, other):
        assert value not in repr(seen)
        (secret,) = [e for e in seen.counts[Kind.SECRETS].entries if "clave.txt" in e.name]
        assert secret.instruction.startswith("RUN echo ghp_")


# --- Lo ya visto ---


def test_the_second_time_in_another_process(built: Loaded, cache: MeasureCache) -> None:
    """Otro proceso ve lo mismo, y al motor solo le pregunta por la imagen: ni la pide ni la arranca."""
    seen = built("RUN dd if=/dev/urandom of=/ruido bs=1000000 count=30", 'CMD ["sleep", "60"]')
    code = f"""
from pathlib import Path
from multietapa.cells.motor import motor
from multietapa.measure.cache import MeasureCache
from multietapa.measure.surface.look import look
engine, phases, asked = motor(), [], []
send = engine.client.api.send
engine.client.api.send = lambda sent, **given: asked.append(sent.path_url) or send(sent, **given)
cache = MeasureCache(Path({str(cache.folder.parent)!r}))
face = look(engine, {TAG!r}, cache=cache, progress=lambda *told: phases.append(told))
print(asked, phases, repr(face), sep="\\n")
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    asked, phases, face = told.strip().split("\n", 2)
    print(asked)
    assert all("/images/" in path and path.endswith(("/json", "/history")) for path in literal_eval(asked))
    assert phases == "[]"
    assert face == repr(seen)


def test_only_the_new_layers_are_read(built: Loaded, motor_real: Motor, cache: MeasureCache) -> None:
    """Otra imagen con las mismas capas debajo solo lee las suyas; y lo que pesan comprimidas no se pierde."""
    built("RUN dd if=/dev/urandom of=/ruido bs=1000000 count=1")
    whole = measure(motor_real.client, TAG, cache=cache)
    before = {path.name: path.stat().st_mtime_ns for path in cache.folder.glob("miradas-*/*")}
    seen = built("RUN dd if=/dev/urandom of=/ruido bs=1000000 count=1", "RUN touch /nuevo", tag=OTHER)
    after = {path.name: path.stat().st_mtime_ns for path in cache.folder.glob("miradas-*/*")}
    assert len(after) == len(before) + 1
    assert seen.counts[Kind.EXECUTABLES].known
    assert measure(motor_real.client, TAG, cache=cache).transfer_bytes == whole.transfer_bytes > 0


@pytest.mark.parametrize("seed", range(3))
def test_passing_layers_are_the_same(seed: int) -> None:
    """Leer las capas al pasar da lo mismo que leerlas del archivo, llegue en trozos como llegue."""
    layers = random_layers(seed)
    data = oci_archive([(layers, layers, "prueba:1")])
    with io.BytesIO(data) as file:
        archived = read_images(file)[0]
        inspectors = {diff_id: LayerInspector(diff_id) for diff_id in archived.diff_ids}
        read = {one.diff_id: one for one in read_layers(file, archived, {}, transfer=False)}
    for size in (511, 4096, 1 << 20):
        pieces = (data[at : at + size] for at in range(0, len(data), size))
        found = passing_layers(pieces, inspectors)
        assert {name: replace(one, index=0) for name, one in found.items()} == read


def test_compressed_layers_are_read_afterwards() -> None:
    """Las que van comprimidas no se pueden leer al pasar: no se toman por otras."""
    layers = random_layers(1)
    data = oci_archive([(layers, [gzip.compress(one) for one in layers], "prueba:1")])
    with io.BytesIO(data) as file:
        inspectors = {one: LayerInspector(one) for one in read_images(file)[0].diff_ids}
    assert passing_layers(iter([data]), inspectors) == {}


def test_both_stores_see_the_same(
    second_engine_factory: SecondEngine, loaded: Loaded, tmp_path: Path
) -> None:
    """Con el almacén de containerd, que las guarda comprimidas, se ve lo mismo, aunque se creyera que no."""
    layers = [layer(entry("bin/a", b"x" * 5000, mode=0o4755)), layer(entry("root/.npmrc", "_authToken=x"))]
    expected = loaded(*layers)
    with second_engine_factory(containerd=True) as (client, daemon):
        client.images.load(archive(layers, TAG))
        seen = look(motor_over(client, daemon), TAG, cache=MeasureCache(tmp_path / "otra"))
        store = SurfaceStore(MeasureCache(tmp_path / "y otra"))
        misled = see(client, quick_sizes(client, TAG), store=store, plain=True)
    assert seen.counts == expected.counts
    assert contents_of(misled).counts.items() <= expected.counts.items()


# --- Cómo corre ---


def test_nothing_is_written_when_layers_are_kept_plain(
    loaded: Loaded, motor_real: Motor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Con las capas sin comprimir se leen todas al pasar, y la imagen no se escribe en ningún archivo."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("se ha abierto un archivo")

    assert motor_real.info is not None
    assert not motor_real.info.packs_layers
    monkeypatch.setattr(tempfile, "TemporaryFile", forbidden)
    seen = loaded(layer(entry("app/.env", "TOKEN_SECRETO=a81kfm302kd9x")), layer(folder("datos")))
    assert [what for what, _ in listed(seen, Kind.SECRETS)] == ["variable de un archivo .env en /app/.env"]


def test_the_user_is_the_one_of_the_process(built: Loaded) -> None:
    """Se mide el usuario del proceso, y el nombre sale de la imagen."""
    seen = built("USER 1000", 'CMD ["sleep", "60"]')
    assert seen.user == RunningUser(1000, 1000, "ana", "1000")
    assert seen.user.root is False
    again = built("USER 4321:77", 'CMD ["sleep", "60"]', tag=OTHER)
    assert again.user == RunningUser(4321, 77, "", "4321:77")


def test_who_starts_as_root_and_steps_down(built: Loaded) -> None:
    """Si un guion de arranque empieza de root y cede el puesto, cuenta el que se queda."""
    seen = built('CMD ["sh", "-c", "sleep 0.3; exec /bin/busybox su ana -c \'exec sleep 60\'"]')
    assert (seen.user.uid, seen.user.name, seen.user.declared) == (1000, "ana", "")


def test_an_interpreter_waits(motor_real: Motor, base_image: str, cache: MeasureCache) -> None:
    """Un intérprete que lee su entrada espera, y se ve con quién corre."""
    recipe = f'FROM {base_image}\nCMD ["sh"]'.encode()
    motor_real.client.images.build(fileobj=io.BytesIO(recipe), tag=TAG, labels=labels(), rm=True)
    assert look(motor_real, TAG, cache=cache).user.root is True


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (['CMD ["sh", "-c", "exit 3"]'], "el programa terminó antes de poder mirarlo: salió con el código 3"),
        ([], "no dice qué programa se arranca"),
        (["USER nadie", 'CMD ["sleep", "60"]'], "la imagen no tiene el usuario «nadie»"),
        (['CMD ["/no-esta"]'], "la imagen no tiene el programa «/no-esta»"),
    ],
)
def test_one_that_does_not_run(built: Loaded, lines: list[str], why: str) -> None:
    """Una imagen que no corre: no se sabe con qué usuario lo haría, y se dice por qué; lo declarado queda."""
    user = built(*lines).user
    assert (user.uid, user.gid, user.root) == (None, None, None)
    assert why in user.why
    assert user.declared == ("nadie" if "USER nadie" in lines else "")


def test_another_platform(motor_real: Motor, cache: MeasureCache) -> None:
    """Una imagen para otra arquitectura se mira, y no se arranca: se dice para cuál es."""
    mine = motor_real.info.architecture if motor_real.info else ""
    other = "arm64" if mine == "amd64" else "amd64"
    program = layer(entry("bin/app", b"\x7fELF nada", mode=0o755))
    data = archive([program], TAG, settings={"Cmd": ["/bin/app"]}, architecture=other)
    motor_real.client.images.load(data)
    seen = look(motor_real, TAG, cache=cache)
    assert seen.architecture == other
    assert f"la imagen es para linux/{other} y este motor es linux/" in seen.user.why
    assert len(listed(seen, Kind.EXECUTABLES)) == 1


def test_it_does_not_wait_for_ever(motor_real: Motor, base_image: str) -> None:
    """Hay un límite de tiempo, y quien interrumpe no lo espera; el contenedor se borra."""
    client = motor_real.client
    recipe = f'FROM {base_image}\nCMD ["sleep", "60"]'.encode()
    client.images.build(fileobj=io.BytesIO(recipe), tag=TAG, labels=labels(), rm=True)
    assert "no se llegó a ver" in runs_as(client, TAG, limit=0.0).why
    stop = Event()
    stop.set()
    start = time.monotonic()
    assert runs_as(client, TAG, stop=stop).uid is None
    assert time.monotonic() - start < 5


@pytest.mark.usefixtures("base_image")
def test_from_inside_it_is_the_same(motor_real: Motor) -> None:
    """Si el motor no sabe decirlo, se mira desde dentro, y sale lo mismo."""
    container = motor_real.client.containers.run(
        BASE_IMAGE, ["sleep", "60"], user="1000:50", detach=True, labels=labels()
    )
    try:
        assert _from_inside(container) == (1000, 50)
    finally:
        container.remove(force=True)


def test_two_at_once(motor_real: Motor, base_image: str, cache: MeasureCache) -> None:
    """Dos miradas a la vez, con la misma caché, ven lo mismo."""
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: look(motor_real, base_image, cache=cache), range(2))
    assert one == two


# --- Cómo se llama ---


def test_names_and_ids(motor_real: Motor, base_image: str, cache: MeasureCache) -> None:
    """Se llama como se pide o por su etiqueta; por su id también se encuentra, y si no está se dice."""
    image_id = motor_real.client.api.inspect_image(base_image)["Id"]
    seen = look(motor_real, image_id, name="mi base", cache=cache)
    assert (seen.name, seen.tag, seen.image_id) == ("mi base", base_image, image_id)
    assert look(motor_real, base_image, cache=cache).name == base_image
    with pytest.raises(UnknownNameError):
        look(motor_real, "multietapa-pruebas/no-existe:1", cache=cache)


def test_an_interruption_leaves_nothing(motor_real: Motor, base_image: str, cache: MeasureCache) -> None:
    """Quien interrumpe mientras llega la imagen se va enseguida, y el contenedor que se miraba se borra."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        look(motor_real, base_image, cache=cache, progress=interrupted)
    assert time.monotonic() - start < 10
