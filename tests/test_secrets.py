"""Los secretos de una imagen: se encuentran todos, ninguno se guarda y en lo limpio no aparece nada."""

from __future__ import annotations

import io
import json
import random
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from multietapa.errors import ArchiveError
from multietapa.image.archive import read_images
from multietapa.image.image import MeasuredImage, measure_archive, of_archive, read_layers
from multietapa.image.layer import NOT_MEASURED
from multietapa.image.nodes import MARKERS
from multietapa.image.overlay import overlay
from multietapa.image.secrets import looking, report, stream
from multietapa.image.secrets.looking import LayerInspector, LayerLook
from multietapa.image.secrets.masking import Masked, mark, mask, without_marked, without_values
from multietapa.image.secrets.named import named_file, read_named
from multietapa.image.secrets.names import is_sensitive
from multietapa.image.secrets.placeholders import PUBLISHED_FILE, PUBLISHED_TRIAL, is_placeholder
from multietapa.image.secrets.report import Secret, SecretReport, leaked
from multietapa.image.secrets.steps import in_steps
from multietapa.image.tarwalk import PIECE
from tests.crafted import archive, entry, folder, layer, random_layers
from tests.planted import Planted, pem, planted_image, token

DICE = random.Random(7)
GITHUB = "ghp_" + token(DICE, 36)


def seen_in(data: bytes) -> tuple[MeasuredImage, dict[str, LayerLook], SecretReport]:
    """La imagen de un archivo, lo visto en sus capas y sus secretos."""
    with io.BytesIO(data) as file:
        archived = read_images(file)[0]
        inspectors = {blob.diff_id: LayerInspector(blob.diff_id) for blob in archived.layers}
        read = read_layers(file, archived, {}, transfer=False, inspectors=inspectors)
        image = of_archive(archived, {one.diff_id: one for one in read})
    looks = {diff_id: inspector.done() for diff_id, inspector in inspectors.items()}
    return image, looks, leaked(image, looks, history=archived.history, config=archived.config)


def found_in(*layers: bytes, **described: Any) -> SecretReport:
    """Los secretos de una imagen con esas capas."""
    return seen_in(archive(layers, **described))[2]


def looked(path: str, content: bytes, *, piece: int = PIECE) -> LayerLook:
    """Lo visto en un solo archivo, que llega a trozos de ``piece`` bytes."""
    inspector = LayerInspector("sha256:0")
    starts = range(0, len(content), piece)
    inspector.look(path, len(content), (content[start : start + piece] for start in starts))
    return inspector.done()


@pytest.fixture(scope="module")
def planted() -> Planted:
    """La imagen con todos los secretos plantados."""
    return planted_image()


# --- Los plantados ---


def test_all_the_planted_are_found_and_nothing_else(planted: Planted) -> None:
    """De los 35 plantados se encuentran todos, cada uno en su sitio, y nada de más."""
    found = seen_in(planted.data)[2].secrets
    assert Counter(secret.where for secret in found) == Counter(planted.places.values())
    assert len(found) >= 25


def test_no_value_is_kept(planted: Planted) -> None:
    """Ni en el resultado, ni en su JSON, ni en lo visto en las capas hay ningún valor, ni su final."""
    _, looks, found = seen_in(planted.data)
    kept = f"{found!r}{found}{json.dumps(asdict(found))}{looks!r}{[str(one.shown) for one in found.secrets]}"
    for name, value in planted.values.items():
        assert value not in kept, name
        assert value[-8:] not in kept, name
        assert value[5:13] not in kept, name


def test_an_argument_of_another_stage_is_not_there(planted: Planted) -> None:
    """El ``ARG`` de una etapa que no acaba en la imagen no está en ella, y por eso no se encuentra."""
    (value,) = planted.hidden.values()
    assert value.encode() not in planted.data
    assert "ARG de otra etapa" not in planted.values


