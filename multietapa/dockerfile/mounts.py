"""Lo que un ``RUN --mount`` pide: a quien construye, secretos y el agente de ssh; a otra etapa, archivos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import basename

from multietapa.dockerfile.instructions import Instruction, mount_fields, mount_origin
from multietapa.dockerfile.stages import Dockerfile, Stage

SECRET, SSH = "secret", "ssh"
DEFAULT_AGENT = "default"
_TRUE = ("", "1", "t", "true")


@dataclass(frozen=True)
class Mount:
    """Un ``--mount`` de clase ``kind`` (``SECRET`` o ``SSH``), en la instrucción de la línea ``line``.

    ``name`` es su ``id``; puede llevar una ``$VARIABLE``, y entonces no se sabe cuál es (``known``).
    """

    kind: str
    name: str
    required: bool
    line: int

    @property
    def known(self) -> bool:
        """Si el nombre es ese, y no el de una variable."""
        return "$" not in self.name


def asked_mounts(source: Dockerfile, stages: tuple[Stage, ...] | None = None) -> tuple[Mount, ...]:
    """Los secretos y agentes que montan esas etapas (si no se dice, todas), en su orden."""
    chosen = source.stages if stages is None else stages
    return tuple(mount for stage in chosen for i in source.done_in(stage) for mount in mounts_of(i))


def mounts_of(instruction: Instruction) -> Iterator[Mount]:
    """Los de una sola instrucción."""
    for flag, value in instruction.flags:
        if instruction.keyword != "RUN" or flag != "mount":
            continue
        fields = mount_fields(value)
        kind = fields.get("type", "").lower()
        if kind == SECRET:
            name = _first(fields, "source", "src", "id") or basename(
                _first(fields, "target", "dst", "destination")
            )
        elif kind == SSH:
            name = fields.get("id") or DEFAULT_AGENT
        else:
            continue
        if name:  # sin nombre, el motor no la acepta y dice por qué
            required = fields.get("required", "false").lower() in _TRUE
            yield Mount(kind, name, required, instruction.line)


@dataclass(frozen=True)
class BoundMount:
    """Lo que un ``RUN`` ve de otra etapa o imagen (``origin``) mientras dura, y dónde (``target``)."""

    origin: str
    target: str


def bound_mounts(instruction: Instruction) -> Iterator[BoundMount]:
    """Los de una instrucción; los que son de la carpeta con la que se construye no están."""
    for flag, value in instruction.flags:
        if instruction.keyword == "RUN" and flag == "mount":
            fields = mount_fields(value)
            if origin := mount_origin(fields):
                yield BoundMount(origin, _first(fields, "target", "dst", "destination"))


def _first(fields: dict[str, str], *keys: str) -> str:
    return next((fields[key] for key in keys if fields.get(key)), "")
