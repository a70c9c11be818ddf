"""Las credenciales de un registro, cuando el motor las necesita para bajar una imagen mientras construye."""

from __future__ import annotations

import docker

from multietapa import sdk
from multietapa.build.session import schema
from multietapa.build.session.grpc import Handler, ServedCall

METHOD = "/moby.filesync.v1.Auth/Credentials"


def handler(api: docker.APIClient) -> Handler:
    """Quien atiende ``Credentials``: lo que el SDK sabe de ese registro, y si no sabe nada, lo dice vacío.

    Del resto se encarga el motor: también de pedir el *token* a un registro que lo quiera.
    """

    def attend(call: ServedCall) -> None:
        for message in call.messages():
            asked = schema.read("CredentialsRequest", message)
            user, secret = sdk.credentials(api, asked.Host)
            answer = schema.new("CredentialsResponse", Username=user, Secret=secret)
            call.send(answer.SerializeToString(), now=True)

    return attend
