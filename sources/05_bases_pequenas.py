# %% [markdown]
# # 05 · Bases pequeñas
#
# **Qué harás.** Construir la tienda sobre cinco bases, de la mayor a ninguna, y medirlas; romper cosas a
# propósito, para ver qué falta en cada una, y arreglarlas.
#
# **Qué aprenderás.** Qué se gana y qué se pierde con slim, Alpine, distroless y `scratch`, y cómo se elige.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb) y un motor: aquí no valen las
# grabaciones.
#
# **Cuánto dura.** Unos 30 minutos.

# %%
from datetime import date
from pathlib import Path
from urllib.request import urlopen

import docker
from multietapa import comparar, construir, ejercicio, motor, predecir, pregunta, superficie
from multietapa.errors import ContainerError

TIENDA, FARO = "../apps/tienda-node", "../apps/faro-c"
motor()

# %% [markdown]
# ## Cinco maneras de empezar
#
# - `node:24`: un Debian con compiladores, para construir.
# - `node:24-slim`: el mismo Debian, sin ellos.
# - `node:24-alpine`: busybox y **musl**, otra biblioteca de C.
# - **distroless**: Node y las bibliotecas que abre. Ni intérprete de órdenes ni gestor de paquetes.
# - `scratch`: nada. No se descarga: es la palabra que dice «empieza vacío».
#
# Trae las que te falten; la primera vez puede tardar un par de minutos. De la que no se pueda descargar se hace aquí un
# **equivalente local**, y la tabla lo dice.

# %%
DISTROLESS = "gcr.io/distroless/nodejs24-debian13:nonroot"
ESTATICA = "gcr.io/distroless/static-debian13:nonroot"
motor().bases("node:24", "node:24-slim", "node:24-alpine", DISTROLESS, ESTATICA)

# %% [markdown]
# ## Predice
#
# La misma tienda, cambiando solo la base de la última etapa. La primera instala, compila y quita las dependencias de
# desarrollo; se hace una vez, y en las demás sale de la caché. Con `node:24`, la imagen ocupará varios cientos de MB.
# ¿Cuántos, con distroless?

# %%
RECETA = """\
FROM node:24 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM {base}
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD {orden}
"""
prediccion = predecir("tienda:distroless", hasta=1000)
prediccion

# %% [markdown]
# La primera construcción se ve paso a paso; de las demás, casi todo sale de la caché. La distroless ya dice que su
# programa es `node` (su `ENTRYPOINT`): en el `CMD` solo van los argumentos. Y para `scratch`, un programa de Node
# necesita `node` y las bibliotecas que abre; son archivos, y se copian de Alpine.

# %%
PARTEN_DE = {"completa": "node:24", "slim": "node:24-slim", "alpine": "node:24-alpine"}
PARTEN_DE["distroless"] = DISTROLESS
for nombre, base in PARTEN_DE.items():
    orden = '["dist/server.js"]' if base == DISTROLESS else '["node", "dist/server.js"]'
    receta, mirando = RECETA.format(base=base, orden=orden), nombre == "completa"
    print(construir(TIENDA, dockerfile=receta, etiqueta=f"tienda:{nombre}", vista=mirando))

SOBRE_NADA = """\
FROM node:24-alpine AS musl
RUN mkdir /minima && tar -cf - /usr/local/bin/node /usr/lib* /lib* | tar -xf - -C /minima
FROM scratch
COPY --from=musl /minima /
COPY --from=tienda:alpine /app /app
CMD ["/usr/local/bin/node", "/app/dist/server.js"]
"""
construir(TIENDA, dockerfile=SOBRE_NADA, etiqueta="tienda:scratch")

# %% [markdown]
# ¿Funcionan las cinco? Fíjate en el `uid` de cada una: nadie ha escrito un `USER`.

# %%
cliente = docker.from_env(timeout=600)
TIENDAS = [f"tienda:{nombre}" for nombre in ("distroless", "scratch", "alpine", "slim", "completa")]


def salud(imagen, puerto=3000, **opciones):
    contenedor = cliente.containers.run(
        imagen, detach=True, ports={f"{puerto}/tcp": None}, labels=motor().etiquetas, **opciones
    )
    try:
        return urlopen(f"{motor().direccion(contenedor, puerto)}/salud").read().decode().strip()
    finally:
        contenedor.remove(force=True)


for imagen in TIENDAS:
    print(f"{imagen:18}", salud(imagen))

# %%
comparar(*TIENDAS, prediccion=prediccion)

# %% [markdown]
# Todas contestan. La distroless (por su etiqueta, `nonroot`) corre con el uid 65532; las demás, como **root**. Cambia
# la escala a **100 %**: en las pequeñas casi todo es **runtime**, el propio `node`, y la base ya casi no cuenta. A
# partir de ahí no se elige por los MB, sino por lo que queda dentro. Abre las clases y mira qué tiene cada una, y de
# cuál no se puede saber qué paquetes lleva.

