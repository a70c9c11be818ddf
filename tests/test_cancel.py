"""Cancelar cuando el motor no sabe: Podman no tiene ``/build/cancel``, y ni cortando para lo que hace."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from multietapa.build import buildkit, classic
from multietapa.build.events import BuildFailed, Event, LogLine
from multietapa.build.stream import BuildOptions

SAID = ("STEP 1/2: FROM a\n", "STEP 2/2: RUN sleep 60\n", "empieza\n")
STREAMS = {"buildkit": buildkit.stream, "clasico": classic.stream}


@contextmanager
def engine_without_cancel() -> Iterator[tuple[docker.DockerClient, list[str]]]:
    """Un servidor que contesta como Podman a una construcción que no acaba, y lo que se le pidió."""
    asked: list[str] = []
    over = threading.Event()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            path = self.path.partition("?")[0]
            asked.append(path.rpartition("/v1.41")[2])
            if path.endswith("/cancel"):
                self.send_error(404)
                return
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for text in SAID:
                line = json.dumps({"stream": text}).encode() + b"\n"
                self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            over.wait(60)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        client = docker.DockerClient(base_url=f"tcp://127.0.0.1:{server.server_port}", version="1.41")
        try:
            yield client, asked
        finally:
            over.set()
            client.close()
            server.shutdown()


@pytest.mark.parametrize("builder", STREAMS)
def test_an_engine_that_cannot_cancel_is_asked_once_and_cut(builder: str) -> None:
    """Se le pide una vez que pare y, como no sabe, se corta; el final dice que el motor sigue."""
    cancel, events = threading.Event(), list[Event]()
    with engine_without_cancel() as (client, asked):
        for event in STREAMS[builder](
            client, io.BytesIO(b"x" * 1024), BuildOptions("Dockerfile", "t:1"), cancel=cancel
        ):
            events.append(event)
            if isinstance(event, LogLine):
                cancel.set()
    assert asked == ["/build", *(["/build/cancel"] if builder == "buildkit" else [])]
    last = events[-1]
    assert isinstance(last, BuildFailed)
    assert (last.cancelled, last.still_running) == (True, True)
