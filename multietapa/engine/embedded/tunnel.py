"""El camino privado hasta la API del motor embebido: un socket de unix y, detrás, TLS mutuo.

dockerd escucha dentro de su máquina en un puerto TCP que slirp trae a 127.0.0.1. Ese puerto lo
puede tocar cualquier usuario del equipo, así que dockerd solo atiende a quien tenga el
certificado de este arranque, que vive en una carpeta de modo 0700. ``ApiTunnel`` ofrece en un
socket (modo 0600) la API de siempre, sin TLS.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from multietapa.engine.bundle import loader
from multietapa.errors import EngineError

CHUNK = 256 * 1024
#: Una máquina ocupada o en pausa tarda en saludar, y colgar antes sería decir que el motor se apagó. Si lo
#: está, se sabe enseguida: slirp cuelga. Es lo que espera el SDK por omisión.
CONNECT_SECONDS = 60.0


def make_certificate(root: Path, folder: Path, address: str) -> tuple[Path, Path]:
    """Crea en ``folder`` la identidad de un arranque (certificado y clave, P-256) y devuelve sus rutas.

    Los dos extremos llevan la misma: es un secreto compartido con forma de certificado. Lanza
    :class:`EngineError` si el openssl del paquete no puede.
    """
    certificate, key = folder / "api.crt", folder / "api.key"
    request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "3650",
    ]
    request += ["-config", "/dev/null", "-subj", "/CN=multietapa", "-addext", f"subjectAltName=IP:{address}"]
    request += ["-keyout", str(key), "-out", str(certificate)]
    previous = os.umask(0o077)
    try:
        done = subprocess.run(
            loader.command(root, "usr/bin/openssl", *request),
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**os.environ, "OPENSSL_CONF": os.devnull},
        )
    finally:
        os.umask(previous)
    if done.returncode != 0:
        raise EngineError(
            "No se pudo crear la clave del motor embebido.",
            why=done.stderr.strip()[-300:],
            next_step=f"Comprueba que queda sitio en {folder} y repite la orden.",
        )
    return certificate, key


class ApiTunnel:
    """Sirve en ``path`` lo que hay tras el puerto ``port`` de 127.0.0.1, que habla TLS.

    ``port`` se puede cambiar en marcha (cuando slirp vuelve a nacer con otro puerto).
    """

    def __init__(self, path: Path, *, certificate: Path, key: Path, server_name: str) -> None:
        self.path, self.server_name, self.port = path, server_name, 0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3
        self.context.load_verify_locations(certificate)
        self.context.load_cert_chain(certificate, key)
        self._listener = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        previous = os.umask(0o177)
        try:
            self._listener.bind(str(path))
        finally:
            os.umask(previous)
        self._listener.listen(128)

    def start(self) -> None:
        """Empieza a atender, en sus propios hilos."""
        threading.Thread(target=self._accept, name="tunel", daemon=True).start()

    def stop(self) -> None:
        """Deja de atender y borra el socket."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # despierta a quien espera en accept()
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def reachable(self, *, timeout: float) -> bool:
        """El otro extremo completa el saludo TLS: dockerd escucha."""
        try:
            self._connect(timeout).close()
        except OSError:
            return False
        return True

    def _connect(self, timeout: float) -> _Secure:
        return _Secure(self.context, self.port, self.server_name, timeout)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), name="tunel", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            remote = self._connect(CONNECT_SECONDS)
        except OSError:
            client.close()
            return
        upload = threading.Thread(target=_upload, args=(client, remote), name="tunel-ida", daemon=True)
        upload.start()
        try:
            while data := remote.receive():
                client.sendall(data)
        except OSError:
            pass
        for end in (client, remote.raw):  # despierta al hilo de ida
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        upload.join()
        client.close()
        remote.close()


def _upload(client: socket.socket, remote: _Secure) -> None:
    try:
        while data := client.recv(CHUNK):
            remote.send(data)
        remote.finish()  # el cliente ya no escribe, pero puede seguir leyendo
    except OSError:
        with suppress(OSError):
            remote.raw.shutdown(socket.SHUT_RDWR)


class _Secure:
    """TLS con un hilo que escribe y otro que lee, y que puede cerrar solo la ida (``SSLSocket`` no)."""

    def __init__(self, context: ssl.SSLContext, port: int, server_name: str, timeout: float) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)
        self.state = threading.Lock()  # guarda el objeto TLS
        self.order = threading.Lock()  # guarda el orden de lo que sale
        self.raw = socket.create_connection(("127.0.0.1", port), timeout)
        try:
            self._handshake()
        except BaseException:
            self.raw.close()
            raise
        self.raw.settimeout(None)
        self.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _handshake(self) -> None:
        while True:
            try:
                self.tls.do_handshake()
                self.raw.sendall(self.outgoing.read())
                return
            except ssl.SSLWantReadError:
                self.raw.sendall(self.outgoing.read())
                self._more()

    def _more(self) -> None:
        data = self.raw.recv(CHUNK)
        if not data:
            raise ConnectionError("el otro extremo se cerró")
        with self.state:
            self.incoming.write(data)

    def send(self, data: bytes) -> None:
        with self.order:
            with self.state:
                self.tls.write(data)
                ready = self.outgoing.read()
            self.raw.sendall(ready)

    def receive(self) -> bytes:
        """Lo siguiente que llegue, o ``b""`` si el otro extremo terminó."""
        while True:
            with self.state:
                try:
                    parts = [self.tls.read(CHUNK)]
                    while self.tls.pending():
                        parts.append(self.tls.read(CHUNK))
                    return b"".join(parts)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    return b""
            self._more()

    def finish(self) -> None:
        """Anuncia que ya no se va a escribir (``close_notify``)."""
        with self.order:
            with self.state, suppress(ssl.SSLError):
                self.tls.unwrap()
            self.raw.sendall(self.outgoing.read())

    def close(self) -> None:
        self.raw.close()