# %%
superficie(*TIENDAS[:4])

# %%
pregunta("05.a")

# %% [markdown]
# ## Sin intérprete de órdenes
#
# En distroless y en `scratch` no hay `sh`. Lo notará quien se cuele, y también tú: no se puede «entrar a mirar», y en esa
# etapa tampoco hay `RUN`, que es una orden de `sh`: solo se copia.

# %%
try:
    motor().ejecutar("tienda:distroless", "echo hola desde dentro")
except ContainerError as motivo:
    print(motivo)

# %% [markdown]
# Y un `CMD` **sin corchetes** es también para `sh`: Docker guarda `/bin/sh -c ...`. Predice qué dirá esta tienda, con
# `node` como `ENTRYPOINT` y sin corchetes.

# %%
construir(TIENDA, dockerfile=RECETA.format(base=DISTROLESS, orden="dist/server.js"), etiqueta="tienda:sin")
try:
    cliente.containers.run("tienda:sin", remove=True, labels=motor().etiquetas)
except docker.errors.ContainerError as fallo:
    print(*[linea for linea in fallo.stderr.decode().splitlines() if "Error" in linea], sep="\n")

# %% [markdown]
# `node` ha tomado `/bin/sh` por el archivo que tenía que ejecutar. Con corchetes, cada palabra llega tal cual: es la
# **forma exec**, y vale en todas las bases. Además el programa es el proceso 1 y recibe él las señales.
#
# ## musl no es glibc
#
# Un programa dinámico busca al arrancar su biblioteca de C; `ldd` dice cuál. Da igual mientras solo copies JavaScript,
# pero un **módulo nativo** lleva código compilado para una de las dos. Este se instala en `node:24`, que es glibc, y se
# copia. ¿En qué base funcionará?

# %%
LDD = "ldd /usr/local/bin/node | grep 'libc\\.'"
NATIVO = """\
FROM {en} AS build
RUN npm install --prefix /app @node-rs/crc32@1.10.6

FROM {base}
WORKDIR /app
COPY --from=build /app ./
"""


def probar(en, base):
    construir(TIENDA, dockerfile=NATIVO.format(en=en, base=base), etiqueta="prueba:nativo", vista=False)
    prueba = """node -p "require('@node-rs/crc32').crc32('hola')" 2>&1 | grep -E '^[0-9]|Error:'"""
    print(f"Instalado en {en}, corre en {base}:", motor().ejecutar("prueba:nativo", f"{LDD}; {prueba}"))


probar("node:24", "node:24-slim")
probar("node:24", "node:24-alpine")
probar("node:24-alpine", "node:24-alpine")

# %% [markdown]
# Regla: **instala donde vayas a correr**, o al menos en una base con la misma biblioteca de C. Si tu aplicación depende
# de binarios que solo se publican para glibc, slim o distroless te ahorran el problema.
#
# ## Un programa y nada más
#
# El Faro del Puerto es un servidor de un solo archivo en C. Compilado **estático** no abre ninguna biblioteca, así que
# puede ir solo. En `/salud` dice qué hora es aquí, con qué usuario corre y de cuántas autoridades de certificación se
# fía. Se le pide la hora de Madrid: apuesta qué dirá de cada cosa.

# %%
print(Path(FARO, "Dockerfile.solo").read_text("utf-8"))
construir(FARO, dockerfile="Dockerfile.solo", etiqueta="faro:solo")
MADRID = {"TZ": "Europe/Madrid"}
print(salud("faro:solo", 8080, environment=MADRID))

# %% [markdown]
# Contesta, y no avisa de nada, pero la hora es la de UTC (con «Europe» por nombre de zona), el uid 1000 no se llama de
# ninguna manera y no se fía de nadie. Lo que falta son **tres archivos**. Se copian de la distroless estática, que
# trae eso y poco más; o se parte de ella, que es lo mismo ya hecho, como en el `Dockerfile` del faro.

# %%
print(Path(FARO, "Dockerfile.archivos").read_text("utf-8").partition("FROM scratch")[2])
construir(FARO, dockerfile="Dockerfile.archivos", etiqueta="faro:archivos")
construir(FARO, etiqueta="faro:multietapa", vista=False)
print(salud("faro:archivos", 8080, environment=MADRID))
comparar("faro:solo", "faro:archivos", "faro:multietapa")

# %%
pregunta("05.b")

# %% [markdown]
# Node no habría notado nada: lleva dentro sus zonas horarias y sus autoridades. Depende de cada lenguaje; por eso se
# prueba.
#
# ### ¿De quién te fías?
#
# Una conexión HTTPS solo se acepta si una autoridad conocida responde por quien contesta. Este servidor presenta un
# certificado propio, como los de dentro de una empresa. El faro se conecta sin conocerlo y, después, con él en su
# archivo de autoridades.

