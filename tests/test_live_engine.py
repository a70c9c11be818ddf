"""Las etapas de una construcción con un motor real: a la vez, fallos, cancelaciones, caché y el clásico."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa import etapas
from multietapa.build.follow import follow
from multietapa.build.pipeline import run
from multietapa.build.plan import plan_build
from multietapa.build.state import BuildPhase, BuildState
from multietapa.build.timeline import StageStatus, Timeline
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.cronologia import Cronologia
from multietapa.cells.reproducir import reproducir
from multietapa.errors import BuildCancelled, BuildError, CallError, UnknownNameError
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.build.words import Request
from multietapa.widgets.lanes.lanes import LanesView
from multietapa.widgets.live.live import LiveView
from multietapa.widgets.live.value import Staged, stages_of

TWO_AT_ONCE = """\
FROM {base} AS uno
WORKDIR /uno
RUN sleep 2; head -c 300000 /dev/zero > /uno/datos
FROM {base} AS dos
COPY hola.txt /dos/
RUN sleep 2; echo dos > /dos/datos
FROM dos AS pruebas
RUN true
FROM {base}
COPY --from=uno /uno/datos /uno
COPY --from=dos /dos/datos /dos
CMD ["true"]
"""
ONE_FAILS = """\
FROM {base} AS lenta
RUN sleep 60
FROM {base} AS rota
RUN sleep 1; exit 3
FROM {base}
COPY --from=lenta /a /a
COPY --from=rota /a /a
"""
LONG = "FROM {base} AS larga\nRUN echo empieza; sleep 600\nFROM {base}\nCOPY --from=larga /a /a\n"


class Watcher:
    """Una vista que guarda en qué estaba cada etapa en cada momento."""

    def __init__(self, staged: Staged, cancel: threading.Event | None = None, when: str = "") -> None:
        self.seen: list[Timeline] = []
        self.widget = LiveView(staged)
        self.pressed = 0.0
        self._staged, self._cancel, self._when = staged, cancel, when

    def show(self, state: BuildState, elapsed: float) -> None:
        """Se guarda; y cuando una etapa dice algo, se cancela."""
        self.seen.append(self._staged.at(state))
        self.widget.show(state, elapsed)
        if self._cancel and not self.pressed and self._when in "\n".join(state.log) and state.log:
            self.pressed = time.monotonic()
            self._cancel.set()

    def finish(self, state: BuildState) -> None:
        """El final."""
        self.show(state, state.seconds or 0.0)

    def note(self, phrase: str) -> None:
        """Nada."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con un archivo."""
    (tmp_path / "hola.txt").write_text("hola\n" * 100)
    return tmp_path


def watch(
    engine: docker.DockerClient,
    folder: Path,
    text: str,
    *,
    cancel: threading.Event | None = None,
    when: str = "",
) -> Watcher:
    """Construye mirando cada momento; lo que falle queda en lo visto."""
    plan = plan_build(folder, tag="multietapa-pruebas/vivo", architecture="amd64", dockerfile=text)
    watcher = Watcher(stages_of(Request("t", "motor"), plan.source, None), cancel, when)
    try:
        follow(run(engine, plan, nocache=True, cancel=cancel), watcher, cancel or threading.Event())
    except (BuildError, BuildCancelled):
        pass
    return watcher


def build(engine: docker.DockerClient, folder: Path, text: str, tag: str, **options: Any) -> Construccion:
    """Una construcción sin vista."""
    return construir(folder, etiqueta=tag, dockerfile=text, vista=False, cliente=engine, **options)


def test_two_stages_at_once_and_then_from_the_cache(
    engine: docker.DockerClient, folder: Path, base_image: str, tag: str
) -> None:
    """Dos etapas trabajan a la vez, la que nadie usa no se hace, y la segunda vez todo sale de la caché."""
    text = TWO_AT_ONCE.format(base=base_image)
    cold = build(engine, folder, text, tag, sin_cache=True)
    one, two, tests, last = cold.etapas
    assert [each.estado for each in cold.etapas] == ["hecha", "hecha", "no se hace", "hecha"]
    assert tests.porque == "nadie la usa"
    assert (tests.inicio, tests.segundos, tests.bytes) == (None, 0, None)
    for stage in (one, two):
        assert stage.inicio is not None
        assert stage.fin is not None
        assert stage.segundos >= 2
    assert cold.por_etapas is not None
    pairs = {frozenset((a.name, b.name)): s for a, b, s in cold.por_etapas.line.together}
    assert pairs[frozenset(("uno", "dos"))] > 1
    assert last.bytes == 300_004
    assert 2 <= cold.camino_segundos <= cold.segundos
    assert len({step.etapa for step in cold.camino if step.segundos > 1}) == 1
    again = cold.si_cambiara(6)
    assert [step.linea for step in again.pasos] == [6, 11]
    assert again.etapas == ("dos", "3")
    assert again.sin_medir == 0
    assert again.segundos >= 2
    with pytest.raises(UnknownNameError, match="en la línea «99»"):
        cold.si_cambiara(99)
    warm = build(engine, folder, text, tag)
    assert [each.estado for each in warm.etapas] == ["caché", "caché", "no se hace", "caché"]
    assert warm.si_cambiara(6).sin_medir == 2
    found = etapas(cold, warm, vista=False)
    assert isinstance(found, Cronologia)
    assert [row["segundos"] for row in found.filas if row["etapa"] == "uno"] == [one.segundos, 0]
    assert "tardó" in repr(found)
    assert "uno y dos trabajaron a la vez" in found.texto
    assert (
        "La etapa 3 recibe con COPY --from archivos de uno: 300 kB, según el motor."
        in etapas(cold, vista=False).texto
    )


