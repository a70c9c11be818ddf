"""El error de un motor que no arranca: qué pasó y el final de lo que escribió."""

from __future__ import annotations

from pathlib import Path

from multietapa.errors import EngineError

LINES = 12
_TAIL_BYTES = 64 * 1024


def last_lines(log: Path, count: int = LINES) -> list[str]:
    """Las últimas líneas de un registro; ninguna si no existe."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-count:]


def start_failure(what: str, log: Path, *, why: str = "") -> EngineError:
    """El error, con el final de ``log`` y dónde está entero; ``why``, si se sabe el motivo."""
    return EngineError(
        what,
        why=why or "Esto es lo último que escribió:",
        detail="\n".join(last_lines(log)),
        next_step=f"El registro completo está en {log}. Repite la orden; si vuelve a pasar, compártelo.",
    )