def test_each_says_who_left_it_and_who_erased_it(planted: Planted) -> None:
    """Se dice la capa, la instrucción sin sus valores y, si se borró o se tapó, quién lo hizo."""
    found = {secret.where: secret for secret in seen_in(planted.data)[2].secrets}
    erased = found["/root/.ssh/id_ed25519"]
    assert (erased.layer, erased.state, erased.gone_layer) == (0, report.DELETED, 1)
    assert erased.gone_by.startswith("RUN curl -H 'Authorization: Bearer ")
    assert erased.instruction == "COPY dir:0001 in /"
    assert (found["/app/pagos.js"].state, found["/app/pagos.js"].gone_layer) == (report.SHADOWED, 1)
    assert (found["/root/.npmrc"].state, found["/root/.npmrc"].gone_layer) == (report.DELETED, 4)
    assert (found["/app/datos/a.txt"].state, found["/app/datos/a.txt"].names) == (
        report.DELETED,
        ("/app/datos/b.txt",),
    )
    assert found["/app/.env"].state == report.SEEN
    assert (found["API_KEY"].state, found["DB_PASSWORD"].state) == (report.CHANGED, report.SEEN)
    assert found["TOKEN_PRIVADO"].place == report.HISTORY
    assert found["TOKEN_PRIVADO"].kind == "valor de ARG"
    assert found["/app/gcp.json"].kind == "cuenta de servicio de Google Cloud"
    assert found["/app/certs/cifrada.pem"].kind == "clave privada cifrada"


@pytest.mark.parametrize("seed", range(1, 9))
def test_whatever_the_values(seed: int) -> None:
    """Con otros valores al azar se encuentran igual."""
    made = planted_image(seed)
    found = seen_in(made.data)[2].secrets
    assert Counter(secret.where for secret in found) == Counter(made.places.values())


# --- Enmascarar ---


def test_what_is_shown_of_a_value() -> None:
    """De un valor largo se ven cuatro caracteres y cuántos tiene; de uno corto, solo cuántos."""
    assert str(mask(GITHUB)) == "ghp_… (40 caracteres)"
    assert str(mask("hunter-22")) == "••• (9 caracteres)"
    assert mask("\n\n\n\n" + "a1b2c3d4e5f6g7h8") == Masked("", 20)


def test_an_instruction_never_shows_what_was_found_in_a_file() -> None:
    """Un valor que solo se reconoce en su archivo se tapa también en la instrucción que lo escribió."""
    value = "el-perro-verde-de-ana-42"
    written = f"RUN /bin/sh -c printf 'clave %s' {value} > /root/.vault-token # buildkit"
    found = found_in(layer(entry("root/.vault-token", value)), history=[written])
    assert [secret.where for secret in found.secrets] == ["/root/.vault-token"]
    assert found.secrets[0].instruction == "RUN printf 'clave %s' el-p••• > /root/.vault-token"
    assert value not in repr(found)


def test_long_values_are_covered_before_what_they_hold() -> None:
    """Si un valor lleva otro dentro, se tapa entero; lo tapado no se vuelve a mirar."""
    assert without_values("a secreto-uno-dos b", ["uno", "secreto-uno-dos"]) == "a ••• b"
    covered = without_marked("x abcabc abc", [mark("abc"), mark("abcabc")])
    assert covered == "x ••• •••"


def test_a_broken_layer_says_nothing_of_what_it_holds() -> None:
    """Si la capa está cortada a mitad de un archivo, el error no lleva nada de su contenido."""
    data = layer(entry("app/.env", f"GITHUB_TOKEN={GITHUB}\n" + "x" * 5000))
    cut = archive([data])
    with io.BytesIO(cut.replace(data, data[:3000] + b"\0" * (len(data) - 3000))) as file:
        archived = read_images(file)[0]
        inspectors = {archived.layers[0].diff_id: LayerInspector("")}
        with pytest.raises(ArchiveError) as problem:
            list(read_layers(file, archived, {}, transfer=False, inspectors=inspectors))
    assert GITHUB[5:] not in f"{problem.value}{problem.value!r}"


# --- A trozos ---


