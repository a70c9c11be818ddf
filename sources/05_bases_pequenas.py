# %% [markdown]
# # 05 · Bases pequeñas
#
# **Qué harás.** Construir la tienda sobre cinco bases, de la mayor a ninguna, y mirarlas por dentro; romper cosas a
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
from multietapa import comparar, construir, ejercicio, explorar, motor, predecir, pregunta, superficie
from multietapa.errors import ContainerError

TIENDA, FARO = "../apps/tienda-node", "../apps/faro-c"
motor()

# %% [markdown]
# ## Cinco maneras de empezar
#
# - `node:24`: un Debian con compiladores.
# - `node:24-slim`: el mismo, sin ellos.
# - `node:24-alpine`: busybox y **musl**, otra biblioteca de C.
# - **distroless**: Node y las bibliotecas que abre, sin intérprete de órdenes ni gestor de paquetes.
# - `scratch`: nada. No se descarga; quiere decir «empieza vacío».
#
# Trae las que te falten: la primera vez, un par de minutos. De la que no se pueda descargar se hace aquí un
# **equivalente local**, y la tabla lo dice.

# %%
DISTROLESS = "gcr.io/distroless/nodejs24-debian13:nonroot"
ESTATICA = "gcr.io/distroless/static-debian13:nonroot"
motor().bases("node:24", "node:24-slim", "node:24-alpine", DISTROLESS, ESTATICA)

# %% [markdown]
# ## Predice
#
# La misma tienda, cambiando solo la base de la última etapa; la primera, que instala y compila, se hace una vez y
# después sale de la caché. Con `node:24`, la imagen ocupará varios cientos de MB. ¿Cuántos, con distroless?

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
# El programa de la distroless ya es `node` (su `ENTRYPOINT`): en el `CMD` solo van los argumentos. En `scratch` no
# hay ni `node`: se copia de Alpine, con las bibliotecas que abre.
#
# ¿Funcionarán las cinco? Fíjate en el `uid`: nadie ha escrito un `USER`.

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
comparar(*TIENDAS, prediccion=prediccion)

# %% [markdown]
# La distroless corre con el uid 65532, por su etiqueta (`nonroot`); las demás, como **root**.
#
# ## ¿Dónde está lo que pesa?
#
# El archivo mayor es el mismo en las cinco. ¿Cuál es, y qué parte ocupa de cada una? ¿Y en qué carpeta está lo demás de
# la completa? Apuesta, y entra a mirar; si escribes `cc1`, se busca en todas.

# %%
explorar("tienda:completa")
for imagen in TIENDAS:
    dentro = explorar(imagen, vista=False)
    mayor = dentro.mayores(1)[0]
    print(f"{imagen:18} {100 * mayor['bytes'] / dentro.desempaquetado:3.0f} %  {mayor['ruta']}")

# %% [markdown]
# En la completa pesa lo que sirve para **compilar**; en las pequeñas, `node`, y eso no lo quita otra base. A partir de
# ahí no se elige por los MB, sino por lo que queda dentro: abre las clases. ¿De cuál no se sabe qué paquetes lleva?

# %%
superficie(*TIENDAS[:4])

# %%
pregunta("05.a")

# %% [markdown]
# ## Sin intérprete de órdenes
#
# En distroless y en `scratch` no hay `sh`. Lo notará quien se cuele, y también tú: no se puede «entrar a mirar», y en esa
# etapa solo se copia, porque un `RUN` es una orden de `sh`.

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
# `node` tomó `/bin/sh` por el archivo que tenía que ejecutar. Con corchetes (la **forma exec**), cada palabra llega tal
# cual, y las señales, al programa.
#
# ## musl no es glibc
#
# Un programa dinámico busca al arrancar su biblioteca de C; `ldd` dice cuál. Un **módulo nativo** solo vale para una de
# las dos. Este se instala en `node:24`, que es glibc. ¿En qué base funcionará?

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
# **Instala donde vayas a correr**, o al menos con la misma biblioteca de C.
#
# ## Un programa y nada más
#
# El Faro del Puerto es un servidor en C, compilado **estático**: no abre ninguna biblioteca y puede ir solo. En `/salud`
# dice la hora, su usuario y de cuántas autoridades de certificación se fía. Se le pide la hora de Madrid: ¿qué dirá?

