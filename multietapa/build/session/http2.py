"""Una conexión HTTP/2 sobre un cable que ya está abierto: sus corrientes y el orden en que se lee y escribe.

Del protocolo se ocupa ``h2``, que no toca ningún socket. Aquí están los dos hilos que sí lo hacen, y nunca se
esperan uno a otro: uno lee y reparte; otro escribe lo que ``h2`` deja preparado. Quien envía espera a que el
otro lado tenga sitio (RFC 9113, apartado 5.2), y quien recibe confirma lo que ya sacó de la cola: la memoria
no crece con lo que viaja.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions
import h2.settings

from multietapa.build.session.http2_stream import Broken, Headers, Stream
from multietapa.build.session.wire import Wire

_STREAM_WINDOW = 8 << 20  # bytes que puede tener sin leer cada corriente
_CONNECTION_WINDOW = 32 << 20
_LONGEST_HEADERS = 64 << 20  # un .dockerignore entero viaja en las cabeceras
_WAITING = 4 << 20  # bytes preparados y sin escribir: a partir de ahí, quien envía espera
_CLOSING_SECONDS = 5.0
_LAST_WORDS_SECONDS = 0.5


class Connection:
    """Una conexión HTTP/2 en marcha; ``serve`` atiende cada corriente que abra el otro lado, en su hilo.

    ``client`` dice quién empieza: si somos nosotros quienes piden, o el motor. Ciérrala siempre.
    """

    def __init__(self, wire: Wire, *, client: bool, serve: Callable[[Stream], None] | None = None) -> None:
        self._wire, self._serve = wire, serve
        config = h2.config.H2Configuration(
            client_side=client,
            header_encoding="utf-8",
            validate_outbound_headers=False,
            validate_inbound_headers=False,  # un patrón de .dockerignore puede empezar por un espacio: «/ a»
        )
        self._h2 = h2.connection.H2Connection(config)
        settings: dict[h2.settings.SettingCodes, int] = {
            h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _STREAM_WINDOW,
            h2.settings.SettingCodes.MAX_HEADER_LIST_SIZE: _LONGEST_HEADERS,
        }
        if client:
            settings[h2.settings.SettingCodes.ENABLE_PUSH] = 0
        # Con «update» se quedarían pendientes y no viajarían con el saludo.
        self._h2.local_settings = h2.settings.Settings(client=client, initial_values=settings)
        self._h2.decoder.max_header_list_size = _LONGEST_HEADERS  # h2 copió el valor al crearse
        self._streams: dict[int, Stream] = {}
        self._changed = threading.Condition()
        self._unwritten = 0  # bytes de datos preparados que el hilo que escribe no ha cogido
        self._idle = False  # no tiene nada que escribir
        self._closed: Exception | None = None
        self._workers: list[threading.Thread] = []
        with self._changed:
            self._h2.initiate_connection()
            self._h2.increment_flow_control_window(_CONNECTION_WINDOW)
        self._start(self._write_forever, "multietapa-sesion-escribe")
        self._start(self._read_forever, "multietapa-sesion-lee")

    def open(self, headers: Headers) -> Stream:
        """Abre una corriente con esas cabeceras. Lanza :class:`Broken`."""
        with self._changed:
            self._check()
            stream = Stream(self, self._h2.get_next_available_stream_id())
            self._streams[stream.number] = stream
            self._h2.send_headers(stream.number, list(headers))
            self._changed.notify_all()
        return stream

    def close(self) -> None:
        """Cierra la conexión y espera a que acaben sus hilos."""
        with self._changed:
            if self._closed is None:
                with suppress(h2.exceptions.ProtocolError):
                    self._h2.close_connection()
                self._idle = False
                self._changed.notify_all()
                # Un momento para que salga lo último: el final de una corriente, por ejemplo.
                self._changed.wait_for(lambda: self._idle or self._closed is not None, _LAST_WORDS_SECONDS)
            self._break(Broken("la conexión se cerró"))
        self._wire.close()
        limit = time.monotonic() + _CLOSING_SECONDS
        for worker in list(self._workers):
            if worker is not threading.current_thread():
                worker.join(max(0.0, limit - time.monotonic()))
        self._wire.release()

    def send_headers(self, stream: Stream, headers: list[tuple[str, str]], *, end: bool) -> None:
        """Las envía por ``stream``. Lanza :class:`Broken`."""
        with self._changed:
            self._check(stream)
            self._do(lambda: self._h2.send_headers(stream.number, headers, end_stream=end))
            stream.ended = stream.ended or end
            self._forget(stream)

    def send_data(self, stream: Stream, data: bytes) -> None:
        """Envía todo, a trozos, según haya sitio. Lanza :class:`Broken`."""
        view, at = memoryview(data), 0
        with self._changed:
            while at < len(view):
                self._check(stream)
                room = min(self._room(stream), len(view) - at)
                if room <= 0 or self._unwritten > _WAITING:
                    self._changed.wait()
                    continue
                piece = bytes(view[at : at + room])
                self._do(lambda piece=piece: self._h2.send_data(stream.number, piece))  # type: ignore[misc]
                self._unwritten += room
                at += room

    def end(self, stream: Stream) -> None:
        """Cierra nuestro lado. Lanza :class:`Broken`."""
        with self._changed:
            self._check(stream)
            self._do(lambda: self._h2.end_stream(stream.number))
            stream.ended = True
            self._forget(stream)

    def reset(self, stream: Stream) -> None:
        """Corta la corriente, si sigue abierta."""
        with self._changed:
            if self._closed is None and stream.over is None:
                with suppress(h2.exceptions.ProtocolError):
                    self._h2.reset_stream(stream.number, h2.errors.ErrorCodes.CANCEL)
            stream.break_(Broken("se canceló"))
            self._forget(stream)
            self._changed.notify_all()

    def taken(self, stream: Stream, size: int) -> None:
        """Confirma ``size`` bytes ya sacados de la cola: el otro lado puede mandar otros tantos."""
        with self._changed:
            if self._closed is None:
                with suppress(h2.exceptions.ProtocolError):
                    self._h2.acknowledge_received_data(size, stream.number)
                self._changed.notify_all()

    def _forget(self, stream: Stream) -> None:
        """Lo que acabó no se guarda: una conexión larga abre muchas corrientes."""
        if stream.finished:
            self._streams.pop(stream.number, None)

    def _room(self, stream: Stream) -> int:
        try:
            window = self._h2.local_flow_control_window(stream.number)
        except h2.exceptions.ProtocolError as error:
            raise Broken(str(error)) from error
        return min(window, self._h2.max_outbound_frame_size)

    def _do(self, action: Callable[[], None]) -> None:
        try:
            action()
        except h2.exceptions.ProtocolError as error:
            raise Broken(str(error) or type(error).__name__) from error
        finally:
            self._changed.notify_all()

    def _check(self, stream: Stream | None = None) -> None:
        if self._closed is not None:
            raise self._closed
        if stream is not None and stream.over is not None:
            raise stream.over

    def _break(self, error: Exception) -> None:
        """Ya no hay conexión: lo saben todas las corrientes."""
        self._closed = self._closed or error
        for stream in self._streams.values():
            stream.break_(error)
        self._changed.notify_all()

    # --- El hilo que escribe

    def _write_forever(self) -> None:
        while (data := self._next_to_write()) is not None:
            try:
                self._wire.write(data)
            except (OSError, ValueError) as error:  # ValueError: ya estaba cerrado
                with self._changed:
                    self._break(Broken(f"no se pudo escribir: {error}"))
                return

    def _next_to_write(self) -> bytes | None:
        """Lo preparado, en cuanto lo haya; ``None`` cuando ya no hay conexión."""
        with self._changed:
            while True:
                if data := self._h2.data_to_send():
                    self._unwritten, self._idle = 0, False
                    self._changed.notify_all()
                    return data
                self._idle = True
                if self._closed is not None:
                    return None
                self._changed.notify_all()
                self._changed.wait()

    # --- El hilo que lee

    def _read_forever(self) -> None:
        try:
            while data := self._wire.read():
                with self._changed:
                    for event in self._h2.receive_data(data):
                        self._attend(event)
                    self._changed.notify_all()
            error: Exception = Broken("el motor cerró la conexión")
        except (OSError, ValueError) as problem:
            error = Broken(f"se cortó la conexión con el motor: {problem}")
        except h2.exceptions.ProtocolError as problem:
            error = Broken(f"el motor dijo algo que no es HTTP/2: {problem}")
        with self._changed:
            self._break(error)

    def _attend(self, event: h2.events.Event) -> None:
        number = getattr(event, "stream_id", None)
        stream = self._streams.get(number) if number else None
        if isinstance(event, h2.events.RequestReceived) and self._serve is not None:
            stream = self._streams[event.stream_id] = Stream(self, event.stream_id, _headers(event))
            self._start(lambda: self._attend_request(stream), f"multietapa-sesion-{event.stream_id}")
        elif isinstance(event, h2.events.ConnectionTerminated):
            self._break(Broken("el motor cerró la conexión"))
        elif stream is None:
            if isinstance(event, h2.events.DataReceived):  # llegó tarde, pero ocupa sitio en la conexión
                with suppress(h2.exceptions.ProtocolError):
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.ResponseReceived):
            stream.headers = _headers(event)
        elif isinstance(event, h2.events.DataReceived):
            if event.data:
                stream.arrived(event.data)
            if extra := event.flow_controlled_length - len(event.data):  # el relleno también ocupa sitio
                self._h2.acknowledge_received_data(extra, stream.number)
        elif isinstance(event, h2.events.TrailersReceived):
            stream.trailers = _headers(event)
        elif isinstance(event, h2.events.StreamEnded):
            stream.arrived(None)
            self._forget(stream)
        elif isinstance(event, h2.events.StreamReset):
            stream.break_(Broken("el motor canceló la corriente"))
            self._forget(stream)

    def _attend_request(self, stream: Stream) -> None:
        assert self._serve is not None
        try:
            self._serve(stream)
        finally:
            with self._changed:
                self._streams.pop(stream.number, None)
                stream.break_(Broken("la llamada ya acabó"))  # quien aún la leyera deja de esperar

    def _start(self, work: Callable[[], None], name: str) -> None:
        worker = threading.Thread(target=work, name=name, daemon=True)
        self._workers = [known for known in self._workers if known.is_alive() or known.ident is None]
        self._workers.append(worker)
        worker.start()


def _headers(event: Any) -> list[tuple[str, str]]:
    """Las cabeceras de un suceso; ``header_encoding`` hace que sean texto."""
    return list(event.headers or ())