@pytest.mark.lenta
@pytest.mark.parametrize("seed", range(40))
def test_it_does_not_matter_where_it_is_cut(seed: int) -> None:
    """Dos tokens y una clave aparecen una vez cada uno, se corte el archivo por donde se corte."""
    dice = random.Random(seed)
    piece = dice.choice((64 << 10, 70_000, 100_001, 1 << 20))
    total = dice.randrange(1, 400_000)
    values = ["ghp_" + token(dice, 36), "AKIA" + token(dice, 16, "ABCDEFGHJKLMNPQR"), pem("pkcs8")]
    lines = ["".join(dice.choice("abc ") for _ in range(dice.randrange(200))) for _ in range(total // 100)]
    for value in values:
        lines.insert(dice.randrange(len(lines) + 1), value)
    found = looked("app/datos.txt", "\n".join(lines).encode(), piece=piece)
    assert sorted(hit.kind for hit in found.hits) == [
        "clave privada",
        "identificador de clave de AWS",
        "token de GitHub",
    ]


@pytest.mark.lenta
def test_a_huge_file_takes_no_memory() -> None:
    """De un texto de 300 MB se ve el token del final con menos de 16 MB de memoria, y sin perder minutos."""
    line = b"una linea cualquiera de un registro, con guion_bajo y algo-mas\n"
    block = line * (PIECE // len(line)) + b"x" * (PIECE % len(line))

    def pieces() -> Iterator[bytes]:
        for _ in range(299):
            yield block
        yield block[:-60] + f"\n{GITHUB}\n".ljust(60).encode()

    inspector = LayerInspector("")
    tracemalloc.start()
    started = time.process_time()
    inspector.look("app/registro.log", 300 * PIECE, pieces())
    seconds = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [hit.kind for hit in inspector.done().hits] == ["token de GitHub"]
    assert peak < 16 << 20
    assert seconds < 60


@pytest.mark.lenta
@pytest.mark.parametrize(
    "noise",
    [
        b"-----BEGIN PRIVATE KEY-----\n",
        b"ghp_abcdefghijklmnopqrstuvwxyz012345 ",
        b"_" + b"a" * 20,
        b"a-" * 16 + b" ",
        b"xoxb-" + b"-" * 40,
        b"Key=" + b"A" * 43,
        b"AKIA" + b"A" * 16,
        b"//a:_authToken=",
    ],
)
def test_noise_made_on_purpose_does_not_stop_the_rest(noise: bytes) -> None:
    """Un archivo lleno de algo que casi es un secreto cuesta poco, y no da ninguno."""
    started = time.process_time()
    found = looked("app/ruido.txt", noise * ((4 << 20) // len(noise)))
    assert time.process_time() - started < 30
    assert found.hits == ()


def test_too_many_are_cut_and_said() -> None:
    """De un archivo con mil tokens se dicen los primeros, y que se dejó de mirar."""
    dice = random.Random(1)
    found = looked("app/volcado.sql", "\n".join(f"ghp_{token(dice, 36)}" for _ in range(1000)).encode())
    assert len(found.hits) == stream.MOST_HITS
    assert [item.why for item in found.unseen] == [looking.STOPPED]


def test_binary_noise_is_not_a_secret() -> None:
    """En 4 MB de bytes al azar no hay nada, y en un binario no se busca más que claves."""
    dice = random.Random(3)
    assert looked("bin/ruido", dice.randbytes(4 << 20)).hits == ()
    program = b"\x7fELF\0\0" + GITHUB.encode() + b"\0" * 100
    found = looked("bin/programa", program)
    assert (found.hits, found.binaries) == ((), (1, len(program)))


def test_an_archive_is_not_opened_and_it_is_counted() -> None:
    """Un ``.tar.gz``, un zip y un tar no se abren: se cuentan, con sus bytes."""
    inner = layer(entry("clave.txt", GITHUB))
    for content in (b"\x1f\x8b" + inner, b"PK\x03\x04" + inner, inner):
        found = looked("app/copia", content)
        assert (found.hits, found.archives) == ((), (1, len(content)))


def test_what_a_named_file_too_big_holds() -> None:
    """Un ``.env`` de más de 1 MiB se mira como un texto cualquiera, y se dice."""
    content = b"DB_PASSWORD=el-perro-verde-42\n" + b"x" * (1 << 20) + f"\n{GITHUB}".encode()
    found = looked("app/.env", content)
    assert [hit.kind for hit in found.hits] == ["token de GitHub"]
    assert [item.why for item in found.unseen] == [looking.PARTLY_NAMED]


def test_a_sparse_file_is_said() -> None:
    """Un archivo con huecos no se mira, y se dice cuál es."""
    fields: dict[str, Any] = {
        "pax_headers": {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9000"}
    }
    found = seen_in(archive([layer(entry("app/disco", b"1\n0\n" + b"\0" * 1000, **fields))]))[2]
    assert [(item.path, item.why, item.layer) for item in found.unseen] == [("app/disco", looking.SPARSE, 0)]


# --- Lo limpio ---

CLEAN = {
    "app/.npmrc": "//npm.es/:_authToken=${NPM_TOKEN}\nregistry=https://npm.es/\n",
    "app/.env": "PUERTO=3000\nDB_PASSWORD=\nAPI_KEY=tu-token-aqui\nSECRET=changeme\nNPM_TOKEN=${NPM_TOKEN}\n"
    "TOKEN_FILE=/run/secrets/token\nJWT_SECRET=xxxxxxxxxxxx\nPASSWORD=password\nURL=https://a.es\nTOKEN=<token>\n"
    "PASSWORD_MIN_LENGTH=123456789\nDATABASE_URL=postgres://ana:${CLAVE}@bd/tienda\nSESSION_SECRET='***********'\n",
    "app/.env.example": "DB_PASSWORD=el-perro-verde-42\n",
    "app/publica.pem": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZI\n-----END PUBLIC KEY-----\n",
    "app/cert.pem": "-----BEGIN CERTIFICATE-----\n" + "MIIB" * 40 + "\n-----END CERTIFICATE-----\n",
    "app/manual.txt": "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA...\n-----END RSA PRIVATE KEY-----\n",
    "app/cabeceras.js": 'a = "-----BEGIN PRIVATE KEY-----"; b = "-----END PRIVATE KEY-----";',
    "app/vacia.pem": "-----BEGIN PRIVATE KEY-----\n" + "A" * 400 + "\n-----END PRIVATE KEY-----\n",
    "app/aws.md": "AKIAIOSFODNN7EXAMPLE y wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "app/ejemplo.md": "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",
    "app/.git/config": '[remote "origin"]\n\turl = https://git.es/tienda.git\n\turl = git@git.es:a/b.git\n',
    "root/.docker/config.json": '{"auths": {"r.es": {}}, "x": {"auth": "c2luZG9zcHVudG9z"}}',
    "etc/shadow": "root:*:19000:0:99999:7:::\nana:!:19000::::::\nluz::19000::::::\n",
    "root/.kube/config": "users:\n- name: ana\n  user:\n    token: ${TOKEN}\n    client-key: /a/b.key\n",
    "etc/npmrc": "; _authToken=esto-es-un-comentario\nprefix=/usr/local\n",
    "app/src/token.ts": "const token = await leerToken(process.env.NPM_TOKEN); // token_de_la_tienda\n",
}


def test_clean_files_have_nothing() -> None:
    """Claves públicas, certificados, huecos, variables, ejemplos y cabeceras sueltas no son secretos."""
    content = layer(*(entry(path, text) for path, text in CLEAN.items()))
    history = [
        "ARG NPM_TOKEN",
        "ARG VERSION=1.2.3",
        "ENV GPG_KEY=7169605F62C751356D054A26A821E680E5FA6305",
        "ENV PATH=/usr/local/bin:/usr/bin NODE_VERSION=24.1.0",
        "RUN |1 NPM_TOKEN= /bin/sh -c npm ci --omit=dev # buildkit",
        "RUN --mount=type=secret,id=token /bin/sh -c TOKEN=$(cat /run/secrets/token) npm ci # buildkit",
        'RUN /bin/sh -c echo "//npm.es/:_authToken=${NPM_TOKEN}" > .npmrc && npm ci # buildkit',
        "RUN /bin/sh -c docker login -u ana --password-stdin r.es # buildkit",
        'LABEL org.opencontainers.image.source="https://git.es/a"',
    ]
    settings = {"Env": ["PATH=/bin", "PASSWORD_FILE=/run/secrets/p"], "Cmd": ["node", "--token-file=/a"]}
    assert found_in(content, history=["COPY . ." if n == 4 else s for n, s in enumerate(history)][:5],
                    settings=settings).secrets == ()  # fmt: skip
    assert in_steps(history, settings) == []


def test_what_a_package_publishes_is_set_aside() -> None:
    """Lo de las pruebas de un paquete se aparta, con su razón; en su código, o en la aplicación, cuenta."""
    key = pem("pkcs8")
    found = found_in(
        layer(
            entry("app/node_modules/https/test/fixtures/clave.pem", key),
            entry("app/node_modules/otro/.npmrc", "//npm.es/:_authToken=abc123-perro-verde\n"),
            entry("app/test/fixtures/clave.pem", key),
            entry("app/node_modules/mio/lib/clave.pem", pem("pkcs8")),
        )
    )
    assert {(item.path, item.why) for item in found.set_aside} == {
        ("app/node_modules/https/test/fixtures/clave.pem", PUBLISHED_TRIAL),
        ("app/node_modules/otro/.npmrc", PUBLISHED_FILE),
    }
    assert {one.where for one in found.secrets} == {
        "/app/test/fixtures/clave.pem",
        "/app/node_modules/mio/lib/clave.pem",
    }


HOLDERS = """
NPM_TOKEN TOKEN_NPM dbPassword PGPASSWORD CLAVE_API API_KEY AWS_SECRET_ACCESS_KEY APP_KEY NPM_AUTH psk
CONTRASEÑA TOKEN_PROD secret2
""".split()
OTHERS = """
AUTHOR TOKEN_FILE PUBLIC_KEY GPG_KEY PWD AWS_ACCESS_KEY_ID KEY PASSWORD_MIN_LENGTH SSH_AUTH_SOCK TOKENIZER _
""".split()


@pytest.mark.parametrize(("name", "expected"), [*((n, True) for n in HOLDERS), *((n, False) for n in OTHERS)])
def test_which_names_hold_a_secret(name: str, expected: bool) -> None:
    """El nombre dice si una variable guarda un secreto, en inglés y en español."""
    assert is_sensitive(name) is expected


EMPTY = """
corta 12345678 true ${A} $A $(cat) {{a}} <clave> /run/secrets/a ./a/b https://a.es/b tu-token-aqui
your-password aaaaaaaaaa NPM_TOKEN process.env.A changeme 00.11.22
""".split()


@pytest.mark.parametrize("value", ["", *EMPTY])
def test_what_is_a_placeholder(value: str) -> None:
    """Un hueco por rellenar, una variable, una ruta o un número no son secretos."""
    assert is_placeholder(value, "NPM_TOKEN")


@pytest.mark.parametrize("value", ["s3cr3t-de-la-tienda", "Zx81+perro", "hunter-22", "correcto caballo"])
def test_what_is_not_a_placeholder(value: str) -> None:
    """Una contraseña de verdad, aunque sea mala, lo es."""
    assert not is_placeholder(value, "NPM_TOKEN")


VALUE = "Perro+Verde-8142"
NAMED_EXAMPLES = {
    "root/.npmrc": f"_auth={VALUE}\n",
    "app/.yarnrc.yml": f'npmAuthToken: "{VALUE}"\n',
    "root/.pypirc": f"password: {VALUE}\n",
    "etc/pip.conf": f"index-url = https://ana:{VALUE}@p.es/simple\n",
    "root/.netrc": f"machine a login b password {VALUE}",
    "root/.git-credentials": f"https://a:{VALUE}@g.es",
    "app/.git/modules/x/config": f"\turl = https://a:{VALUE}@g.es/x\n",
    "app/.git/config": f"\textraheader = AUTHORIZATION: basic {VALUE}\n",
    "root/.aws/credentials": f"aws_session_token={VALUE}\n",
    "root/.docker/config.json": f'{{"auths": {{"r.es": {{"identitytoken": "{VALUE}"}}}}}}',
    "root/.kube/config": f"    password: '{VALUE}'\n",
    "app/kubeconfig.yaml": f"    client-key-data: {VALUE}\n",
    "var/run/secrets/kubernetes.io/serviceaccount/token": f"{VALUE}\n",
    "root/.config/gcloud/legacy/adc.json": f'{{"refresh_token": "{VALUE}"}}',
    "root/.azure/accessTokens.json": f'[{{"refreshToken": "{VALUE}"}}]',
    "root/.config/gh/hosts.yml": f"g.es:\n    oauth_token: {VALUE}\n",
    "root/.pgpass": f"bd:5432:t:ana:{VALUE}\n",
    "root/.my.cnf": f"[client]\npassword = {VALUE}\n",
    "etc/shadow": f"root:$y$j9T${VALUE}:1::::::\n",
    "app/.htpasswd": f"ana:{VALUE}\n",
    "root/.composer/auth.json": f'{{"password": "{VALUE}"}}',
    "root/.m2/settings.xml": f"<password>{VALUE}</password>",
    "root/.cargo/credentials.toml": f'token = "{VALUE}"\n',
    "root/.gem/credentials": f":rubygems_api_key: {VALUE}\n",
    "root/.vault-token": VALUE,
    "root/.terraform.d/credentials.tfrc.json": f'{{"token": "{VALUE}"}}',
    "root/.s3cfg": f"secret_key = {VALUE}\n",
    "var/www/wp-config.php": f"define( 'DB_PASSWORD', '{VALUE}' );",
    "app/prod.env": f"DB_PASSWORD={VALUE}\n",
    "app/.envrc": f"export API_TOKEN='{VALUE}'\n",
}


@pytest.mark.parametrize("path", NAMED_EXAMPLES)
def test_each_named_file_gives_its_value(path: str) -> None:
    """Cada clase de archivo de credenciales da su valor, sin comillas ni nada alrededor."""
    rule = named_file(path)
    assert rule is not None
    (value,) = read_named(rule, NAMED_EXAMPLES[path])
    assert value.removeprefix("$y$j9T$") == VALUE
    assert [hit.kind for hit in looked(path, NAMED_EXAMPLES[path].encode()).hits] == [rule.kind]


# --- La historia ---


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (f"ARG API_KEY={VALUE}", "valor de ARG"),
        (f"/bin/sh -c #(nop)  ENV API_KEY={VALUE}", "valor de ENV"),
        (f"ENV API_KEY {VALUE}", "valor de ENV"),
        (f"|1 API_KEY={VALUE} /bin/sh -c npm ci", "valor de ARG"),
        (f"RUN |2 A=b API_KEY={VALUE} /bin/sh -c npm ci # buildkit", "valor de ARG"),
        (f"RUN |1 API_KEY={VALUE} /bin/bash -o pipefail -c npm ci # buildkit", "valor de ARG"),
        (f"RUN /bin/sh -c API_KEY={VALUE} npm ci # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c export API_KEY='{VALUE}' && npm ci # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c x --token {VALUE} # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c curl -u ana:{VALUE} a.es # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c npm config set //npm.es/:_authToken {VALUE} # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c echo root:{VALUE} | chpasswd # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c docker login -u ana -p {VALUE} r.es # buildkit", "contraseña en una orden"),
        (f"RUN /bin/sh -c git clone https://ana:{VALUE}@g.es/a # buildkit", "contraseña en una dirección"),
        (
            f"RUN /bin/sh -c cat <<E > /root/.netrc\nmachine a login b password {VALUE}\nE\n",
            "contraseña en una orden",
        ),
        (f"ENV BD=postgres://ana:{VALUE}@bd/t", "contraseña en una dirección"),
    ],
)
def test_each_way_of_writing_it_in_a_dockerfile(step: str, kind: str) -> None:
    """Cada manera de dejar un secreto en la historia, con los dos constructores."""
    assert [(one.hit.kind, one.hit.value) for one in in_steps([step], {})] == [(kind, VALUE)]


def test_what_only_the_configuration_says() -> None:
    """Sin historia (una imagen aplanada), lo dice la configuración: variables, etiquetas y órdenes."""
    settings = {
        "Env": [f"API_KEY={VALUE}1", 5],
        "Labels": {"clave_api": f"{VALUE}2"},
        "Cmd": ["sh", "-c", f"x --password={VALUE}3"],
        "Healthcheck": {"Test": ["CMD", "curl", "-u", f"ana:{VALUE}4", "a.es"]},
    }
    found = found_in(layer(folder("a")), history=["COPY a a"], settings=settings, labels={"x": "y"}).secrets
    assert {(one.place, one.where, one.layer) for one in found} == {
        (report.CONFIG, "API_KEY", None),
        (report.CONFIG, "clave_api", None),
        (report.CONFIG, "password", None),
        (report.CONFIG, "", None),
    }
    assert in_steps([], {"Env": None, "Labels": [], "Healthcheck": 3, "Cmd": "x"}) == []


# --- Quién lo borró ---


@pytest.mark.parametrize("seed", range(60))
def test_what_is_still_seen_is_what_the_overlay_says(seed: int) -> None:
    """Con capas al azar, está «a la vista» justo lo que ve un contenedor; lo demás lo quitó otra después."""
    image = measure_archive(io.BytesIO(archive(random_layers(seed))), transfer=False)
    merged, fate = overlay(image.layers), report.Fate(image.layers)
    for one in image.layers:
        for item in one.files:
            if item.kind in MARKERS or item.kind == "dir":
                continue  # una carpeta que otra capa repite igual sigue siendo de la primera
            state, gone = fate.after(item.path, one.index)
            visible = merged.owners.get(item.path) == one.index
            assert (state == report.SEEN) == visible, item.path
            assert gone is None if visible else gone is not None and gone > one.index


def test_a_file_with_two_names_is_seen_while_one_is_left() -> None:
    """Si se borra uno de los dos nombres de un archivo, el secreto sigue a la vista por el otro."""
    first = layer(entry("a.txt", GITHUB), entry("b.txt", "a.txt", "hardlink"))
    states = [
        found_in(first, layer(*(entry(f".wh.{name}") for name in names))).secrets[0].state
        for names in (("a.txt",), ("b.txt",), ("a.txt", "b.txt"))
    ]
    assert states == [report.SEEN, report.SEEN, report.DELETED]


def test_a_link_whose_file_is_elsewhere_is_said() -> None:
    """Un ``.env`` que enlaza con un archivo de otra capa no se puede leer con ese nombre, y se dice."""
    found = found_in(layer(entry("app/real", "TOKEN=abc")), layer(entry("app/.env", "real", "symlink")))
    assert [(item.path, item.why, item.layer) for item in found.unseen] == [
        ("app/.env", looking.LINK_UNREAD, 1)
    ]


def test_the_small_files_kept_for_links_are_bounded() -> None:
    """De los archivos pequeños se guardan 16 MB como mucho: los primeros se olvidan, y se dice."""
    inspector = LayerInspector("")
    for number in range(1100):
        content = (f"SMTP_PASSWORD={VALUE}{number}\n" if number == 0 else "x").ljust(16 << 10).encode()
        inspector.look(f"app/{number}", len(content), iter((content,)))
    link = next(iter(_raw_links({"app/.env": "app/0", "app/b.env": "app/1099"})))
    inspector.note(link)
    assert [item.path for item in inspector.done().unseen] == ["app/.env"]


def _raw_links(links: dict[str, str]) -> Iterator[Any]:
    from multietapa.image.tarwalk import RawEntry

    for name, target in links.items():
        yield RawEntry(name, "hardlink", 0, 0o644, 0, 0, target, 0, 0, b"")


# --- En la misma pasada ---


def test_a_known_layer_is_read_again_only_to_look() -> None:
    """Una capa ya medida se lee otra vez si alguien la mira, y no pierde lo que ocupa comprimida."""
    data = archive([layer(entry("a", GITHUB)), layer(entry("b", "nada"))])
    with io.BytesIO(data) as file:
        archived = read_images(file)[0]
        known = {one.diff_id: one for one in read_layers(file, archived, {}, transfer=True)}
        assert list(read_layers(file, archived, known, transfer=True)) == []
        first = archived.diff_ids[0]
        inspector = LayerInspector(first)
        (again,) = read_layers(file, archived, known, transfer=False, inspectors={first: inspector})
    assert again == known[first]
    assert again.transfer_bytes != NOT_MEASURED
    assert [hit.path for hit in inspector.done().hits] == ["a"]


def test_a_layer_that_was_not_looked_at_is_an_error() -> None:
    """Sin mirar todas las capas no hay resultado: callar una sería decir que está limpia."""
    image = measure_archive(io.BytesIO(archive([layer(entry("a", "b"))])), transfer=False)
    with pytest.raises(KeyError):
        leaked(image, {}, history=(), config={})


def test_a_secret_is_a_plain_value() -> None:
    """Cada secreto se compara y se guarda en un conjunto por sus datos."""
    one = Secret("clave privada", report.FILE, "/a", 0, "COPY a a", Masked("", 3))
    assert {one, Secret("clave privada", report.FILE, "/a", 0, "COPY a a", Masked("", 3))} == {one}
