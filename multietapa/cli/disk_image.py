"""``motor --preparar-disco``: un disco del motor embebido con las imágenes del taller ya dentro."""

from __future__ import annotations

import tempfile
from pathlib import Path

import docker

from multietapa import text
from multietapa.bases.catalogue import workshop_bases, workshop_services
from multietapa.bases.sources import ensure_base
from multietapa.console import Steps, phase, say
from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded.daemon import EmbeddedDaemon, missing_reason
from multietapa.errors import EngineError
from multietapa.paths import cache_dir, runtime_dir

SIZE_MB = 6 * 1024
TIMEOUT_SECONDS = 600


def prepare(folder: str) -> str:
    """Prepara el disco en ``folder`` y lo cuenta. No hace falta ser root.

    Lanza :class:`EngineError` si el motor embebido no arranca y :class:`BaseImageError` si falta una base.
    """
    target = Path(folder).resolve()
    if reason := missing_reason():
        raise EngineError("Aquí no se puede preparar un disco del motor embebido.", why=reason)
    with (
        tempfile.TemporaryDirectory(prefix="disco-", dir=cache_dir()) as data,
        tempfile.TemporaryDirectory(prefix="disco-", dir=runtime_dir()) as run,
    ):
        steps = Steps()
        daemon = EmbeddedDaemon(
            bundle.make(log=steps), run=Path(run), data=Path(data), slot=19, data_size_mb=SIZE_MB
        )
        daemon.disk.use_prepared = False
        with phase("Poniendo en marcha un motor embebido"):
            daemon.start(log=steps)
            steps.close()
        try:
            client = docker.DockerClient(base_url=daemon.host, timeout=TIMEOUT_SECONDS)
            for reference in (*workshop_bases(), *workshop_services()):
                with phase(f"Imagen {reference}"):
                    steps = Steps()
                    found = ensure_base(client, reference, progress=steps)
                    steps.close()
                    say(f"  {found}")
            client.close()
        finally:
            daemon.stop()
        with phase("Guardando el disco"):
            steps = Steps()
            parts = daemon.disk.pack(target, log=steps)
            steps.close()
    total = sum(part.stat().st_size for part in parts)
    return f"Disco preparado en {target}: {text.size(total)} en {len(parts)} partes."
