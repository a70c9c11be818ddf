"""De lo visto en una imagen, las listas que se cuentan: cada cosa con su capa y su instrucción."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from multietapa import text
from multietapa.image.exposure.exposure import Item, Program
from multietapa.image.exposure.programs import COMPILER, NETWORK, PACKAGES, SHELL
from multietapa.image.packages.model import SYSTEM, Inventory, Package
from multietapa.image.secrets.report import HISTORY, SEEN, Secret, SecretReport
from multietapa.measure.surface.face import Count, Entry, Kind
from multietapa.measure.surface.seen import Seen
from multietapa.measure.surface.store import Contents

FAMILIES = {Kind.SYSTEM: SYSTEM, Kind.NPM: ("npm",), Kind.PIP: ("pip",), Kind.GO: ("go",)}
PROGRAMS = {Kind.SHELLS: SHELL, Kind.MANAGERS: PACKAGES, Kind.COMPILERS: COMPILER, Kind.NETWORK: NETWORK}
NO_DATABASE = "la imagen no lleva ninguna base de datos de paquetes (dpkg, apk o rpm)"
_MOST_NOTES = 20
_NO_VERSION = "versión desconocida"


def contents_of(seen: Seen) -> Contents:
    """Las listas de una imagen, en el orden de ``Kind``, menos las vulnerabilidades, que las dice otro."""
    said = seen.secrets.instructions
    shown = seen.exposure
    counts = {kind: _packages(seen.packages, families, said) for kind, families in FAMILIES.items()}
    counts[Kind.EXECUTABLES] = _files(shown.executables, said)
    for kind, which in PROGRAMS.items():
        counts[kind] = Count(tuple(_program(one, said) for one in shown.of_kind(which)))
    counts[Kind.SETUID] = _files(shown.setuid, said)
    counts[Kind.SETGID] = _files(shown.setgid, said)
    capable = (
        _file(one.item, one.capabilities or "permisos que no se entienden", said)
        for one in shown.capable or ()
    )
    counts[Kind.CAPABLE] = Count(tuple(capable))
    anyone = [_file(item, f"archivo, {item.permissions}", said) for item in shown.anyone_files]
    anyone += [_file(item, f"carpeta, {item.permissions}", said) for item in shown.anyone_folders]
    counts[Kind.ANYONE] = Count(tuple(sorted(anyone, key=lambda entry: entry.key)))
    counts[Kind.SECRETS] = _secrets(seen.secrets)
    return Contents(counts, seen.runtimes, shown.users)


def _packages(found: Inventory, families: Sequence[str], said: Sequence[str]) -> Count:
    """Los paquetes de unas familias; cada nombre y versión, una vez, con la primera capa que lo trae."""
    first: dict[tuple[str, str, str, str], Package] = {}
    for family in families:
        for package in found.of(family):
            key = (family, package.name, package.version, package.architecture)
            known = first.get(key)
            if known is None or package.layer < known.layer:
                first[key] = package
    architectures = Counter((family, name, version) for family, name, version, _ in first)
    entries = []
    for (family, name, version, architecture), package in sorted(first.items()):
        own = f":{architecture}" if architectures[family, name, version] > 1 else ""
        entries.append(
            Entry(
                f"{family}:{name}{own}@{version}",
                f"{name}{own}",
                version or _NO_VERSION,
                package.layer,
                _said(said, package.layer),
                f"{family}:{name}{own}",
            )
        )
    notes = _few(f"{one.path}: {one.why}" for one in found.problems if one.family in families)
    if entries:
        return Count(tuple(entries), notes=notes)
    if notes:
        return Count(why=notes[0].rstrip("."), notes=notes[1:])
    return Count() if any(found.known(family) for family in families) else Count(why=NO_DATABASE)


def _files(items: Iterable[Item], said: Sequence[str]) -> Count:
    return Count(tuple(_file(one, f"{one.permissions}, {text.size(one.size)}", said) for one in items))


def _file(item: Item, detail: str, said: Sequence[str]) -> Entry:
    return Entry(item.path, item.path, detail, item.layer, _said(said, item.layer))


def _program(program: Program, said: Sequence[str]) -> Entry:
    item = program.item
    detail = f"lleva a {item.path}" if item.path != program.path else item.permissions
    return Entry(program.path, program.path, detail, item.layer, _said(said, item.layer))


def _secrets(report: SecretReport) -> Count:
    seen: Counter[str] = Counter()
    entries = []
    for secret in report.secrets:
        key = f"{secret.place}:{secret.where}:{secret.kind}"
        seen[key] += 1
        entries.append(
            Entry(
                key if seen[key] == 1 else f"{key}:{seen[key]}",
                f"{secret.kind} en {_where(secret)}",
                _state(secret),
                secret.layer,
                secret.instruction,
            )
        )
    return Count(tuple(entries), notes=_warnings(report))


def _where(secret: Secret) -> str:
    if secret.place == HISTORY and not secret.where:
        return "la historia"
    named = secret.where or f"la {secret.place}"
    return text.join([named, *secret.names])


def _state(secret: Secret) -> str:
    """Lo que se enseña del valor, y qué fue de él."""
    gone = ""
    if secret.gone_layer is not None:
        who = f": {secret.gone_by}" if secret.gone_by else ""
        gone = f" (capa {secret.gone_layer + 1}{who})"
    still = ", y sigue en la imagen" if secret.state != SEEN else ""
    return f"{secret.shown} · {secret.state}{gone}{still}"


def _warnings(report: SecretReport) -> tuple[str, ...]:
    """Lo que no se contó y lo que no se miró."""
    notes = list(_few(f"/{one.path}: {one.kind}; no se cuenta, {one.why}" for one in report.set_aside))
    notes += _few(f"/{one.path}: {one.why}" for one in report.unseen)
    amount, size = report.archives
    if amount:
        what = text.count(amount, "archivo comprimido no se abrió", "archivos comprimidos no se abrieron")
        notes.append(f"{what} ({text.size(size)})")
    amount, size = report.binaries
    if amount:
        what = text.count(amount, "archivo binario", "archivos binarios")
        notes.append(f"en {what} ({text.size(size)}) solo se buscaron claves privadas")
    return tuple(notes)


def _few(notes: Iterable[str]) -> tuple[str, ...]:
    """Las primeras, sin repetir, y cuántas más hay."""
    listed = tuple(dict.fromkeys(notes))
    rest = len(listed) - _MOST_NOTES
    if rest <= 0:
        return listed
    return (*listed[:_MOST_NOTES], f"y {text.number(rest)} más como estas")


def _said(said: Sequence[str], layer: int) -> str:
    return said[layer] if 0 <= layer < len(said) else ""
