"""Los avisos de BuildKit sobre el Dockerfile, en español.

Las reglas y sus nombres son los de la referencia de comprobaciones de Docker
(docs.docker.com/reference/build-checks).
"""

from __future__ import annotations

import re

_RULES = {
    "ConsistentInstructionCasing": "Escribe todas las instrucciones en mayúsculas, o todas en minúsculas.",
    "CopyIgnoredFile": "Se copia {name}, que «.dockerignore» deja fuera del contexto.",
    "DuplicateStageName": "Hay dos etapas con el nombre {name}; dale a cada una el suyo.",
    "ExposeInvalidFormat": "«EXPOSE» solo lleva el puerto y el protocolo, sin dirección delante.",
    "ExposeProtoCasing": "El protocolo de «EXPOSE» va en minúsculas (tcp, udp).",
    "FromAsCasing": "Escribe «AS» igual que «FROM»: los dos en mayúsculas o los dos en minúsculas.",
    "FromPlatformFlagConstDisallowed": "«--platform» es fijo; usa una variable como $BUILDPLATFORM.",
    "InvalidBaseImagePlatform": "La imagen base es de otra plataforma que la que se pide.",
    "InvalidDefaultArgInFrom": "Con el valor por defecto de {name} el «FROM» no es una imagen válida.",
    "InvalidDefinitionDescription": "El comentario no describe lo que sigue; deja una línea en blanco.",
    "JSONArgsRecommended": 'Mejor en forma de lista, como ["npm", "start"]: el proceso recibe las señales.',
    "LegacyKeyValueFormat": "Escribe «clave=valor»; la forma «clave valor» está en desuso.",
    "MaintainerDeprecated": "«MAINTAINER» está en desuso; pon el autor con «LABEL».",
    "MultipleInstructionsDisallowed": "Hay más de una instrucción {name} en la etapa: solo cuenta la última.",
    "NoEmptyContinuation": "Hay una línea vacía dentro de una instrucción partida; dejará de admitirse.",
    "RedundantTargetPlatform": "«--platform=$TARGETPLATFORM» sobra: es lo que se usa por defecto.",
    "ReservedStageName": "El nombre de etapa {name} está reservado.",
    "SecretsUsedInArgOrEnv": "{name} parece un secreto y con «ARG» o «ENV» quedaría guardado en la imagen.",
    "StageNameCasing": "El nombre de etapa {name} debería ir en minúsculas.",
    "UndefinedArgInFrom": "El «FROM» usa {name}, que ningún «ARG» anterior define.",
    "UndefinedVar": "La variable {name} no está definida.",
    "WorkdirRelativePath": "{name} es una ruta relativa y no hay otra absoluta antes; empieza por «/».",
}
_LINE = re.compile(r"\s*\(line \d+\)\s*$")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def lint_text(short: str) -> str:
    """El aviso en español con el nombre de su regla, o el texto del motor si la regla es nueva."""
    rule, _, message = _LINE.sub("", short).partition(": ")
    template = _RULES.get(rule)
    if template is None:
        return _LINE.sub("", short)
    quoted = _QUOTED.search(message)
    if rule == "UndefinedArgInFrom" and not quoted:
        quoted = re.search(r"(\$\{?\w+\}?|\w+)", message)
    return f"{template.replace('{name}', f'«{quoted.group(1)}»' if quoted else 'un nombre')} ({rule})"
