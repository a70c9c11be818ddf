"""gRPC sobre una corriente HTTP/2: mensajes enteros, y el código con el que acaba una llamada.

Un mensaje viaja con un byte 0 (sin comprimir), su tamaño en 4 bytes y su contenido; el final son dos
cabeceras, ``grpc-status`` y ``grpc-message`` (este, con «%» y dos cifras lo que no es ASCII). Es lo que dice
la especificación «gRPC over HTTP2».
"""

from __future__ import annotations

import base64
import struct
import urllib.parse
from collections import deque
from collections.abc import Callable, Iterator, Mapping

from multietapa.build.session.http2 import Connection
from multietapa.build.session.http2_stream import Broken, Stream

OK, UNKNOWN, INVALID, NOT_FOUND, DENIED, UNIMPLEMENTED, UNAVAILABLE = 0, 2, 3, 5, 7, 12, 14
_PREFIX = struct.Struct(">BI")
_TYPE = ("content-type", "application/grpc")
_BIGGEST = 64 << 20  # bytes de un mensaje: el motor no manda ninguno así


class GrpcError(Exception):
    """Una llamada que acabó mal: su código y lo que se dijo. ``details``, un ``google.rpc.Status``."""

    def __init__(self, code: int, message: str, details: bytes = b"") -> None:
        super().__init__(message)
        self.code, self.message, self.details = code, message, details


class Call:
    """Una llamada, de un lado o del otro: mensajes que llegan y mensajes que se envían.

    Atributos: ``path`` (``/paquete.Servicio/Metodo``) y ``metadata``, las cabeceras con todos los valores de
    cada una.
    """

    def __init__(self, stream: Stream, path: str) -> None:
        self.path = path
        self.metadata: dict[str, list[str]] = {}
        for name, value in stream.headers:
            self.metadata.setdefault(name, []).append(value)
        self._stream = stream
        self._rest = bytearray()  # el principio de un mensaje que no ha llegado entero
        self._ready: deque[bytes] = deque()

    def messages(self) -> Iterator[bytes]:
        """Los mensajes que llegan, hasta el último.

        Raises:
            Broken: la llamada se cortó.
            GrpcError: un mensaje no se entiende.
        """
        while self._ready:
            yield self._ready.popleft()
        for chunk in self._stream.chunks():
            self._split(chunk)
            while self._ready:
                yield self._ready.popleft()
        if self._rest:
            raise GrpcError(INVALID, "el último mensaje llegó a medias")

    @property
    def waiting(self) -> bool:
        """Hay algo que leer: ``messages`` no esperaría, o esperaría al resto de un mensaje."""
        return bool(self._ready) or self._stream.waiting

    def _split(self, chunk: bytes) -> None:
        """Los mensajes que un trozo completa."""
        rest = self._rest
        rest += chunk
        at = 0
        while len(rest) - at >= _PREFIX.size:
            packed, size = _PREFIX.unpack_from(rest, at)
            if packed or size > _BIGGEST:
                raise GrpcError(UNIMPLEMENTED, "mensaje comprimido" if packed else "mensaje enorme")
            end = at + _PREFIX.size + size
            if len(rest) < end:
                break
            self._ready.append(bytes(rest[at + _PREFIX.size : end]))
            at = end
        del rest[:at]

    def send(self, message: bytes, rest: bytes = b"", *, now: bool = False) -> None:
        """Envía un mensaje, que puede venir en dos trozos; con ``now``, sin juntarlo con los siguientes.

        Lanza :class:`Broken`.
        """
        self._stream.send(_PREFIX.pack(0, len(message) + len(rest)) + message)
        if rest:
            self._stream.send(rest)
        if now:
            self._stream.flush()

    def flush(self) -> None:
        """Envía ya lo juntado. Lanza :class:`Broken`."""
        self._stream.flush()

    def cancel(self) -> None:
        """Corta la llamada: el otro lado deja lo que hacía."""
        self._stream.reset()


