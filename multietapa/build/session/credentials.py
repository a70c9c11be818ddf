"""Las credenciales de un registro, cuando el motor las necesita para bajar una imagen mientras construye."""

from __future__ import annotations

import docker

from multietapa import sdk
from multietapa.build.session import schema
from multietapa.build.session.grpc import Handler, unary

METHOD = "/moby.filesync.v1.Auth/Credentials"


def handler(api: docker.APIClient) -> Handler:
    """Quien atiende ``Credentials``: lo que el SDK sabe de ese registro, y si no sabe nada, lo dice vacío.

    Del resto se encarga el motor: también de pedir el *token* a un registro que lo quiera.
    """

    def answer(message: bytes) -> bytes:
        user, secret = sdk.credentials(api, schema.read("CredentialsRequest", message).Host)
        return bytes(schema.new("CredentialsResponse", Username=user, Secret=secret).SerializeToString())

    return unary(answer)
