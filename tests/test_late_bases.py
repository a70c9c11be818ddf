"""Las imágenes base que no se esperan al abrir: cuáles son, cómo llegan después y qué se dice mientras."""

from __future__ import annotations

import http.server
import json
import threading
from pathlib import Path

import docker
import pytest

from multietapa.apps import app
from multietapa.bases.catalogue import workshop_bases
from multietapa.bases.sources import FOLDER_VARIABLE, LATER
from multietapa.cells.construir import construir
from multietapa.cells.sdk_errors import translate
from multietapa.cli.preparation import FIRST_APP, first_bases
from multietapa.image.write import write_image, write_layer
from tests.conftest import SecondEngine, motor_over

LATE, OTHER = "node:24-alpine", "node:24"


def save(folder: Path, reference: str) -> None:
    """Deja en ``folder`` un archivo de imagen pequeño con ese nombre, como los de un disco de aula."""
    root = folder / "raiz"
    root.mkdir(parents=True, exist_ok=True)
    (root / "nota").write_text(reference)
    layer = write_layer(root, folder / "capa", created_by="prueba")
    target = folder / f"{reference.replace(':', '-')}.tar"
    write_image([layer], target, reference=reference, config={}, architecture="amd64")


def test_only_the_first_notebooks_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Antes de abrir se preparan las bases de la primera aplicación, y no todas las del taller."""
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    assert first_bases() == app(FIRST_APP).bases
    assert set(first_bases()) < set(workshop_bases())


def test_what_a_disk_brings_is_prepared_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Con ``--imagenes`` se prepara además lo que haya en la carpeta: luego ese disco va a otro equipo."""
    save(tmp_path, LATE)
    (tmp_path / "rota.tar").write_text("no es una imagen")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert first_bases() == (*app(FIRST_APP).bases, LATE)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "no-existe"))
    assert first_bases() == app(FIRST_APP).bases


class Unconnected(http.server.BaseHTTPRequestHandler):
    """Lo que contesta un motor sin red al que se le pide arrancar una imagen que no tiene."""

    def do_POST(self) -> None:
        """Crear un contenedor, 404; descargar la imagen, 500."""
        create = "/containers/create" in self.path
        message = f"No such image: {OTHER}" if create else "Get: dial tcp: no route to host"
        body = json.dumps({"message": message}).encode()
        self.send_response(404 if create else 500)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Sin registro."""


def test_a_container_of_a_late_base_without_network_says_how_to_bring_it() -> None:
    """``containers.run`` intenta descargar la que falta; si no puede, se dice por qué y cómo traerla."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Unconnected) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = docker.DockerClient(f"tcp://127.0.0.1:{server.server_address[1]}", version="1.44")
        with pytest.raises(docker.errors.APIError) as failed:
            client.containers.run(OTHER, ["true"])
        client.close()
        server.shutdown()
    said = str(translate(failed.value))
    assert f'Tráela con motor().bases("{OTHER}")' in said
    assert "no route to host" in said


def test_a_late_base_arrives_when_it_is_asked_for(
    second_engine_factory: SecondEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """La que falta se anuncia; llega con ``motor().bases(...)`` o al construir, también desde un disco."""
    for reference in (LATE, OTHER):
        save(tmp_path, reference)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with second_engine_factory() as (client, daemon):
        motor = motor_over(client, daemon)
        assert f"{LATE}: {LATER}" in repr(motor.bases())
        assert LATER in motor.bases()._repr_html_()
        assert capsys.readouterr().out == ""
        with pytest.raises(docker.errors.ImageNotFound) as missing:
            client.images.get(LATE)
        assert f'Tráela con motor().bases("{LATE}")' in str(translate(missing.value))

        found = motor.bases(LATE)
        assert LATE not in found.missing
        assert OTHER in found.missing
        assert f"cargando {LATE.replace(':', '-')}.tar" in capsys.readouterr().out

        (tmp_path / "Dockerfile").write_text(f"FROM {OTHER}\nCOPY nota /nota\n")
        (tmp_path / "nota").write_text("hola")
        construir(tmp_path, etiqueta="prueba-tarde:1", vista=False, cliente=client)
        assert OTHER not in motor.bases().missing
