"""Leer las capas de una imagen según llegan, estén comprimidas o no y se llamen como se llamen."""

from __future__ import annotations

import gzip
import random
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from multietapa.errors import ArchiveError
from multietapa.image.layer import NOT_MEASURED, Layer
from multietapa.image.passing import passing_layers
from multietapa.image.stored import inflated
from multietapa.image.tarwalk import PIECE, Limits
from tests.crafted import archive, digest, entry, layer, oci_archive, random_layers, tar_of, zstd

Pack = Callable[[bytes], bytes]
STORES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "tal cual": lambda data, _: data,
    "gzip": lambda data, _: gzip.compress(data),
    "zstd": lambda data, _: zstd(data),
    "varios miembros": lambda data, dice: members(data, dice, gzip.compress),
    "varios de zstd": lambda data, dice: members(data, dice, zstd),
    "relleno al final": lambda data, _: gzip.compress(data) + bytes(512),
}


def members(data: bytes, dice: random.Random, pack: Pack) -> bytes:
    """Los mismos bytes, partidos por donde sea y comprimidos cada uno por su lado."""
    cuts = sorted(dice.randrange(len(data)) for _ in range(3))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return b"".join(pack(piece) for piece in pieces)


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    """``data`` a trozos."""
    return (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, wanted: list[bytes], size: int = 1 << 20, **given: object) -> dict[str, Layer]:
    """Lo que se lee al pasar de esas capas, dadas sin comprimir."""
    found = passing_layers(pieces_of(data, size), dict.fromkeys(map(digest, wanted)), **given)  # type: ignore[arg-type]
    return {name: replace(one, transfer_bytes=NOT_MEASURED) for name, one in found.items()}