# %%
SERVIDOR = """\
FROM node:24
RUN openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=puerto -keyout /clave.pem -out /web.pem
CMD ["openssl", "s_server", "-www", "-accept", "8443", "-cert", "/web.pem", "-key", "/clave.pem"]
"""
CONOCE = """\
FROM faro:archivos
COPY --from=puerto:web /web.pem /etc/ssl/certs/ca-certificates.crt
"""
construir(FARO, dockerfile=SERVIDOR, etiqueta="puerto:web", vista=False)
construir(FARO, dockerfile=CONOCE, etiqueta="faro:conoce", vista=False)

# %%
web = cliente.containers.run("puerto:web", detach=True, labels=motor().etiquetas)
JUNTO = {"network_mode": f"container:{web.id}", "detach": True, "labels": motor().etiquetas}
for imagen in ("faro:archivos", "faro:conoce"):
    faro = cliente.containers.run(imagen, ["/faro", "127.0.0.1:8443"], **JUNTO)
    faro.wait()
    print(f"{imagen:14}", faro.logs().decode().strip())
    faro.remove()
web.remove(force=True)

# %% [markdown]
# ## Una etiqueta se mueve
#
# `node:24` no es una imagen: es un **nombre**, que hoy lleva a una y mañana a otra. Dos construcciones del mismo
# Dockerfile pueden partir de bases distintas. Míralo en tu registro: se publican dos versiones con la misma etiqueta, y
# se bajan por ella y por el **digest** de la primera, que se calcula de su contenido. ¿Qué traerá cada nombre?

# %%
nombre = f"{motor().registro().direccion}/faro"


def publicar(version):
    receta = f"FROM faro:solo\nENV VERSION={version}\n"
    construir(FARO, dockerfile=receta, etiqueta=f"{nombre}:estable", vista=False)
    for mensaje in cliente.images.push(nombre, tag="estable", stream=True, decode=True):
        if "error" in mensaje:
            raise RuntimeError(mensaje["error"])
    return cliente.images.get(f"{nombre}:estable").attrs["RepoDigests"][0]


primera, _ = publicar("uno"), publicar("dos")
for referencia in (f"{nombre}:estable", primera):
    variables = cliente.images.pull(referencia).attrs["Config"]["Env"]
    print(referencia[:48], [una for una in variables if una.startswith("VERSION")])

# %% [markdown]
# En un Dockerfile se escribe igual: `FROM node:24-slim@sha256:...`. Con la etiqueta recibes los arreglos sin pedirlos,
# y también los cambios; con el digest, siempre lo mismo, y **actualizar pasa a ser tarea tuya** (o de un robot que
# proponga el cambio). Lo que no conviene es `latest`: no dice ni qué es.
#
# ## Hasta cuándo
#
# Una base tiene dos relojes, el de su sistema y el de su lenguaje, y manda el que acabe antes.

# %%
for imagen in ("node:14-alpine", "node:24-slim", ESTATICA):
    for vida in superficie(imagen, vista=False).imagenes[imagen].runtimes:
        hasta = f"hasta el {vida.ends}, según {vida.source}" if vida.ends else "no se sabe hasta cuándo"
        estado = vida.support(date.today()).value
        print(f"{imagen}: {vida.runtime.name} {vida.runtime.version}, {estado}; {hasta}")

# %% [markdown]
# A `node:14` se le acabó el tiempo en 2023: es la de la receta original, y hoy ninguna etapa la arregla. (En un
# equivalente local, el sistema es el suyo: un Debian.)
#
# ## Cómo se elige
#
# - **Para construir**, la completa: sus bytes no viajan.
# - **Para correr**, slim si dudas: es glibc, con `sh` para mirar dentro.
# - **Alpine**, si tus módulos nativos existen para musl.
# - **distroless**, si ya sabes qué necesita tu programa: sin `sh` y sin root.
# - **`scratch` o la estática**, para un programa estático, con sus archivos al lado.
#
# Y siempre: con soporte, con `USER`, con la forma exec y probada **en esa base**.
#
# ## Tu turno
#
# En el primer ejercicio eliges tú la base de la tienda; en el segundo, el faro está en Colombia y no tiene a nadie.

# %%
ejercicio("05.1")

# %% plantilla="05.1"

# %%
ejercicio("05.1").comprobar(respuesta_1)

# %%
ejercicio("05.2")

# %% plantilla="05.2"

# %%
ejercicio("05.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has medido la misma tienda sobre cinco bases, y sabes que en las pequeñas lo que pesa es `node`.
# - Has visto fallar, y arreglado, lo que una base corriente da por hecho: intérprete, biblioteca de C, zona horaria,
#   usuario y certificados.
# - Has movido una etiqueta y has comprobado que un digest no se mueve.
# - Sabes mirar hasta cuándo tiene soporte una base, y quién lo dice.
#
# Para seguir leyendo, en inglés: [Building best practices](https://docs.docker.com/build/building/best-practices/), de
# Docker.
