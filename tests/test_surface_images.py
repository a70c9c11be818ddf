"""Las imágenes del curso, de verdad: no llevan ningún secreto, y se ve lo que deja a mano cada una."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from multietapa.apps import app
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.image.exposure.programs import COMPILER, KINDS, NETWORK, PACKAGES, SHELL
from multietapa.image.secrets.placeholders import PUBLISHED_LIBRARY, PUBLISHED_TRIAL
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import quick_sizes
from multietapa.measure.surface.seen import Seen, see
from multietapa.measure.surface.store import SurfaceStore

NAIVE, STAGED = "prueba-superficie:ingenua", "prueba-superficie:multietapa"
BASES = ("node:14", "node:14-alpine")


@pytest.fixture(scope="module")
def surfaces(motor_real: Motor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Seen]]:
    """Las dos bases y las dos tiendas, construidas en el motor real; las tiendas se borran al final."""
    client, shop = motor_real.client, app("tienda-node").folder
    construir(shop, dockerfile="Dockerfile.ingenuo", etiqueta=NAIVE, vista=False, cliente=client)
    construir(shop, etiqueta=STAGED, vista=False, cliente=client)
    store = SurfaceStore(MeasureCache(tmp_path_factory.mktemp("cache")))
    yield {tag: see(client, quick_sizes(client, tag), store=store) for tag in (*BASES, NAIVE, STAGED)}
    for tag in (NAIVE, STAGED):
        client.images.remove(tag, force=True)


@pytest.mark.parametrize("tag", [*BASES, NAIVE, STAGED])
def test_the_images_of_the_course_leak_nothing(surfaces: dict[str, Seen], tag: str) -> None:
    """Ni las bases ni las dos tiendas llevan secretos; lo que se aparta viene publicado en un paquete."""
    report = surfaces[tag].secrets
    assert report.secrets == ()
    for item in report.set_aside:
        assert item.why == (PUBLISHED_LIBRARY if "libgnutls" in item.path else PUBLISHED_TRIAL)
    assert report.unseen == ()
    assert report.binaries[0] > 0


def test_the_staged_shop_leaves_less_at_hand(surfaces: dict[str, Seen]) -> None:
    """La ingenua lleva compiladores, herramientas de red y setuid; la multietapa, ningún compilador."""
    naive, staged = surfaces[NAIVE].exposure, surfaces[STAGED].exposure
    assert len(naive.executables) > len(staged.executables) > 0
    for kind in (SHELL, PACKAGES, COMPILER, NETWORK):
        assert naive.of_kind(kind), kind
    assert {"gcc", "make"} <= {program.name for program in naive.of_kind(COMPILER)}
    assert staged.of_kind(COMPILER) == ()
    assert {"npm", "npx"} <= {program.name for program in staged.of_kind(PACKAGES)}
    for seen in (naive, staged):
        assert (seen.user.uid, seen.user.name, seen.user.root) == (0, "root", True)
        assert set(seen.counts()) == set(KINDS)
        assert seen.capable is not None
        executables = {item.path for item in seen.executables}
        assert {found.item.path for found in seen.programs if found.kind == NETWORK} <= executables
    names, files = staged.counts()[SHELL]
    assert names > files == 1  # los de busybox
    assert all(program.applet for program in staged.of_kind(NETWORK))
    assert naive.setuid
    assert {item.permissions for item in naive.setuid} == {"4755"}