def test_the_classic_builder_goes_in_a_row(
    engine: docker.DockerClient, folder: Path, base_image: str, tag: str
) -> None:
    """El clásico hace las cuatro, una detrás de otra; el camino son todos los pasos."""
    done = build(
        engine, folder, TWO_AT_ONCE.format(base=base_image), tag, constructor="clasico", sin_cache=True
    )
    assert [each.estado for each in done.etapas] == ["hecha"] * 4
    assert done.por_etapas is not None
    assert done.por_etapas.line.together == ()
    starts = [each.inicio for each in done.etapas]
    ends = [each.fin for each in done.etapas]
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False) if end and start)
    assert done.camino_segundos == pytest.approx(done.segundos, abs=1)
    assert "El constructor clásico hace todas las etapas hasta el objetivo" in etapas(done, vista=False).texto
    assert done.si_cambiara(7).etapas == ("pruebas",)


def test_a_stage_that_fails_stops_the_other(
    engine: docker.DockerClient, folder: Path, base_image: str
) -> None:
    """Falla una etapa: la otra, que iba a la vez, queda cancelada, y la última, sin acabar."""
    seen = watch(engine, folder, ONE_FAILS.format(base=base_image)).seen
    running = [line for line in seen if line.stages[0].status is line.stages[1].status is StageStatus.RUNNING]
    assert running
    assert running[-1].stages[2].status is StageStatus.WAITING
    slow, broken, last = seen[-1].stages
    assert broken.status is StageStatus.FAILED
    assert slow.status is StageStatus.CANCELLED
    assert last.status in (StageStatus.CANCELLED, StageStatus.IDLE)
    assert seen[-1].state.phase is BuildPhase.FAILED


def test_cancelling_is_seen_at_once(engine: docker.DockerClient, folder: Path, base_image: str) -> None:
    """Al cancelar, la vista lo dice enseguida; al final, la etapa en marcha está cancelada, con su tiempo."""
    cancel = threading.Event()
    watcher = watch(engine, folder, LONG.format(base=base_image), cancel=cancel, when="empieza")
    said = [
        line for line in watcher.seen if line.state.phase in (BuildPhase.CANCELLING, BuildPhase.CANCELLED)
    ]
    assert said
    last = watcher.seen[-1]
    assert last.state.phase is BuildPhase.CANCELLED
    assert last.stages[0].status is StageStatus.CANCELLED
    assert last.stages[0].work > 0
    assert "⊘ larga: cancelada" in watcher.widget.twins()[0]


def test_a_recording_is_labelled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Una grabación por etapas lleva su rótulo en el widget, en la terminal y en los gemelos."""
    path = PROJECT_ROOT / "grabaciones" / "tienda-multietapa.jsonl"
    done = reproducir(path, velocidad=None, vista="etapas")
    assert capsys.readouterr().err.startswith("GRABACIÓN · ")
    assert [each.estado for each in done.etapas] == ["hecha", "hecha"]
    monkeypatch.setattr("multietapa.widgets.base.in_notebook", lambda: True)
    monkeypatch.setattr("multietapa.widgets.base.WidgetView.display", lambda _: None)
    shown = reproducir(path, velocidad=None, vista="etapas").vista
    assert isinstance(shown, LiveView)
    assert shown.head["recording"].startswith("GRABACIÓN · ")
    assert all("GRABACIÓN · " in twin for twin in shown.twins())
    one, two = etapas(done).vista, etapas(done, done).vista
    assert isinstance(one, LiveView)
    assert isinstance(two, LanesView)
    assert all(build["recording"].startswith("GRABACIÓN · ") for build in two.shown["builds"])


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("build", 3), {}, "construcción"),
        (("build", "build"), {"objetivo": "x"}, "«objetivo»"),
        (("build", "build"), {"constructor": "clasico"}, "«constructor»"),
        (("apps/tienda-node", "build"), {}, "no sabe qué hacer"),
        (("apps/tienda-node", "apps/tienda-go"), {}, "no sabe qué hacer"),
    ],
)
def test_what_cannot_be_put_together_is_said(
    arguments: tuple[Any, ...], options: dict[str, Any], said: str
) -> None:
    """Una carpeta con una construcción, o algo que no lo es, se explica con un ejemplo."""
    done = reproducir(PROJECT_ROOT / "grabaciones" / "tienda-ingenua.jsonl", velocidad=None, vista=False)
    given = [done if each == "build" else each for each in arguments]
    ask: Any = etapas
    with pytest.raises(CallError, match=said) as raised:
        ask(*given, **options)
    assert "etapas(" in str(raised.value)


def test_an_unknown_view_lists_the_stages() -> None:
    """``construir`` y ``reproducir`` admiten «etapas»; las demás, no."""
    with pytest.raises(UnknownNameError, match='"etapas"'):
        reproducir("a", vista="etapa")
    with pytest.raises(UnknownNameError) as raised:
        etapas("FROM a\n", vista="etapas")
    assert '"etapas"' not in str(raised.value)
