"""Lo que se recuerda de cada construcción, y las razones que salen de compararla con la siguiente."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from multietapa import sdk
from multietapa.build.masking import hider
from multietapa.build.memory import store as stores
from multietapa.build.memory import taken
from multietapa.build.memory.portrait import Spot, portrait
from multietapa.build.memory.reasons import reasons
from multietapa.build.memory.record import Record
from multietapa.build.memory.store import Store
from multietapa.build.memory.why import Cause, Place, Why, difference, phrase
from multietapa.build.plan import Plan, plan_build
from multietapa.build.session.extras import Extras
from multietapa.cells.construir import construir
from multietapa.paths import cache_dir
from tests.conftest import SecondEngine

TEXT = """\
FROM node:24 AS build
ARG VERSION=1
WORKDIR /app
COPY package.json ./
RUN npm install
COPY src ./src
RUN npm test
FROM node:24-alpine
COPY --from=build /app /app
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con lo que copia ``TEXT``, escrito hace tiempo."""
    found = tmp_path / "carpeta"
    for name in ("package.json", "src/a.js", "src/b.js", "suelto"):
        (found / name).parent.mkdir(parents=True, exist_ok=True)
        (found / name).write_text(name)
        os.utime(found / name, (1_700_000_000, 1_700_000_000))
    return found


def planned(folder: Path, text: str = TEXT, **options: object) -> Plan:
    """El plan de un texto en esa carpeta."""
    return plan_build(folder, tag="a", architecture="amd64", dockerfile=text, **options)  # type: ignore[arg-type]


def record(
    plan: Plan, images: Callable[[str], str] = lambda _: "sha256:1", old: Record | None = None
) -> Record:
    """Lo que se recordaría si se hubiera hecho todo."""
    drawn = portrait(plan, hider(plan.extras.secrets.values()), "sal")
    found, hashes = taken.look(plan.context, drawn.wanted, old.hashes if old else {}, threading.Event())
    data = Record(drawn.filled(found, images), hashes).to_json()
    for stage in data["stages"].values():
        for element in stage["elements"]:
            element["done"] = True
    whole = Record.from_json(json.loads(json.dumps(data)))
    assert whole is not None
    return whole


def told(old: Record | None, new: Record, *ran: tuple[str, int], **options: bool) -> dict[int, str]:
    """Las razones, por la línea del paso."""
    spots: dict[Spot, Why] = reasons(old, new, frozenset(ran), **options)
    return {new.stages[label].elements[n].line: phrase(why) for (label, n), why in spots.items()}


ALL = (*(("build", n) for n in range(2, 7)), ("stage-1", 1))


def test_the_first_and_without_cache(folder: Path) -> None:
    """Sin nada que comparar se dice eso; y sin caché, que se pidió, aunque algo haya cambiado."""
    new = record(planned(folder))
    assert set(told(None, new, *ALL).values()) == {phrase(Why(Cause.FIRST))}
    assert set(told(new, new, *ALL, nocache=True).values()) == {"se pidió sin caché"}


def test_a_file_that_changed(folder: Path) -> None:
    """El que lo copia dice cuál; los de después, también los de la otra etapa, quién tiene la culpa."""
    old = record(planned(folder))
    (folder / "src/a.js").write_text("otro")
    (folder / "suelto").write_text("otro")
    culprit = "se repite por «COPY src ./src»"
    assert told(old, record(planned(folder)), ("build", 5), ("build", 6), ("stage-1", 1)) == {
        6: "cambió «src/a.js»",
        7: f"{culprit} (línea 6): cambió «src/a.js»",
        9: f"{culprit} (etapa «build», línea 6): cambió «src/a.js»",
    }


def test_stages_that_are_called_the_same_are_compared_apart(folder: Path) -> None:
    """De dos etapas con el mismo nombre, lo que cambia en una no es de la otra."""
    text = "FROM a AS x\nRUN uno\nFROM b AS x\nRUN dos\nFROM c\nCOPY --from=x /a /a\nCOPY --from=0 /b /b\n"
    old, new = record(planned(folder, text)), record(planned(folder, text.replace("uno", "tres")))
    assert told(old, new, ("x (1.ª)", 1), ("stage-2", 2)) == {
        2: "cambió la instrucción: antes «uno», ahora «tres»",
        7: "se repite por «RUN tres» (etapa «x (1.ª)», línea 2): "
        "cambió la instrucción: antes «uno», ahora «tres»",
    }


def test_every_kind_of_change_in_files(folder: Path) -> None:
    """Nuevos, los que ya no están y los que cambian de permisos: se nombran tres, y se cuentan los demás."""
    old = record(planned(folder))
    (folder / "src/a.js").unlink()
    (folder / "src/b.js").chmod(0o755)
    for n in range(4):
        (folder / f"src/n{n}").write_text("1")
    assert told(old, record(planned(folder)), ("build", 5)) == {
        6: "se suman «src/n0», «src/n1» y «src/n2»; y 3 archivos más"
    }
    for n in range(3):
        (folder / f"src/n{n}").unlink()
    assert told(old, record(planned(folder)), ("build", 5)) == {
        6: "se suma «src/n3»; ya no va «src/a.js»; cambiaron los permisos de «src/b.js»"
    }


def test_only_the_date_is_not_a_change(folder: Path) -> None:
    """Con otra fecha y el mismo contenido no cambió nada: si se repite, es que el motor ya no la tenía."""
    old = record(planned(folder))
    os.utime(folder / "src/a.js")
    assert told(old, record(planned(folder), old=old), ("build", 5)) == {6: phrase(Why(Cause.GONE))}


@pytest.mark.parametrize(
    ("before", "after", "spot", "said"),
    [
        ("npm install", "npm ci", ("build", 4), "cambió la instrucción: antes «install», ahora «ci»"),
        ("npm test", "npm test -- -v", ("build", 6), "cambió la instrucción: ahora lleva «-- -v»"),
        (
            "FROM node:24 AS",
            "FROM node:22 AS",
            ("build", 2),
            "se repite por «FROM node:22 AS build» (línea 1): parte de otra imagen o etapa: antes «node:24», "
            "ahora «node:22»",
        ),
        ("ARG VERSION=1", "ARG VERSION=2", ("build", 4), "cambió el argumento «VERSION»"),
        ("RUN npm install", "RUN ls\nRUN npm install", ("build", 4), "es nueva: no estaba la última vez"),
        (
            "RUN npm install\n",
            "",
            ("build", 4),
            "se repite porque ya no va delante «RUN npm install»",
        ),
        (
            "ARG VERSION=1\n",
            "ARG VERSION=1\nENV A=1\n",
            ("build", 5),
            "se repite por «ENV A=1» (línea 3): es nueva: no estaba la última vez",
        ),
    ],
)
def test_a_change_in_the_text(folder: Path, before: str, after: str, spot: Spot, said: str) -> None:
    """Lo que cambió del texto, en pocas palabras."""
    old, new = record(planned(folder)), record(planned(folder, TEXT.replace(before, after)))
    assert list(told(old, new, spot).values()) == [said]


def test_a_line_that_moved(folder: Path) -> None:
    """La misma línea en otro sitio no es nueva."""
    first, second = "RUN npm test\n", "RUN npm test\nRUN echo 1\n"
    old = record(planned(folder, TEXT.replace(first, second)))
    new = record(
        planned(folder, TEXT.replace(first, "").replace("RUN npm install", "RUN npm test\nRUN npm install"))
    )
    assert "cambió de sitio" in told(old, new, ("build", 4), ("build", 5), ("build", 6)).values()


def test_an_argument_given_when_building(folder: Path) -> None:
    """Solo lo nombra quien lo usa: un ``RUN``, sin nombrarlo; un ``COPY``, si lo escribe."""
    text = TEXT.replace("COPY src ./src", "COPY src ./$VERSION")
    old, new = record(planned(folder, text)), record(planned(folder, text, buildargs={"VERSION": "7"}))
    found = told(old, new, ("build", 3), ("build", 4), ("build", 5))
    assert found.pop(4) == phrase(Why(Cause.GONE))  # el primer COPY no lo usa
    assert set(found.values()) == {"cambió el argumento «VERSION»"}
    assert set(found) == {5, 6}


def test_another_image_with_the_same_name(folder: Path) -> None:
    """La base se llama igual, pero su id es otro; si no se sabe cuál era, no se dice nada."""
    old = record(planned(folder))
    new = record(planned(folder), lambda name: "sha256:2" if name == "node:24" else "sha256:1")
    culprit = "se repite por «FROM node:24 AS build» (línea 1)"
    image = "cambió la imagen «node:24»: se llama igual, pero es otra"
    assert told(old, new, ("build", 2)) == {3: f"{culprit}: {image}"}
    assert told(old, record(planned(folder), lambda _: ""), ("build", 2)) == {}


def test_what_cannot_be_compared_is_not_told(folder: Path) -> None:
    """De un ``ADD`` de una dirección no se sabe si cambió; lo que va detrás, que se volvió a hacer."""
    text = TEXT.replace("RUN npm test", "ADD https://ejemplo.invalid/x /x\nRUN npm test")
    old = record(planned(folder, text))
    assert told(old, old, ("build", 6), ("build", 7)) == {
        8: "se repite por «ADD https://ejemplo.invalid/x /x» (línea 7), que se volvió a hacer"
    }


def test_what_is_not_read_is_not_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Con demasiados archivos, o un enlace de por medio, no se dice nada de lo que se copia."""
    old = record(planned(folder))
    (folder / "src/a.js").write_text("otro")
    monkeypatch.setattr(taken, "MOST_FILES", 2)
    assert told(old, record(planned(folder)), ("build", 5)) == {}
    monkeypatch.undo()
    text = f"{TEXT}COPY . /todo\n"
    old = record(planned(folder, text))
    monkeypatch.setattr(taken, "MOST_FILES", 4)
    found = told(old, record(planned(folder, text)), ("build", 3), ("stage-1", 2))
    assert found == {4: phrase(Why(Cause.GONE))}
    monkeypatch.undo()
    (folder / "src").rename(folder / "fuente")
    (folder / "src").symlink_to("fuente")
    assert told(old, record(planned(folder)), ("build", 5)) == {}


