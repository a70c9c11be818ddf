"""Dockerfiles de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan."""

from __future__ import annotations

from multietapa.dockerfile.graph import graph
from multietapa.dockerfile.stages import parse
from multietapa.widgets.stages.stages import StagesView
from multietapa.widgets.stages.value import Stages

SHOP = """\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
"""
EVERY_KIND = """\
FROM node:14 AS build
COPY . .
RUN npm run build

FROM node:14-alpine AS deps
COPY package.json ./
RUN npm ci

FROM deps AS herramientas
RUN npm install --global una-herramienta-con-un-nombre-muy-largo otra-herramienta-de-nombre-largo y-otra

FROM herramientas AS pruebas
COPY --from=build /app/dist ./dist
RUN npm test

FROM registro.example.org/equipo/proyecto/certificados-de-la-casa:2026 AS ca

FROM node:14-alpine
COPY --from=build /app/dist /app/LICENCIA ./dist/
COPY --from=1 /app/node_modules ./node_modules
COPY --from=nginx:1 /etc/nginx/mime.types /mime
RUN --mount=type=bind,from=ca,target=/ca ls /ca

FROM scratch AS binario
COPY --from=build /app/<raro>&co /
"""


def stages(text: str, target: str | None = None, *, classic: bool = False, assumed: str = "") -> Stages:
    """Las etapas de un texto."""
    source = parse(text)
    graphs = tuple(graph(source, label, all_before=classic) for label in source.stage_labels)
    return Stages("Dockerfile", source, graph(source, target, all_before=classic), graphs, classic, assumed)


def views() -> dict[str, StagesView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    return {
        "la tienda": StagesView(stages(SHOP)),
        "de todo": StagesView(stages(EVERY_KIND, "5", assumed="amd64")),
        "solo pruebas": StagesView(stages(EVERY_KIND, "pruebas")),
        "el clásico": StagesView(stages(EVERY_KIND, "5", classic=True)),
        "una etapa": StagesView(stages("FROM node:14\nCOPY . .\n")),
    }
