"""Las preguntas sobre una imagen, con medidas escritas a mano: sin motor."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from multietapa.containers.running import Process
from multietapa.errors import ContainerError
from multietapa.exercises.checks import contents, exposure, process, size, surroundings
from multietapa.image.image import MeasuredImage, layer_name, visible
from multietapa.image.layer import FileEntry, Layer


def entry(path: str, size: int = 10, kind: str = "file") -> FileEntry:
    return FileEntry(path, size, kind, 0o644, 0, 0)


def image(*layers: list[FileEntry], base: int = 0) -> MeasuredImage:
    made = tuple(
        Layer(n, f"sha256:{n}", "", tuple(files), sum(f.own_bytes for f in files), 0)
        for n, files in enumerate(layers)
    )
    total = sum(layer.unpacked_bytes for layer in made)
    return MeasuredImage(
        image_id="sha256:x", tags=(), architecture="amd64", layers=made, unpacked_bytes=total,
        transfer_bytes=0, base_layer_count=base,
    )  # fmt: skip


NODE = [entry("usr/local/bin/node", 1000)]
TYPESCRIPT = entry("app/node_modules/typescript/lib/tsc.js", 62_000_000)


def asked(*names: str) -> dict[str, str]:
    """Los documentos de una aplicación con esas ``devDependencies``."""
    return {"package.json": json.dumps({"devDependencies": dict.fromkeys(names, "*")})}


def test_visible_applies_deletions() -> None:
    """Lo borrado (archivo, carpeta o carpeta vaciada) no se ve; lo puesto después, sí."""
    seen = visible(
        image(
            [entry("a/b/c"), entry("d/e"), entry("f/g"), entry("ab")],
            [entry("a", kind="whiteout"), entry("d", kind="opaque"), entry("d/nuevo")],
        )
    )
    assert {place.path: place.number for place in seen} == {"/f/g": 1, "/ab": 1, "/d/nuevo": 2}


def test_development_packages_are_found_in_any_layer() -> None:
    """Un paquete borrado después sigue contando, con su tamaño y su capa en la pista."""
    hidden = image(NODE, [TYPESCRIPT], [entry("app/node_modules/typescript", kind="whiteout")])
    found = contents.no_development_packages(hidden, asked("typescript", "@types/node"))
    assert not found.ok
    assert "ya no ve /app/node_modules/typescript" in found.hints[0]
    assert "62,0 MB" in found.hints[0]
    assert "capa 2" in found.hints[0]
    plain = contents.no_development_packages(image(NODE, [TYPESCRIPT]), asked("typescript"))
    assert "En tu imagen sigue /app/node_modules/typescript (62,0 MB) en la capa 2" in plain.hints[0]


@pytest.mark.parametrize(
    "path",
    [
        "app/node_modules/typescript-algo/x.js",
        "app/dist/typescript/x.js",
        "app/node_modules/zod/src/mocha.ts",
    ],
)
def test_similar_names_are_not_development_packages(path: str) -> None:
    """Un nombre parecido no es el paquete."""
    assert contents.no_development_packages(image([entry(path)]), asked("typescript", "mocha")).ok


def test_scoped_packages() -> None:
    """Los paquetes con ámbito se reconocen enteros."""
    carried = image([entry("srv/node_modules/@types/node/index.d.ts")])
    assert not contents.no_development_packages(carried, asked("@types/node")).ok
    assert contents.no_development_packages(carried, asked("@types/mocha")).ok


@pytest.mark.parametrize(
    ("path", "ok"),
    [
        ("app/src/server.ts", False),
        ("usr/src/app/src/app.tsx", False),
        ("app/dist/server.d.ts", True),
        ("app/node_modules/zod/src/index.ts", True),
        ("app/dist/server.js", True),
    ],
)
def test_sources(path: str, ok: bool) -> None:
    """El código de la aplicación cuenta; las declaraciones y lo que traen los paquetes, no."""
    assert contents.no_sources(image([entry(path)])).ok is ok


@pytest.mark.parametrize(
    ("path", "ok"),
    [
        ("usr/bin/gcc", False),
        ("usr/bin/x86_64-linux-gnu-gcc-12", False),
        ("usr/bin/x86_64-alpine-linux-musl-g++", False),
        ("usr/bin/make", False),
        ("usr/local/bin/tsc", False),
        ("usr/bin/python3", True),
        ("usr/share/doc/make", True),
        ("etc/make", True),
        ("usr/bin/makedb", True),
        ("app/node_modules/.bin/tsc", True),
    ],
)
def test_compilers(path: str, ok: bool) -> None:
    """Un compilador se reconoce por su nombre en una carpeta de programas, con o sin versión."""
    assert contents.no_compilers(image([entry(path)])).ok is ok


def test_a_compiler_deleted_from_the_base_does_not_count() -> None:
    """De la base importa lo que se ve; de las capas propias, también lo escondido."""
    deleted = [entry("usr/bin/gcc", kind="whiteout")]
    assert contents.no_compilers(image([entry("usr/bin/gcc")], deleted, base=1)).ok
    assert not contents.no_compilers(image(NODE, [entry("usr/bin/gcc")], deleted, base=1)).ok


def test_times_smaller() -> None:
    """El límite justo vale; un byte más, no, y la pista nombra la capa más pesada."""
    baseline = image([entry("todo", 5000)])
    assert size.times_smaller(image([entry("poco", 1000)]), baseline, 5).ok
    failed = size.times_smaller(image([entry("a", 1)], [entry("poco", 1000)]), baseline, 5)
    assert not failed.ok
    assert "la capa 2" in failed.hints[0]


def test_light_above_base() -> None:
    """Pide las capas de la base y señala el archivo y la capa que pesan."""
    temporary = entry("temporal", 52_428_800)
    erased = image(NODE, [temporary], [entry("temporal", kind="whiteout")])
    found = size.light_above_base(erased, ["sha256:0"], 1_000_000)
    assert not found.ok
    assert "/temporal (52,4 MB)" in found.text
    assert "posterior lo borra" in found.text
    assert size.light_above_base(image(NODE, [entry("resumen.txt", 70)]), ["sha256:0"], 1_000_000).ok
    assert not size.light_above_base(image(NODE), ["sha256:otra"], 1_000_000).ok


def test_summary() -> None:
    """La huella vale con o sin el nombre del archivo detrás; otra huella o ninguna, no."""
    good = "a" * 64
    assert contents.keeps_summary(f"{good}  /temporal\n".encode(), [good], "/resumen.txt").ok
    assert contents.keeps_summary(good.upper().encode(), [good], "/resumen.txt").ok
    for content in (None, b"", b"hola", b"b" * 64, b"a" * 63):
        assert not contents.keeps_summary(content, [good], "/resumen.txt").ok


def test_not_root() -> None:
    """Ningún proceso puede ser root; sin procesos a la vista vale lo que diga /salud."""
    root, node = Process(1, 0, 0, "npm"), Process(7, 1000, 1000, "node")
    assert process.not_root([node], None).ok
    assert not process.not_root([root, node], 1000).ok
    assert process.not_root([], 1000).ok
    assert not process.not_root([], 0).ok
    assert not process.not_root([], None).ok


def test_node_environment() -> None:
    """Manda el proceso que atiende (el último); la configuración solo si no se pudo leer."""
    launcher = Process(1, 1000, 1000, "npm", "")
    server = Process(9, 1000, 1000, "node", "production")
    assert process.node_environment([launcher, server], {}).ok
    assert not process.node_environment(
        [server, Process(12, 1, 1, "node", "")], {"NODE_ENV": "production"}
    ).ok
    assert process.node_environment([], {"NODE_ENV": "production"}).ok
    assert not process.node_environment([], {}).ok


@pytest.mark.parametrize("value", ["Production", "PRODUCTION", " production", '"production"'])
def test_node_environment_that_looks_right(value: str) -> None:
    """Lo que se parece a «production» sin serlo se dice como lo que es: se compara letra a letra."""
    found = process.node_environment([Process(9, 1000, 1000, "node", value)], {})
    assert not found.ok
    assert f"vale «{value}»" in found.text
    assert "letra a letra" in found.hints[0]


def test_the_version_of_node_is_the_one_that_answers() -> None:
    """Otro Node se dice con su versión, que sale de lo que contesta la tienda; y callarla no vale."""
    assert process.runs_node('{"node": "v14.21.3"}', 14).ok
    for body, said in (
        ('{"node": "v24.9.0"}', "Node 24.9.0"),
        ('{"node": "v140.1.0"}', "140"),
        ("{}", "no dice"),
    ):
        found = process.runs_node(body, 14)
        assert not found.ok
        assert said in found.hints[0]
        assert "Node 14" in found.text


def test_a_crash_gives_what_it_means_first_and_what_to_do_after() -> None:
    """Se observan los hechos y el registro; la primera pista es lo decisivo, y la segunda, qué hacer."""
    problem = ContainerError(
        "Se cerró.",
        why="Salió con el código 1.",
        said="El programa escribió: «x».",
        next_step="Mira y.",
        detail="x",
    )
    found = process.does_not_answer(problem)
    assert found.text == "Se cerró. Salió con el código 1.\n    x"
    assert found.hints == ("Se cerró. Salió con el código 1. El programa escribió: «x».", "Mira y.")
    refused = process.does_not_answer(
        ContainerError("No arranca.", why="No tiene el usuario «a».", next_step="Mira.")
    )
    assert refused.hints == ("No arranca. No tiene el usuario «a».", "Mira.")


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("  57 passing (2s)\n", "57 pruebas pasadas"),
        ("1..3\n# tests 3\n# pass 3\n# fail 0\n", "3 pruebas pasadas"),
        ('{"stats": {"passes": 12, "failures": 0}}', "12 pruebas pasadas"),
        ("  1 passing (2s)\n", "1 prueba pasada"),
        (None, "no está /p"),
        ("", "no dice cuántas"),
        ("todo bien\n", "no dice cuántas"),
        ("  0 passing (1ms)\n", "no dice cuántas"),
        ("  56 passing (2s)\n  1 failing\n", "pruebas que fallan (1)"),
    ],
)
def test_test_reports(written: str | None, seen: str) -> None:
    """Vale lo que cuenta cualquier informe de npm test con pruebas pasadas y ninguna fallada."""
    found = contents.keeps_test_report(written.encode() if written is not None else None, "/p")
    assert found.ok is ("pasada" in seen)
    assert seen in found.text


def test_a_stage_that_nobody_uses_is_named() -> None:
    """Si falta el informe de las pruebas, la pista nombra las etapas que nadie usa y no se hicieron."""
    found = contents.keeps_test_report(None, "/p", unused=["pruebas"])
    assert "La etapa «pruebas» no se hizo: nadie la usa." in found.hints[0]
    both = contents.keeps_test_report(None, "/p", unused=["a", "2"])
    assert "Las etapas «a» y «2» no se hicieron: nadie las usa." in both.hints[0]


def test_ports() -> None:
    """Primero PORT (o 3000) y después lo que declare EXPOSE, sin repetir."""
    assert process.ports_of({}, 3000) == (3000,)
    config = {"Env": ["PORT=8080"], "ExposedPorts": {"8080/tcp": {}, "9000/tcp": {}, "53/udp": {}}}
    assert process.ports_of(config, 3000) == (8080, 9000)


@pytest.mark.parametrize("body", ["", "<html>", "[]", '{"estado": "mal"}'])
def test_health_needs_the_shop(body: str) -> None:
    """Otra cosa que contesta 200 no es la tienda."""
    assert not process.healthy(200, body, "/salud").ok
    assert process.healthy(200, '{"estado": "bien", "uid": 1000}', "/salud").ok
    assert process.uid_of(body) is None


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ("RUN /bin/sh -c npm install # buildkit", "capa 1 («RUN npm install»)"),
        ("COPY package*.json ./ # buildkit", "capa 1 («COPY package*.json ./»)"),
        ("/bin/sh -c npm install", "capa 1 («RUN npm install»)"),
        ("/bin/sh -c #(nop) WORKDIR /app", "capa 1 («WORKDIR /app»)"),
        ("|1 A=b /bin/sh -c echo $A", "capa 1 («RUN echo $A»)"),
        ("RUN /bin/sh -c " + "x" * 90, "capa 1 («RUN " + "x" * 55 + "…»)"),
        ("", "capa 1"),
    ],
)
def test_a_layer_is_named_by_the_instruction_that_made_it(created_by: str, shown: str) -> None:
    """Una capa se nombra con su número y su instrucción, la haya hecho BuildKit o el constructor clásico."""
    made = image([entry("a")])
    named = replace(made, layers=(replace(made.layers[0], created_by=created_by),))
    assert layer_name(named, 1) == shown
    at = replace(named, lines=(4,))
    assert layer_name(at, 1) == shown.replace("(«", "(línea 4: «")


def said(**changes: object) -> str:
    """Lo que dice de sí el faro al que no le falta nada, con esos cambios."""
    well = {"zona": "-05", "desfase": -300, "usuario": "farero", "uid": 1000, "autoridades": 144}
    return json.dumps({"estado": "bien", **well, **changes})


def test_a_program_says_what_surrounds_it() -> None:
    """Con su zona, sus autoridades y un usuario con nombre, todo está bien y se dice cuál es cada cosa."""
    zone = surroundings.in_zone(said(), "America/Bogota", -300)
    assert (zone.ok, zone.text) == (True, "Su reloj es el de America/Bogota (zona «-05»).")
    assert surroundings.trusts(said()).text == "Se fía de 144 autoridades."
    assert surroundings.trusts(said(autoridades=1)).text == "Se fía de 1 autoridad."
    assert surroundings.has_a_name(said()).text == "Corre como farero (uid 1000)."


@pytest.mark.parametrize(
    ("changes", "text", "hint"),
    [
        ({"zona": "America", "desfase": 0}, "zona «America», a 0 minutos", "oyó «America/Bogota»"),
        ({"zona": "UTC", "desfase": 0}, "zona «UTC», a 0 minutos", "Nadie le ha dicho"),
        ({"autoridades": 0}, "No se fía de ninguna autoridad", "no encontró ninguno"),
        ({"usuario": "", "uid": 7}, "uid 7, que no tiene nombre", "Nadie se llama 7"),
        ({"usuario": "root", "uid": 0}, "Corre como root (uid 0)", "con el uid 0"),
    ],
)
def test_what_a_program_does_not_find_is_said(changes: dict[str, object], text: str, hint: str) -> None:
    """De lo que falta se dice qué respondió el programa, y la pista no da la solución."""
    body = said(**changes)
    seen = (
        surroundings.in_zone(body, "America/Bogota", -300),
        surroundings.trusts(body),
        surroundings.has_a_name(body),
    )
    (wrong,) = [one for one in seen if not one.ok]
    assert text in wrong.text
    assert hint in wrong.hints[0]
    assert "COPY" not in " ".join(wrong.hints)


@pytest.mark.parametrize("body", ["", "[]", "no es JSON", "{}"])
def test_another_answer_is_not_taken_for_good(body: str) -> None:
    """Si lo que contesta es otra cosa, nada se da por bueno."""
    assert not surroundings.in_zone(body, "America/Bogota", -300).ok
    assert not surroundings.trusts(body).ok
    assert not surroundings.has_a_name(body).ok


def test_package_managers_and_shells_are_told_apart() -> None:
    """npm es un gestor y no un intérprete; lo que una capa borró no cuenta, y se dice de dónde viene."""

    def program(path: str) -> FileEntry:
        return entry(path)._replace(mode=0o755)

    npm = [program("usr/local/bin/node"), program("usr/local/bin/npm")]
    base = image(npm, [entry("app/dist/server.js")], base=1)
    assert exposure.no_shells(base).ok
    wrong = exposure.no_package_managers(base)
    assert (wrong.ok, wrong.text) == (False, "El contenedor tiene gestores de paquetes: /usr/local/bin/npm.")
    assert "viene con la base" in wrong.hints[0]
    gone = image(npm, [entry("usr/local/bin/npm", kind="whiteout")], base=1)
    assert exposure.no_package_managers(gone).text == "El contenedor no tiene ningún gestor de paquetes."
    assert "intérpretes de órdenes: /bin/sh" in exposure.no_shells(image([program("bin/sh")])).text