def test_a_file_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """El que conserva tamaño, fechas e identidad no se vuelve a leer."""
    first = record(planned(folder))
    old = Record(first.stages, {**first.hashes, **_aged(folder)})
    monkeypatch.setattr(taken, "MOST_BYTES", -1)
    again = record(planned(folder), old=old)
    assert again.stages["build"].elements[5].taken is not None
    (folder / "src/a.js").write_text("uno nuevo")
    assert record(planned(folder), old=old).stages["build"].elements[5].taken is None


def _aged(folder: Path) -> dict[str, tuple[int, int, int, int, str]]:
    """Las huellas que se guardan de lo que hace tiempo que no se toca."""
    found = {}
    for name in ("package.json", "src/a.js", "src/b.js"):
        status = (folder / name).stat()
        found[name] = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, "huella")
    return found


def test_the_classic_builder_depends_on_every_line(folder: Path) -> None:
    """En el clásico, cambiar un ``CMD`` o un ``LABEL`` repite lo que va detrás; en BuildKit, no."""
    text = TEXT.replace("WORKDIR /app", "LABEL a=1\nWORKDIR /app")
    old, new = record(planned(folder, text)), record(planned(folder, text.replace("a=1", "a=2")))
    assert told(old, new, ("build", 3), classic=True) == {
        4: "se repite por «LABEL a=2» (línea 3): cambió la instrucción: antes «a=1», ahora «a=2»"
    }
    assert told(old, new, ("build", 3)) == {4: phrase(Why(Cause.GONE))}