# %%
print(Path(FARO, "Dockerfile.solo").read_text("utf-8"))
construir(FARO, dockerfile="Dockerfile.solo", etiqueta="faro:solo")
MADRID = {"TZ": "Europe/Madrid"}
print(salud("faro:solo", 8080, environment=MADRID))

# %% [markdown]
# Contesta y no avisa de nada, pero la hora es la de UTC («Europe» no es ninguna zona), el uid 1000 no tiene nombre y no
# se fía de nadie. Faltan **tres archivos**: se copian de la distroless estática, o se parte de ella, como en el
# `Dockerfile` del faro.

# %%
print(Path(FARO, "Dockerfile.archivos").read_text("utf-8").partition("FROM scratch")[2])
construir(FARO, dockerfile="Dockerfile.archivos", etiqueta="faro:archivos")
construir(FARO, etiqueta="faro:multietapa", vista=False)
print(salud("faro:archivos", 8080, environment=MADRID))
comparar("faro:solo", "faro:archivos", "faro:multietapa")

# %%
pregunta("05.b")

# %% [markdown]
# Node no habría notado nada: lleva dentro sus zonas horarias y sus autoridades. Depende del lenguaje.
#
# ### ¿De quién te fías?
#
# HTTPS pide que una autoridad conocida responda por quien contesta. Este servidor presenta un certificado propio, como
# los de una empresa. El faro se conecta sin conocerlo y, después, con él entre sus autoridades.

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
# `node:24` no es una imagen: es un **nombre**, que hoy lleva a una y mañana a otra. En tu registro se publican dos
# versiones con la misma etiqueta, y se bajan por ella y por el **digest** de la primera, que sale de su contenido. ¿Qué
# traerá cada nombre?

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
# En un Dockerfile se escribe igual: `FROM node:24-slim@sha256:...`. Con la etiqueta, los arreglos y los cambios llegan
# solos; con el digest, **actualizar es tarea tuya**. `latest` no dice ni qué es.
#
# ## Hasta cuándo
#
# Una base tiene dos relojes, el de su sistema y el de su lenguaje; manda el que acabe antes. ¿A cuál de estas se le
# acabó ya?

# %%
for imagen in ("node:14-alpine", "node:24-slim", ESTATICA):
    for vida in superficie(imagen, vista=False).imagenes[imagen].runtimes:
        hasta = f"hasta el {vida.ends}, según {vida.source}" if vida.ends else "no se sabe hasta cuándo"
        estado = vida.support(date.today()).value
        print(f"{imagen}: {vida.runtime.name} {vida.runtime.version}, {estado}; {hasta}")

# %% [markdown]
# A `node:14`, la de la receta original, y ninguna etapa lo arregla. (En un equivalente local, el sistema es un Debian.)
#
# ## Cómo se elige
#
# - **Para construir**, la completa: sus bytes no viajan.
# - **Para correr**, slim si dudas: es glibc, con `sh` para mirar.
# - **Alpine**, si tus módulos nativos existen para musl.
# - **distroless**, si sabes qué necesita tu programa.
# - **`scratch` o la estática**, si es estático, con sus archivos.
#
# Siempre con soporte, con `USER` y probada.
#
# ## Tu turno
#
# En el primer ejercicio eliges la base de la tienda; en el segundo, el faro está en Colombia y no tiene a nadie.

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
# - Has visto dónde pesa la misma tienda sobre cinco bases: en las pequeñas, casi todo es `node`.
# - Has visto fallar, y arreglado, lo que una base corriente da por hecho: intérprete, biblioteca de C, zona horaria,
#   usuario y certificados.
# - Has movido una etiqueta, y un digest no se ha movido.
# - Sabes mirar hasta cuándo tiene soporte una base.
#
# Para seguir leyendo: [Building best practices](https://docs.docker.com/build/building/best-practices/), de Docker, en
# inglés.
