"""Los archivos viajan al motor según los pide: se anuncian todos y se envían los que le faltan.

Es ``moby.filesync.v1.FileSync/DiffCopy``: primero un anuncio (``STAT``) por entrada, que se numeran solas;
mientras llegan, el motor va pidiendo (``REQ``) las que no tiene o han cambiado; cada una son trozos
(``DATA``) y uno vacío al final. Cuando lo tiene todo dice ``FIN`` y se le contesta igual.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from google.protobuf.message import DecodeError

from multietapa.build.session import schema
from multietapa.build.session.grpc import DENIED, NOT_FOUND, GrpcError, Handler, ServedCall
from multietapa.build.session.http2_stream import Broken
from multietapa.build.session.listing import Entry, Offer, Query
from multietapa.dockerfile.walk import unreadable
from multietapa.errors import ContextError, EngineError, MultietapaError

METHOD = "/moby.filesync.v1.FileSync/DiffCopy"
_CHUNK = 256 << 10  # bytes de cada trozo
_LONGEST_ERROR = 2000
#: Lo que el motor pide antes que la carpeta: sus reglas, que no son lo que se construye.
_RULES = [".dockerignore"]


@dataclass
class Travelled:
    """Lo que ha viajado de una carpeta: archivos y bytes, de cuántos anunciados."""

    folder: str
    files: int = 0
    bytes: int = 0
    of_files: int = 0
    of_bytes: int = 0
    complete: bool = False


def _nobody(_: Travelled) -> None:
    """A quien no le importa lo que viaja."""


def handler(
    offers: Mapping[str, Offer],
    *,
    travelled: Callable[[Travelled], None] = _nobody,
    failed: Callable[[MultietapaError], None] = lambda _: None,
) -> Handler:
    """Quien atiende ``DiffCopy``: da las carpetas de ``offers``, por su nombre, y ninguna otra.

    ``travelled`` se llama según viajan; ``failed``, con lo que no pudo viajar, antes de decírselo al motor.
    """

    def attend(call: ServedCall) -> None:
        name, query = _asked(call.metadata)
        offer = offers.get(name)
        if offer is None:
            failed(_intruder(f"la carpeta «{name}»"))
            raise GrpcError(NOT_FOUND, f"aquí no se ofrece «{name}»")
        try:
            _check_paths(query)
            tell = _nobody if list(query.follow) == _RULES else travelled
            _Sender(call, offer, Travelled(name), tell).run(query)
        except MultietapaError as error:
            failed(error)
            text = " ".join(filter(None, (error.what, error.why)))[:_LONGEST_ERROR]
            call.send(schema.new("Packet", type=schema.ERR, data=text.encode()).SerializeToString(), now=True)
            raise GrpcError(DENIED, text) from error

    return attend


class _Sender:
    """Una carpeta que está viajando."""

    def __init__(
        self, call: ServedCall, offer: Offer, count: Travelled, tell: Callable[[Travelled], None]
    ) -> None:
        self._call, self._offer, self._count, self._tell = call, offer, count, tell
        self._files: dict[int, Entry] = {}  # los que se anunciaron y aún se pueden pedir, por su número

    def run(self, query: Query) -> None:
        wanted = self._wanted()
        packet = schema.new("Packet", type=schema.STAT)
        for number, entry in enumerate(self._offer.entries(query)):
            _fill(packet.stat, entry)
            self._call.send(packet.SerializeToString())
            if entry.is_file and not entry.link:
                self._files[number] = entry
                self._count.of_files += 1
                self._count.of_bytes += entry.size
                self._tell(self._count)
            # Lo que ya pidió, antes de seguir: ni lo pedido ni lo que se envía se acumulan.
            while self._call.waiting and (asked := next(wanted, None)) is not None:
                self._attend(asked)
        self._call.send(schema.new("Packet", type=schema.STAT).SerializeToString(), now=True)
        for asked in wanted:
            self._attend(asked)
        self._count.complete = True
        self._tell(self._count)
        self._call.send(schema.new("Packet", type=schema.FIN).SerializeToString(), now=True)

    def _wanted(self) -> Iterator[int]:
        """Los números de lo que el motor va pidiendo, hasta que dice que lo tiene todo."""
        try:
            for data in self._call.messages():
                packet = schema.read("Packet", data)
                if packet.type == schema.REQ:
                    yield packet.ID
                elif packet.type == schema.FIN:
                    return
                elif packet.type == schema.ERR:
                    raise Broken(f"el motor dejó de recibir: {packet.data.decode(errors='replace')}")
        except (GrpcError, DecodeError) as error:
            raise Broken(str(error)) from error
        raise Broken("el motor se fue antes de tenerlo todo")

    def _attend(self, asked: int) -> None:
        """Envía lo que se pide."""
        entry = self._files.pop(asked, None)  # cada uno se pide una sola vez: así no se acumulan
        if entry is None:
            raise _intruder("un archivo que no se le había anunciado")
        self._send(asked, entry)
        self._count.files += 1
        self._tell(self._count)
        if not self._call.waiting:
            self._call.flush()

    def _send(self, number: int, entry: Entry) -> None:
        sent = 0
        if not entry.hollow:
            with self._offer.open(entry) as file:
                while True:
                    room = min(_CHUNK, entry.size - sent + 1)
                    chunk = _read(file, entry, room)
                    sent += len(chunk)
                    if not chunk or sent > entry.size:
                        break
                    self._call.send(_data_header(number, len(chunk)), chunk)
                    self._count.bytes += len(chunk)
                    if sent == entry.size and len(chunk) < room:
                        break  # se pidió un byte más de los que había: no hace falta otra lectura
                    self._tell(self._count)
            if sent != entry.size:
                raise _changed(entry)
        self._call.send(_end_of(number))


def _read(file: Any, entry: Entry, size: int) -> bytes:
    try:
        return bytes(file.read(size) or b"")
    except OSError as error:
        raise unreadable(entry.name, error) from error


def _end_of(number: int) -> bytes:
    """Un ``Packet`` de datos sin datos: el final de un archivo."""
    return b"\x08\x02\x18" + _varint(number)


def _data_header(number: int, size: int) -> bytes:
    """El principio de un ``Packet`` de datos, al que le siguen sus ``size`` bytes: así no se copian."""
    return b"\x08\x02\x18" + _varint(number) + b"\x22" + _varint(size)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _fill(message: Any, entry: Entry) -> None:
    message.Clear()
    message.path, message.mode, message.size, message.modTime = (
        entry.name,
        entry.mode,
        entry.size,
        entry.mtime,
    )
    if entry.link:
        message.linkname = entry.link
    if entry.device != (0, 0):
        message.devmajor, message.devminor = entry.device
    for key, value in entry.xattrs.items():
        message.xattrs[key] = value


def _asked(metadata: Mapping[str, list[str]]) -> tuple[str, Query]:
    """El nombre de la carpeta que se pide y qué de ella."""

    def values(name: str) -> list[str]:
        found = metadata.get(name, [])
        if metadata.get(f"{name}-encoded") == ["1"]:
            return [unquote_plus(value) for value in found]
        return found

    query = Query(values("exclude-patterns"), values("include-patterns"), values("followpaths"))
    return next(iter(values("dir-name")), ""), query


def _check_paths(query: Query) -> None:
    for path in query.follow:
        if ".." in path.split("/"):
            raise _intruder(f"«{path}»")


def _intruder(what: str) -> EngineError:
    return EngineError(
        f"El motor pidió {what}, que esta construcción no le ofrece.",
        why="Un motor solo puede pedir lo que hay en las carpetas con las que se construye.",
        next_step="No se le ha dado. Comprueba que el motor con el que hablas es de fiar.",
    )


def _changed(entry: Entry) -> ContextError:
    return ContextError(
        f"«{entry.name}» cambió de tamaño mientras viajaba al motor.",
        why="Otro programa lo estaba escribiendo.",
        next_step="Espera a que acabe y repite la construcción, o exclúyelo con «.dockerignore».",
    )