class ServedCall(Call):
    """Una llamada del motor, que atendemos aquí."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(stream, dict(stream.headers).get(":path", ""))
        self._answered = False

    def send(self, message: bytes, rest: bytes = b"", *, now: bool = False) -> None:
        """Lo mismo; la primera vez dice antes que la llamada se acepta."""
        self.accept()
        super().send(message, rest, now=now)

    def accept(self) -> None:
        """Dice que la llamada se acepta, aunque todavía no haya nada que contestar. Lanza :class:`Broken`."""
        if not self._answered:
            self._answered = True
            self._stream.send_headers([(":status", "200"), _TYPE])

    def finish(self, code: int = OK, message: str = "") -> None:
        """Acaba la llamada. Lanza :class:`Broken` si ya no hay a quién decírselo."""
        end = [("grpc-status", str(code))]
        if message:
            end.append(("grpc-message", urllib.parse.quote(message, safe=" !\"#$&'()*+,/:;<=>?@[]^_`{|}~")))
        if not self._answered:
            self._answered = True
            end = [(":status", "200"), _TYPE, *end]
        self._stream.send_headers(end, end=True)


class MadeCall(Call):
    """Una llamada nuestra, que atiende el motor."""

    def messages(self) -> Iterator[bytes]:
        """Los mensajes de la respuesta. Lanza :class:`GrpcError` si la llamada acaba mal, y ``Broken``."""
        yield from super().messages()
        end = dict(self._stream.headers) | dict(self._stream.trailers)
        if end.get(":status", "200") != "200":
            raise GrpcError(UNAVAILABLE, f"el motor contestó {end[':status']}")
        code = int(end.get("grpc-status", UNKNOWN))
        if code != OK:
            message = urllib.parse.unquote(end.get("grpc-message", ""))
            raise GrpcError(code, message, _binary(end.get("grpc-status-details-bin", "")))

    def half_close(self) -> None:
        """No enviaremos más mensajes. Lanza :class:`Broken`."""
        self._stream.end()


def call(connection: Connection, path: str, metadata: Mapping[str, str] | None = None) -> MadeCall:
    """Empieza una llamada a ``path``. Lanza :class:`Broken`."""
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
    headers += [("te", "trailers"), _TYPE, ("user-agent", "multietapa"), *(metadata or {}).items()]
    return MadeCall(connection.open(headers), path)


def ask(connection: Connection, path: str, message: bytes) -> MadeCall:
    """Hace una llamada de un solo mensaje; lo que conteste está en ``messages``. Lanza :class:`Broken`."""
    made = call(connection, path)
    made.send(message)
    made.half_close()
    return made


Handler = Callable[[ServedCall], None]


def unary(answer: Callable[[bytes], bytes]) -> Handler:
    """Quien atiende llamadas de un mensaje, que se contestan con otro: el que da ``answer``."""

    def attend(call: ServedCall) -> None:
        for message in call.messages():
            call.send(answer(message), now=True)
            return

    return attend


def serve(handlers: Mapping[str, Handler]) -> Callable[[Stream], None]:
    """Quien atiende las llamadas: cada ruta, en minúsculas, con la suya. Las demás: «no implementada»."""

    def attend(stream: Stream) -> None:
        made = ServedCall(stream)
        handler = handlers.get(made.path.lower())
        try:
            if handler is None:
                raise GrpcError(UNIMPLEMENTED, f"aquí no se atiende {made.path}")
            handler(made)
            made.finish()
        except Broken:
            return  # el motor ya no espera la respuesta
        except GrpcError as error:
            _finish(made, error.code, error.message)
        except Exception as error:  # noqa: BLE001  el motor tiene que saber que no habrá respuesta
            _finish(made, UNKNOWN, str(error) or type(error).__name__)

    return attend


def _finish(made: ServedCall, code: int, message: str) -> None:
    try:
        made.finish(code, message)
    except Broken:
        return


def _binary(value: str) -> bytes:
    """Una cabecera ``-bin``: base64, con o sin su relleno."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return b""