def test_a_stage_that_was_not_there(folder: Path) -> None:
    """De una etapa que antes no se hizo se dice eso; de la que ahora no se hace se recuerda lo de antes."""
    short = record(planned(folder, target="build"))
    new = record(planned(folder))
    assert told(short, new, ("stage-1", 1)) == {9: phrase(Why(Cause.STAGE))}
    assert set(short.with_older(new).stages) == {"build", "stage-1"}


def test_a_linked_copy_does_not_depend_on_what_goes_before(folder: Path) -> None:
    """Un ``COPY --link`` no se repite por lo de delante, y el motor lo une otra vez cuando quiere."""
    text = TEXT.replace("COPY src", "COPY --link src")
    old, new = record(planned(folder, text)), record(planned(folder, text.replace("install", "ci")))
    assert set(told(old, new, ("build", 4), ("build", 5))) == {5}
    assert told(old, old, ("build", 5), ("build", 6)) == {}


def test_values_are_not_kept(folder: Path) -> None:
    """Ni el valor de un secreto, aunque esté escrito en el Dockerfile, ni el de un argumento."""
    text = TEXT.replace("npm test", "echo clave-secreta")
    plan = planned(
        folder, text, buildargs={"VERSION": "valor-oculto"}, extras=Extras(secrets={"x": b"clave-secreta"})
    )
    saved = json.dumps(record(plan).to_json())
    assert "clave-secreta" not in saved
    assert "valor-oculto" not in saved


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("data", [b"", b"nada", b"[]", b'{"version": 1}'])
def test_a_damaged_record_is_as_if_it_were_not_there(
    folder: Path, tmp_path: Path, data: bytes, packed: bool
) -> None:
    """Lo que no se entiende no se mira, y se vuelve a escribir entero."""
    store = Store(tmp_path / "memoria")
    whole = record(planned(folder))
    store.write("clave", whole)
    assert store.read("clave") == whole
    (tmp_path / "memoria/clave.json.gz").write_bytes(gzip.compress(data) if packed else data)
    assert store.read("clave") is None
    store.write("clave", whole)
    assert store.read("clave") == whole