class Names:
    """Qué capa es cada archivo comprimido, en memoria."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def packed_layer(self, name: str) -> str:
        """Su ``diff_id``, o nada."""
        return self.known.get(name, "")

    def keep_packed_layer(self, name: str, diff_id: str) -> None:
        """Lo apunta."""
        self.known[name] = diff_id


@pytest.mark.parametrize("way", STORES)
@pytest.mark.parametrize("seed", range(2))
def test_compressed_or_not_it_is_the_same_layer(way: str, seed: int) -> None:
    """Comprimida de cualquier manera y a trozos de cualquier tamaño, se lee lo mismo que sin comprimir."""
    dice = random.Random(seed)
    plain = random_layers(seed)
    stored = [STORES[way](data, dice) for data in plain]
    expected = read(oci_archive([(plain, plain, "x:1")]), plain)
    assert len(expected) == len(set(plain))
    for size in (700, 1 << 20):
        assert read(oci_archive([(plain, stored, "x:1")]), plain, size) == expected


def test_a_compressed_layer_takes_what_it_takes() -> None:
    """Lo que movería un registro de una capa comprimida es ella misma; de las demás no se sabe aún."""
    plain = random_layers(3, count=2)
    stored = [gzip.compress(plain[0], 1), plain[1]]
    found = passing_layers(iter([oci_archive([(plain, stored, "x:1")])]), dict.fromkeys(map(digest, plain)))
    assert found[digest(plain[0])].transfer_bytes == len(stored[0])
    assert found[digest(plain[1])].transfer_bytes == NOT_MEASURED


def test_layers_with_another_name_are_known_by_their_digest() -> None:
    """Docker anterior a 25 llama a todas ``layer.tar``: se sabe cuál es cada una al acabar de leerla."""
    plain = [*random_layers(4), layer()]
    assert read(archive(plain), plain) == read(oci_archive([(plain, plain, "x:1")]), plain)
    assert read(archive(plain), plain[1:2]).keys() == {digest(plain[1])}


def test_a_known_compressed_layer_is_not_opened_again() -> None:
    """Una que ya se leyó alguna vez y ahora no hace falta no se vuelve a abrir."""
    plain = random_layers(5, count=3)
    stored = [gzip.compress(data) for data in plain]
    data, names = oci_archive([(plain, stored, "x:1")]), Names()
    assert len(read(data, plain, names=names)) == 3
    assert names.known == {digest(one): digest(whole) for one, whole in zip(stored, plain, strict=True)}
    broken = oci_archive([(plain, stored, "x:1")]).replace(stored[0], b"\x1f\x8b" + bytes(len(stored[0]) - 2))
    assert read(broken, plain[1:], names=names).keys() == {digest(one) for one in plain[1:]}
    assert read(data, plain[:1], names=names).keys() == {digest(plain[0])}


def test_a_known_plain_layer_is_not_read_again() -> None:
    """Las capas que ya se conocen no se leen ni se comprimen otra vez: solo pasan por ahí."""
    plain, seen = random_layers(6, count=3), []

    class Packer:
        """Quien comprime, que apunta lo que ve."""

        def seeing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
            """Los mismos trozos, apuntados."""
            whole = b"".join(pieces)
            seen.append(whole)
            return iter([whole])

        def named(self, diff_id: str) -> None:
            """No le hace falta."""

    known = {digest(one) for one in plain[:2]}
    found = read(oci_archive([(plain, plain, "x:1")]), plain[2:], packer=Packer(), known=known)
    assert found.keys() == {digest(plain[2])}
    assert seen == plain[2:]


LEFT_FOR_LATER = {
    "no es un tar": gzip.compress(b"no es un tar" * 1000),
    "gzip cortado": gzip.compress(layer(entry("a", b"x" * 9000)))[:-20],
    "parece gzip": b"\x1f\x8b" + b"basura" * 100,
    "parece zstd": b"\x28\xb5\x2f\xfd" + b"basura" * 100,
    "nada": b"",
    "un byte": b"\x1f",
    "sale de la raíz": layer(entry("../fuera", "x")),
}


@pytest.mark.parametrize("stored", LEFT_FOR_LATER.values(), ids=LEFT_FOR_LATER.keys())
def test_what_is_not_understood_is_left_for_later(stored: bytes) -> None:
    """Lo que no se entiende al pasar no estropea lo demás: ya se dirá qué le pasa al leerlo del archivo."""
    good = layer(entry("bien", "x" * 700))
    assert read(tar_of({"a": stored, "b": good, "c": stored}), [good]).keys() == {digest(good)}


def test_a_bomb_takes_little_memory() -> None:
    """Una capa que al abrirse pasa de lo que se admite se deja ahí, y en memoria solo hay un trozo."""
    whole = layer(entry("ceros", bytes(64 << 20)))
    bomb = tar_of({"blob": gzip.compress(whole)})
    wanted = {digest(whole): None}
    del whole
    tracemalloc.start()
    try:
        assert passing_layers(pieces_of(bomb, 1 << 20), wanted, limits=Limits(layer_bytes=48 << 20)) == {}
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_too_many_entries_are_refused_whatever_their_name() -> None:
    """Entre todas las capas no se admiten más entradas que las del límite, también si van comprimidas."""
    plain = [layer(*(entry(f"{name}{n}") for n in range(6))) for name in "ab"]
    stored = [gzip.compress(data) for data in plain]
    with pytest.raises(ArchiveError, match="entradas") as caught:
        read(oci_archive([(plain, plain, "x:1")]), plain, limits=Limits(entries=10))
    assert "más de" in caught.value.why
    found = read(oci_archive([(plain, stored, "x:1")]), plain, limits=Limits(entries=10))
    assert len(found) < 2


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, 3 * PIECE + 17])
def test_what_is_inflated_is_what_was_packed(pack: Pack, size: int) -> None:
    """Sale lo mismo que entró, en bloques que no pasan de lo pedido; cortado, se dice."""
    data = random.Random(size).randbytes(1000) * (size // 1000 + 1)
    data = data[:size]
    packed = pack(data)
    for step in (1000, 1 << 20):
        blocks = list(inflated(pieces_of(packed, step), PIECE))
        assert b"".join(blocks) == data
        assert all(0 < len(block) <= PIECE for block in blocks)
    with pytest.raises(EOFError):
        list(inflated(pieces_of(packed[:-1], 1000), PIECE))
