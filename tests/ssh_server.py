"""Un servidor de ssh para las pruebas, que solo sabe lo que pide Docker: llevar al socket del motor."""

from __future__ import annotations

import importlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.conftest import unavailable

USER = "ana"


@contextmanager
def ssh_server(home: Path, engine: str) -> Iterator[str]:
    """La dirección ``ssh://`` que lleva al motor de ``engine``.

    Deja en ``home/.ssh`` lo que necesita quien se conecta: su clave, la del servidor y un ``config``.
    """
    try:
        paramiko: Any = importlib.import_module("paramiko")
    except ImportError:
        unavailable("falta paramiko (requirements-dev.txt lo pide)")
    host_key, user_key = (paramiko.ECDSAKey.generate() for _ in range(2))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        folder = home / ".ssh"
        folder.mkdir(mode=0o700)
        user_key.write_private_key_file(str(folder / "id_ecdsa"))
        known = f"[127.0.0.1]:{port} {host_key.get_name()} {host_key.get_base64()}\n"
        (folder / "known_hosts").write_text(known)
        (folder / "config").write_text(
            f"Host 127.0.0.1\n  UserKnownHostsFile {folder}/known_hosts\n  IdentityFile {folder}/id_ecdsa\n"
        )
        open_ones: list[Any] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    transport = paramiko.Transport(connection)
                    transport.add_server_key(host_key)
                    open_ones.append(transport)
                    with suppress(paramiko.SSHException, EOFError):
                        transport.start_server(server=_server(paramiko, user_key, engine))

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"ssh://{USER}@127.0.0.1:{port}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for transport in open_ones:
                transport.close()


def _server(paramiko: Any, user_key: Any, engine: str) -> Any:
    class Server(paramiko.ServerInterface):  # type: ignore[misc]
        def get_allowed_auths(self, username: str) -> str:
            return "publickey" if username == USER else ""

        def check_auth_publickey(self, username: str, key: Any) -> int:
            known = username == USER and key == user_key
            return int(paramiko.AUTH_SUCCESSFUL if known else paramiko.AUTH_FAILED)

        def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002  la firma de paramiko
            return int(paramiko.OPEN_SUCCEEDED)

        def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
            if command.strip() != b"docker system dial-stdio":
                return False
            threading.Thread(target=_carry, args=(channel, engine), daemon=True).start()
            return True

    return Server()


def _carry(channel: Any, engine: str) -> None:
    """Lo que hace ``docker system dial-stdio``: lleva los bytes del canal al socket del motor, y al revés."""
    with socket.socket(socket.AF_UNIX) as other:
        other.connect(engine.removeprefix("unix://"))

        def back() -> None:
            with suppress(OSError, EOFError):  # quien llamó puede haber colgado ya
                while data := other.recv(65536):
                    channel.sendall(data)
                channel.shutdown_write()
                channel.send_exit_status(0)

        returning = threading.Thread(target=back, daemon=True)
        returning.start()
        with suppress(OSError):
            while data := channel.recv(65536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_WR)
        returning.join(30)
        with suppress(EOFError):  # quien llamó puede haber colgado la conexión entera
            channel.close()


def own_ssh(folder: Path, home: Path) -> str:
    """Un ``PATH`` en el que la orden ``ssh`` de verdad usa el ``config`` de ``home``, y ninguno más."""
    folder.mkdir()
    command = folder / "ssh"
    real = next(
        (p for where in os.environ["PATH"].split(os.pathsep) if (p := Path(where) / "ssh").exists()), None
    )
    if real is None:
        unavailable("no hay orden ssh")
    command.write_text(f'#!/bin/sh\nexec {real} -F "{home}/.ssh/config" "$@"\n')
    command.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
