"""``superficie``: lo que encontraría en una imagen quien lograra entrar, contado y con cada lista detrás."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import docker

from multietapa.cells.asked import Ticker, asked_images, ending, reference, refuse_recordings
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion
from multietapa.cells.motor import motor
from multietapa.cells.sbom_files import file_name, new_files, packages, write_new
from multietapa.engine.model import EngineInfo
from multietapa.engine.session import Engine, engine_of, info_of
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.measure.measure import QuickSizes, quick_sizes
from multietapa.measure.surface.face import Entry, Face, Kind, RunningUser, Surfaces
from multietapa.measure.surface.look import look
from multietapa.widgets.base import open_view
from multietapa.widgets.reading import TextView, View
from multietapa.widgets.surface.kinds import CALLED, kind_called
from multietapa.widgets.surface.listing import State, sections, unknown
from multietapa.widgets.surface.surface import SurfaceView
from multietapa.widgets.surface.twin import lines
from multietapa.widgets.surface.words import headline
from multietapa.widgets.where import ShownInCell, check_view


@dataclass(frozen=True)
class Superficie(ShownInCell):
    """Lo que dejan a mano las imágenes miradas.

    ``imagenes`` tiene lo mirado de cada nombre, y ``cuentas``, cuántas cosas hay de cada clase (``None``: no
    se puede comprobar). ``usuario`` es con quién corre cada una. ``lista("npm")`` da una lista entera, en
    filas para una tabla de datos, y ``cambios("npm")``, lo que cambia de la primera imagen a la segunda.
    ``guardar_sbom("carpeta")`` escribe la lista de paquetes en CycloneDX. ``tabla_texto`` es todo, para
    ``print``.
    """

    imagenes: dict[str, Face]
    cuentas: dict[str, dict[str, int | None]]
    motor: EngineInfo
    tabla_texto: str = field(repr=False)
    vista: View[Surfaces] | None = field(default=None, repr=False, compare=False)
    _superficies: Surfaces = field(default=Surfaces((), ""), repr=False)
    _cliente: docker.DockerClient | None = field(default=None, repr=False, compare=False)

    @property
    def usuario(self) -> dict[str, RunningUser]:
        """Con qué usuario corre cada imagen, medido, o por qué no se pudo (``why``)."""
        return {name: face.user for name, face in self.imagenes.items()}

    @property
    def secretos(self) -> list[dict[str, str | int | None]]:
        """Los secretos de todas las imágenes, tapados, con la instrucción que dejó cada uno."""
        return self.lista("secretos")

    @offered('resultado.lista("npm")')
    def lista(self, clase: str | Kind, imagen: str | None = None) -> list[dict[str, str | int | None]]:
        """Una lista entera, una fila por cosa; ``imagen`` es el nombre de una, si no se quieren las de todas.

        Args:
            clase: ``"sistema"``, ``"npm"``, ``"python"``, ``"go"``, ``"ejecutables"``, ``"intérpretes"``,
                ``"gestores"``, ``"compiladores"``, ``"red"``, ``"setuid"``, ``"setgid"``, ``"permisos"``,
                ``"escribibles"``, ``"secretos"`` o ``"vulnerabilidades"``.
            imagen: su nombre.

        Raises:
            UnknownNameError: no hay esa clase, o esa imagen.
            MultietapaError: no se puede comprobar, que no es lo mismo que no haber ninguna.
        """
        kind = kind_called(clase)
        faces = self._faces(imagen)
        for face in faces:
            _refuse_unknown(face, kind, alone=len(faces) == 1)
        return [_row(face.name, entry) for face in faces for entry in face.counts[kind].entries]

    @offered('resultado.cambios("npm")')
    def cambios(self, clase: str | Kind) -> list[dict[str, str]]:
        """Qué cambia en una clase de la primera imagen a la segunda, una fila por cosa.

        Cada fila dice su ``cambio``, su ``nombre`` y su detalle ``antes`` y ``después``.

        Lanza ``UnknownNameError`` si no hay esa clase, y ``MultietapaError`` si no son dos imágenes o una de
        las dos no se pudo mirar.
        """
        kind = kind_called(clase)
        if len(self.imagenes) != 2:
            raise MultietapaError(
                f"Los cambios son entre dos imágenes, y aquí hay {len(self.imagenes)}.",
                next_step='Mira solo dos: superficie("tienda:ingenua", "tienda:multietapa").',
            )
        for face in self.imagenes.values():
            _refuse_unknown(face, kind, alone=True)
        return [
            {
                "cambio": line.state.one if line.state else "",
                "nombre": line.entry.name,
                "antes": "" if new else (line.before or line.entry).detail,
                "después": "" if gone else line.entry.detail,
            }
            for section in sections(self._superficies, kind)
            for line in section.lines
            for new, gone in [(line.state is State.NEW, line.state is State.GONE)]
        ]

    @offered('resultado.guardar_sbom("listas")', interrupted="la lista no llegó a escribirse.")
    @talking("leía los paquetes de una imagen")
    def guardar_sbom(self, ruta: str | os.PathLike[str], imagen: str | None = None) -> list[Path]:
        """Escribe los paquetes de cada imagen en CycloneDX (JSON), y dice en qué archivos.

        ``ruta`` es un archivo acabado en ``.json``, para una sola imagen, o una carpeta, que se crea si no
        está, con un archivo por cada una. Nunca escribe encima de otro. ``imagen`` es el nombre de una, si no
        se quieren todas.

        Lanza ``UnknownNameError`` si no hay esa imagen, ``MultietapaError`` si el archivo ya está o no se
        puede escribir, y ``EngineLostError`` si el motor se apagó.
        """
        faces = self._faces(imagen)
        targets = new_files(Path(ruta), [face.name for face in faces])
        written = [packages(self._client, face) for face in faces]
        for target, words in zip(targets, written, strict=True):
            write_new(target, words)
        return targets

    def __repr__(self) -> str:
        return f"{headline(self._superficies)} · {self.motor.label}"

    @property
    def _client(self) -> docker.DockerClient:
        return self._cliente if self._cliente is not None else motor().client

    def _faces(self, name: str | None) -> Sequence[Face]:
        if name is None:
            return list(self.imagenes.values())
        if name not in self.imagenes:
            raise UnknownNameError(name, list(self.imagenes), kind="la imagen")
        return [self.imagenes[name]]


@offered(
    'superficie("tienda:ingenua", "tienda:multietapa")',
    interrupted="se dejó de mirar; las imágenes que ya se habían mirado no se vuelven a leer.",
)
@talking("miraba las imágenes")
def superficie(
    *imagenes: str | Construccion,
    nombres: Sequence[str] | None = None,
    escaner: bool = False,
    cliente: docker.DockerClient | None = None,
    vista: bool | str = True,
) -> Superficie:
    """Enseña lo que encontraría quien entrara en un contenedor de cada imagen: cuántas cosas, y cuáles.

    Paquetes, programas, permisos, secretos y el usuario con el que corre. De dos imágenes, qué se va, qué
    sigue y qué llega. La primera vez tarda: el motor tiene que entregar la imagen entera. Después se guarda.

    Args:
        imagenes: etiquetas (``"tienda:multietapa"``) o lo que devuelve ``construir``.
        nombres: cómo llamar a cada una; si falta, por su etiqueta.
        escaner: ``True`` busca además vulnerabilidades con trivy, grype o docker scout, si los tienes.
        cliente: un cliente del SDK; si falta, el del motor del kit.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        UnknownNameError: una imagen o la vista no existen.
        NoEngineError: no hay motor, o una de las imágenes es una grabación.
        EngineLostError, ArchiveError: el motor se apagó, o no pudo entregar una imagen.
        MultietapaError: faltan imágenes o sobran nombres.
    """
    check_view(vista)
    wanted = asked_images("superficie", "mirar", imagenes, nombres)
    engine = motor() if cliente is None else engine_of(cliente)
    client = engine.client
    refuse_recordings(wanted, "mirar")
    info = engine.info or info_of(client)
    # La que no existe se dice antes de dibujar nada.
    quick = {name: quick_sizes(client, reference(image)) for name, image in wanted.items()}
    names = tuple(wanted)
    found: dict[str, Face] = {}

    def export(name: str) -> tuple[str, str]:
        with talking("leía los paquetes de una imagen"):
            return file_name(name), packages(client, found[name])

    opening = Surfaces((), info.label)
    view = open_view(
        vista, lambda: SurfaceView(names, opening, export), lambda: TextView(partial(lines, names))
    )
    _look(engine, info, wanted, quick, view, found, scan=escaner)
    surfaces = Surfaces(tuple(found.values()), info.label)
    return Superficie(
        imagenes=found,
        cuentas={name: _counts(face) for name, face in found.items()},
        motor=info,
        tabla_texto="\n".join(lines(names, surfaces)),
        vista=view,
        _superficies=surfaces,
        _cliente=client,
    )


def _look(
    engine: Engine,
    info: EngineInfo,
    wanted: Mapping[str, str | Construccion],
    quick: Mapping[str, QuickSizes],
    view: View[Surfaces],
    found: dict[str, Face],
    *,
    scan: bool,
) -> None:
    """Mira una imagen tras otra, y deja cada una en ``found`` y a la vista en cuanto está."""
    start = time.monotonic()

    def seen() -> Surfaces:
        return Surfaces(tuple(found.values()), info.label)

    with ending(lambda phase, reason: view.finish(seen(), phase, reason)):
        for number, (name, image) in enumerate(wanted.items(), 1):
            tick = Ticker(view, name, number, len(wanted), start)
            tick("Consultando lo ya mirado", 0, 0)
            asked = reference(image)
            found[name] = look(engine, asked, name=name, progress=tick, scan=scan, quick=quick[name])
            if number < len(wanted):
                view.show(seen())


def _counts(face: Face) -> dict[str, int | None]:
    return {kind.value: len(count.entries) if count.known else None for kind, count in face.counts.items()}


def _row(name: str, entry: Entry) -> dict[str, str | int | None]:
    return {
        "imagen": name,
        "nombre": entry.name,
        "detalle": entry.detail,
        "capa": None if entry.layer is None else entry.layer + 1,
        "instrucción": entry.instruction,
    }


def _refuse_unknown(face: Face, kind: Kind, *, alone: bool) -> None:
    """Una lista que no se pudo mirar no es una lista vacía."""
    if not face.counts[kind].known:
        why = unknown(face.counts[kind])
        raise MultietapaError(
            f"De {face.name} no hay lista de {CALLED[kind].many}.",
            why=f"{why[0].upper()}{why[1:]}",
            next_step="" if alone else "Di con imagen=... de cuál de las otras la quieres.",
        )