def test_every_part_of_a_record_is_checked(folder: Path) -> None:
    """Si le falta o le sobra algo a cualquiera de sus partes, no vale."""
    whole = record(planned(folder)).to_json()
    assert Record.from_json({**whole, "version": 0}) is None
    assert Record.from_json({**whole, "hashes": {"a": [1, 2]}}) is None
    assert Record.from_json({**whole, "stages": {"build": {"parent": "", "elements": []}}}) is None
    del whole["stages"]["build"]["elements"][1]["mark"]
    assert Record.from_json(whole) is None


def test_what_is_kept_has_a_limit(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Se guardan las últimas, y ninguna demasiado grande; sin sitio donde escribir no pasa nada."""
    monkeypatch.setattr(stores, "KEPT", 3)
    store, whole = Store(tmp_path / "memoria"), record(planned(folder))
    for n in range(6):
        store.write(f"k{n}", whole)
        os.utime(tmp_path / f"memoria/k{n}.json.gz", (n + 1, n + 1))
    assert sorted(path.name for path in (tmp_path / "memoria").iterdir()) == [
        f"k{n}.json.gz" for n in (3, 4, 5)
    ]
    monkeypatch.setattr(stores, "MOST_BYTES", 10)
    store.write("enorme", whole)
    assert store.read("enorme") is None
    (tmp_path / "archivo").write_text("")
    Store(tmp_path / "archivo").write("clave", whole)


def test_two_kernels_at_once(folder: Path, tmp_path: Path) -> None:
    """Escribiendo los dos a la vez, lo que se lee está siempre entero."""
    whole, seen = record(planned(folder)), []

    def work() -> None:
        store = Store(tmp_path / "memoria")
        for _ in range(20):
            store.write("clave", whole)
            seen.append(store.read("clave") == whole)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(seen)
    assert [path.name for path in (tmp_path / "memoria").iterdir()] == ["clave.json.gz"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("RUN a b c", "RUN a x c", ("b", "x")),
        ("RUN a", "RUN a b", ("", "b")),
        ("RUN a b", "RUN a", ("b", "")),
        ("RUN a", "RUN a", ("", "")),
    ],
)
def test_the_part_that_changed(before: str, after: str, said: tuple[str, str]) -> None:
    """De dos instrucciones, solo las palabras que no son las mismas."""
    assert difference(before, after) == said


def test_long_texts_are_cut() -> None:
    """Ni una orden larga ni un nombre largo pasan de lo que cabe en una línea."""
    why = Why(Cause.FILES, changed=("x" * 300,)).blaming(Place("RUN " + "y" * 300, 3, "build"))
    assert len(phrase(why)) < 220
    assert phrase(Why(Cause.INSTRUCTION, before="RUN  a", after="RUN  a")) == "cambió la instrucción"


def test_the_engine_that_lost_its_cache(second_engine_factory: SecondEngine, tmp_path: Path) -> None:
    """Con la caché vaciada, un paso que no cambió lo dice; con otro constructor, es la primera."""
    tag = "multietapa-pruebas/memoria:1"
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY a /a\nCOPY b /b\n")
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (1_700_000_000, 1_700_000_000))
    # Un motor aparte: vaciar la caché del de las demás pruebas tarda, y ellas tendrían que volver a hacerla.
    with second_engine_factory() as (engine, _):

        def build(**options: Any) -> list[str]:
            done = construir(tmp_path, etiqueta=tag, vista=False, cliente=engine, **options)
            return [step.porque for step in done.pasos]

        assert build() == [phrase(Why(Cause.FIRST))] * 2
        assert build() == ["", ""]
        engine.images.remove(tag, force=True)
        with sdk.post(engine.api, "/build/prune", params={"all": "1"}, timeout=60) as answer:
            answer.raise_for_status()
        assert build() == [phrase(Why(Cause.GONE))] * 2
        assert build(sin_cache=True) == ["se pidió sin caché"] * 2
        assert build(constructor="clasico") == [phrase(Why(Cause.FIRST))] * 2
        (tmp_path / "a").write_text("otro")
        changed = ["cambió «a»", "se repite por «COPY a /a» (línea 2): cambió «a»"]
        assert build(constructor="clasico") == changed
    assert list((cache_dir() / "construcciones").glob("*.json.gz"))
