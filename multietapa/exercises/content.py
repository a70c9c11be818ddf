"""Los textos de los ejercicios: enunciado, plantilla, pistas generales y solución.

Cada ejercicio es un :class:`Content`; qué se comprueba está en ``exercises.py``.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Content:
    """Lo que una persona lee de un ejercicio.

    ``statement`` y ``explanation`` son Markdown; ``template`` y ``solution``, Dockerfiles enteros;
    ``hints``, las dos pistas que se dan mientras no se haya comprobado nada.
    """

    id: str
    title: str
    statement: str
    template: str
    hints: tuple[str, str]
    solution: str
    explanation: str


_NAIVE = """\
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
"""

DELETE_THAT_COUNTS = Content(
    id="01.1",
    title="El borrado que sí adelgaza",
    statement="""\
Parte del Dockerfile ingenuo de la tienda y consigue que su imagen adelgace de verdad. Para esto todavía no
hacen falta etapas.

Tu imagen debe cumplir esto:

- **ninguna capa** lleva las `devDependencies` de la tienda, como `typescript`: no basta con que el contenedor
  no las vea;
- desempaquetada, ahorra al menos la mitad de lo que esas dependencias pesan en tu imagen ingenua;
- la tienda arranca y contesta en `/salud`.
""",
    template=f"# Cambia lo que haga falta para que lo que sobra no quede en ninguna capa\n{_NAIVE}",
    hints=(
        'Comprueba la imagen que ya tienes, comprobar("tienda:ingenua"): dice qué paquete pesa más y en qué '
        "capa se quedó.",
        "Cada instrucción guarda una capa cuando termina. Para que algo no viaje, tiene que "
        "aparecer y desaparecer "
        "mientras dura la misma.",
    ),
    solution="""\
FROM node:14
WORKDIR /app
COPY . .
RUN npm install \\
 && npm run build \\
 && npm prune --production \\
 && npm cache clean --force
CMD ["npm", "start"]
""",
    explanation="""\
Instalar, compilar y borrar ocurren en **una sola instrucción**: cuando Docker guarda la capa, las
dependencias de desarrollo ya no están. El precio es que cualquier cambio en el código repite también la
instalación, porque la caché trabaja con instrucciones enteras. Con varias etapas se consigue lo mismo sin
pagar ese precio.
""",
)

TEMPORARY_FILE = Content(
    id="01.2",
    title="El archivo temporal",
    statement="""\
El Dockerfile de abajo crea un archivo de unos 50 MB, guarda su huella (un sha256) en `/resumen.txt` y lo
borra. Aun así, la imagen pesa 50 MB más que su base.

Tu imagen debe cumplir esto:

- su última etapa parte de `node:14-alpine`;
- `/resumen.txt` conserva la huella correcta de los 50 MB de ceros;
- desempaquetada, pesa menos de 1 MB más que su base.
""",
    template="""\
# 50 MB que solo hacen falta un momento
FROM node:14-alpine
RUN dd if=/dev/zero of=/temporal bs=1M count=50
RUN sha256sum /temporal > /resumen.txt
RUN rm /temporal
""",
    hints=(
        "Es lo mismo que pasó al borrar node_modules: ¿qué instrucción crea el archivo y cuál lo borra?",
        "Hay al menos tres caminos: que el archivo nazca y muera en la misma capa, que no "
        "llegue a existir, o que se "
        "quede en otra etapa.",
    ),
    solution="""\
FROM node:14-alpine
RUN dd if=/dev/zero of=/temporal bs=1M count=50 \\
 && sha256sum /temporal > /resumen.txt \\
 && rm /temporal
""",
    explanation="""\
Las tres órdenes comparten instrucción, así que comparten capa: cuando se guarda, `/temporal` ya no existe.
También vale no crear nunca el archivo, porque `dd` puede entregar los ceros a `sha256sum` por una tubería,
o crearlo en una etapa anterior y copiar solo `/resumen.txt`.
""",
)

FIRST_MULTISTAGE = Content(
    id="02.1",
    title="Tu primera multietapa",
    statement="""\
Convierte el Dockerfile ingenuo de la tienda en uno con varias etapas. Elige tú los nombres, las carpetas y
las bases; que sean de Node 14, para comparar lo mismo con lo mismo.

Tu imagen final debe cumplir esto:

- no lleva, en ninguna capa, dependencias de desarrollo, ni código en TypeScript, ni compiladores (`gcc`,
  `g++`, `make`...);
- desempaquetada, ocupa al menos **5 veces menos** que tu imagen ingenua;
- la tienda arranca y contesta en `/salud`.
""",
    template=f"# Sepáralo en dos etapas: la que compila y la que se queda\n{_NAIVE}",
    hints=(
        "Haz dos listas: lo que hace falta para compilar la tienda y lo que hace falta para que arranque.",
        "Todo lo que la última etapa no copie de otra se queda fuera. ¿Qué carpeta sale de la "
        "compilación, y qué "
        "dependencias pide para arrancar?",
    ),
    solution="""\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production && npm cache clean --force
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
""",
    explanation="""\
La etapa `build` puede pesar lo que quiera: sus capas no viajan. La última parte de una base pequeña,
instala solo lo que la tienda usa al funcionar y recibe de la otra una única carpeta, `dist`. Como `dist` se
copia al final, un cambio en el código no obliga a repetir `npm install` en esta etapa.
""",
)

NOT_INHERITED = Content(
    id="02.2",
    title="Lo que no se hereda",
    statement="""\
La última etapa empieza con la configuración de su base: no recibe ni el usuario ni las variables de la otra.
Completa el Dockerfile de dos etapas para que la imagen final esté lista para funcionar.

Tu imagen final debe cumplir esto:

- ningún proceso del contenedor corre como root;
- el programa que atiende tiene `NODE_ENV` con el valor `production`;
- la tienda arranca y contesta en `/salud`.
""",
    template="""\
# La primera etapa fija una variable y un usuario: ¿llegan a la segunda?
FROM node:14 AS build
ENV NODE_ENV=development
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
USER node

FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
""",
    hints=(
        "Pregúntale al contenedor en marcha: la respuesta de /salud dice con qué uid corre la tienda.",
        "La configuración de la imagen es la de la última etapa. Vuelve al ejemplo de la nota: ¿qué "
        "instrucciones de su primera etapa no llegaron al final?",
    ),
    solution="""\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build

FROM node:14-alpine
ENV NODE_ENV=production
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production && npm cache clean --force
COPY --from=build /app/dist ./dist
USER node
CMD ["npm", "start"]
""",
    explanation="""\
`ENV` y `USER` van en la última etapa porque cada etapa tiene su propia configuración: `COPY --from`
trae archivos, nunca ajustes. `USER` va después de instalar, cuando ya no hacen falta permisos de root. Un
uid numérico también sirve, y permite que un orquestador compruebe que no es root.
""",
)

CONTENTS = (DELETE_THAT_COUNTS, TEMPORARY_FILE, FIRST_MULTISTAGE, NOT_INHERITED)
