# %% [markdown]
# # 04 · Caché y contexto
#
# **Qué harás.** Cambiar una palabra de la tienda, construir otra vez y ver qué se repite y cuánto cuesta; ordenar el
# Dockerfile, vigilar lo que viaja de la carpeta y no bajar dos veces lo mismo.
#
# **Qué aprenderás.** Qué invalida un paso, por qué importa el orden, qué es el contexto y para qué sirven
# `.dockerignore`, `npm ci` y los montajes de `RUN`.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb) y un motor: aquí no valen las
# grabaciones. En Binder funciona todo, más despacio.
#
# **Cuánto dura.** Unos 35 minutos.

# %%
import re
import shutil
import tempfile
from pathlib import Path

from multietapa import construir, contexto, ejercicio, motor, pregunta
from multietapa.errors import BuildError

TIENDA = "../apps/tienda-node"


def repetidos(hecha):
    for paso in hecha.pasos:
        if paso.estado != "caché":
            print(f"{paso.segundos:6.1f} s  línea {paso.linea:2}  {paso.texto}\n{'':10}↳ {paso.porque}")
    print(f"{hecha.segundos:6.1f} s  en total; {hecha.de_cache} de {len(hecha.pasos)} pasos de la caché")


motor()

# %%
# Vas a cambiar archivos: trabaja en una copia de la tienda.
temporal = tempfile.TemporaryDirectory()  # la carpeta se borra sola al apagar el kernel
MIA = Path(temporal.name, "tienda-node")
shutil.copytree(TIENDA, MIA)
construir(MIA, etiqueta="tienda:multietapa")

# %% [markdown]
# ## ¿Qué mira la caché?
#
# El resultado de cada paso se guarda, y se aprovecha mientras no cambie nada de lo que entra en él. La cuestión es qué
# se compara.
#
# Guarda un archivo **sin cambiarlo**: solo cambia su fecha. Antes, apuesta: ¿cuántos pasos se repetirán? ¿Y cuántos
# archivos viajarán al motor?

# %%
(MIA / "src/catalogue.ts").touch()
tocada = construir(MIA, etiqueta="tienda:multietapa", vista=False)
repetidos(tocada)
print(*tocada.enviado)

# %% [markdown]
# Ninguno. De un `COPY` se compara el **contenido** de los archivos (y sus permisos), no la fecha. El archivo sí viajó:
# para decidir qué pide, el motor mira tamaño y fecha. Los demás los tenía de la vez anterior.
#
# Las otras reglas se ven mejor en un Dockerfile de juguete, que guarda la hora a la que se ejecutó. Se construye cuatro
# veces más: sin cambiar nada, y cambiando el valor de `VERSION`, el texto de la línea 6 o el contenido de `nota.txt`.
# Predice desde qué línea se repetirá cada vez.

# %%
REGLAS = """\
FROM node:14-alpine
ARG VERSION=1
WORKDIR /app
COPY nota.txt ./
RUN date +%T > hora.txt
RUN echo $VERSION > version.txt
"""
carpeta = Path(temporal.name, "reglas")
carpeta.mkdir()
(carpeta / "nota.txt").write_text("uno\n")
construir(carpeta, dockerfile=REGLAS, etiqueta="reglas:1", vista=False)
print(motor().ejecutar("reglas:1", "cat hora.txt; date +%T").strip())

# %%
def otra_vez(que, dockerfile=REGLAS, **argumentos):
    print(f"\n{que}")
    repetidos(
        construir(carpeta, dockerfile=dockerfile, etiqueta="reglas:1", argumentos=argumentos, vista=False)
    )


otra_vez("1. nada")
print(motor().ejecutar("reglas:1", "cat hora.txt; date +%T").strip())
otra_vez("2. el valor de VERSION", VERSION=2)
otra_vez("3. el texto de la línea 6", REGLAS.replace("echo", "echo v"))
(carpeta / "nota.txt").write_text("dos\n")
otra_vez("4. el contenido de nota.txt")

# %% [markdown]
# - **1.** La hora guardada es la de antes. De un `RUN` se compara su **texto**, no lo que daría: la caché no sabe qué
#   hora es, ni si hay un paquete más nuevo. Para repetirlo todo, `sin_cache=True`.
# - **2.** Un `ARG` entra en **todos los `RUN` que van detrás**, lo usen o no. Decláralo lo más abajo que puedas.
# - **3.** Se repite esa línea, y las de delante no.
# - **4.** Se repite su `COPY` y **todo lo que va detrás en su etapa**.
#
# `porque` lo dice, comparado con la construcción anterior de esa carpeta; la vista también lo enseña.

# %%
pregunta("04.a")

# %% [markdown]
# ## Lo que cuesta el orden
#
# Vuelve a la tienda y cambia una palabra del catálogo, como quien trabaja en ella todos los días. Su última etapa es
# esta. ¿Qué se repetirá?
#
# ```dockerfile
# COPY --from=build /app/dist ./dist
# COPY package*.json ./
# RUN npm install --only=production
# ```

# %%
def abrir_los(dia):
    catalogo = MIA / "src/catalogue.ts"
    cambiado = re.sub(r"y los \w+\.", f"y los {dia}.", catalogo.read_text("utf-8"))
    catalogo.write_text(cambiado, "utf-8")

# %%
abrir_los("martes")
construir(MIA, etiqueta="tienda:multietapa")

# %% [markdown]
# Compilar hace falta. ¿Y el `npm install` del final? No ha cambiado ninguna dependencia: se repite porque **va detrás**
# de `COPY --from=build /app/dist`, y `dist` es nuevo. Es el precio del orden de la receta original: una instalación en
# cada cambio.
#
# Dale la vuelta. Se construye una vez, para que la caché lo tenga, y después con otro cambio. Predice.

# %%
compilar, _, _ = (MIA / "Dockerfile").read_text("utf-8").partition("# Etapa de producción")
ORDENADA = f"""{compilar}
FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
"""
construir(MIA, dockerfile=ORDENADA, etiqueta="tienda:ordenada", vista=False)
abrir_los("miércoles")
construir(MIA, dockerfile=ORDENADA, etiqueta="tienda:ordenada")

# %% [markdown]
# El mismo cambio, sin esa instalación: compara los segundos. Lo que queda es compilar. La regla cabe en una línea: **lo
# que cambia poco, delante; lo que cambia siempre, al final**.
#
# ## Qué viaja de tu carpeta
#
# El **contexto** es la carpeta que le das a `construir`; `.dockerignore` dice qué no viaja de ella. Quítaselo a tu copia
# y déjala como suele estar una carpeta de trabajo: con un `.env` (su token es de mentira) y un `node_modules`.
# `contexto` la mira sin construir nada.

# %%
(MIA / ".dockerignore").unlink()
(MIA / ".env").write_text("NPM_TOKEN=npm_" + "DeMentira" * 4 + "\n")
(MIA / "node_modules").mkdir()
(MIA / "node_modules/de-mi-equipo.bin").write_bytes(bytes(5_000_000))
contexto(MIA)

# %% [markdown]
# Lee los avisos: hay un secreto a punto de viajar. ¿Llegará a la imagen? Este Dockerfile hace lo que tantos:

# %%
TODO = "FROM node:14-alpine\nWORKDIR /app\nCOPY . .\n"
construir(MIA, dockerfile=TODO, etiqueta="tienda:todo", vista=False)
print(motor().ejecutar("tienda:todo", "ls -A; echo; cut -c 1-16 .env"))

# %% [markdown]
# Ahí está, y lo tendrá quien descargue la imagen. Borrarlo con otra instrucción no serviría: seguiría en su capa.
#
# Devuélvele su `.dockerignore`, construye y mira otra vez: cada línea dice qué deja fuera.

# %%
shutil.copy(Path(TIENDA, ".dockerignore"), MIA)
construir(MIA, dockerfile=TODO, etiqueta="tienda:limpia", vista=False)
print(motor().ejecutar("tienda:limpia", "ls -A"))
contexto(MIA)

# %% [markdown]
# Un patrón **solo mira en la raíz**: `.env` no deja fuera `src/.env`, y `**/.env` sí. Una línea con `!` **rescata**:
# `!.env.ejemplo`. Y gana **la última** que encaja.
#
# No va solo de secretos: lo que no viaja **no invalida nada**. El README está en la lista. Cámbialo y construye:

# %%
(MIA / "README.md").write_text("Otro texto.\n", "utf-8")
repetidos(construir(MIA, dockerfile=ORDENADA, etiqueta="tienda:ordenada", vista=False))

# %%
pregunta("04.b")

# %% [markdown]
# ## `npm ci` o `npm install`
#
# `package.json` dice qué versiones **valen**; `package-lock.json`, el **cierre**, cuáles se instalaron. Este paquete
# mínimo tiene una dependencia, y su cierre lo escribe el propio npm: se instala en una imagen y se lee de ella.
#
# Después, alguien cambia la versión en `package.json` y se olvida del otro archivo. ¿Qué hará cada orden?

# %%
import json

paquete = Path(temporal.name, "paquete")
paquete.mkdir()


def depende(version):
    escrito = {"name": "paquete", "version": "1.0.0", "private": True, "dependencies": {"ms": version}}
    (paquete / "package.json").write_text(json.dumps(escrito))


INSTALAR = "FROM node:14-alpine\nWORKDIR /app\nCOPY package*.json ./\nRUN npm install\n"
depende("2.1.2")
construir(paquete, dockerfile=INSTALAR, etiqueta="paquete:1", vista=False)
cierre = motor().ejecutar("paquete:1", "cat package-lock.json")
(paquete / "package-lock.json").write_text(cierre)
print(cierre)

# %%
depende("2.1.3")
construir(paquete, dockerfile=INSTALAR, etiqueta="paquete:2", vista=False)
print("npm install:", motor().ejecutar("paquete:2", "npm ls ms"))
try:
    construir(paquete, dockerfile=INSTALAR.replace("install", "ci"), etiqueta="paquete:3", vista=False)
except BuildError as error:
    print("npm ci:", *[linea for linea in error.log if "satisfy" in linea])

# %% [markdown]
# `npm install` arregló el desacuerdo **dentro de la imagen**, sin decir nada; en tu carpeta, el cierre sigue igual.
# **`npm ci`** instala lo que dice el cierre y, si no concuerda, se para. Al construir quieres lo segundo.
#
# ## Montar en vez de copiar
#
# Cuando cambia **una dependencia**, instalar sí se repite, y npm lo baja todo otra vez. `RUN --mount=type=cache` le
# presta una carpeta que **sobrevive** de una construcción a otra. Esta función mide cuánto crece la caché de npm: es lo
# que se bajó.
#
# La primera vez, esa carpeta está vacía. Después se añade una dependencia pequeña y se instala de las dos maneras.
# Apuesta cuántos kB bajará cada una.

# %%
import time

DEPENDENCIAS = """\
FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN {montaje} echo {ahora} && mkdir -p /root/.npm && du -sk /root/.npm && \\
    npm install --only=production && du -sk /root/.npm
"""


def instalar(montaje):
    receta = DEPENDENCIAS.format(montaje=montaje, ahora=time.time_ns())  # otro texto: el paso se repite siempre
    hecha = construir(MIA, dockerfile=receta, etiqueta="tienda:deps", vista=False)
    antes, despues = re.findall(r"(\d+)\s+/root/\.npm", hecha.registro)
    print(f"{hecha.pasos[-1].segundos:5.1f} s, {int(despues) - int(antes):6} kB bajados  {montaje[:18] or 'sin montar nada'}")

# %%
CACHE = f"--mount=type=cache,id=npm-{time.time_ns()},target=/root/.npm"  # un nombre nuevo: empieza vacía
instalar(CACHE)
ajustes = json.loads((MIA / "package.json").read_text("utf-8"))
ajustes["dependencies"]["kleur"] = "4.1.5"
(MIA / "package.json").write_text(json.dumps(ajustes, indent=2), "utf-8")
instalar("")
instalar(CACHE)
print(motor().ejecutar("tienda:deps", "test -e /root/.npm && echo está || echo .npm no está en la imagen"))

# %% [markdown]
# Con la caché montada bajó solo lo nuevo. Con una red rápida los segundos se parecen; con una lenta, no. Y como el
# montaje **no es una capa**, esos kB tampoco están en la imagen.
#
# El otro montaje, `type=bind`, enseña archivos de la carpeta **mientras dura el paso**. Predice qué habrá en `/app`.

# %%
SIN_COPIAR = f"""\
FROM node:14-alpine
WORKDIR /app
RUN --mount=type=bind,source=package.json,target=package.json \\
    --mount=type=bind,source=package-lock.json,target=package-lock.json \\
    {CACHE} npm ci --only=production
"""
shutil.copy(Path(TIENDA, "package.json"), MIA)  # npm ci no admite el desacuerdo de antes
construir(MIA, dockerfile=SIN_COPIAR, etiqueta="tienda:montada")
print(motor().ejecutar("tienda:montada", "ls -A /app"))

# %% [markdown]
# Solo `node_modules`. Los archivos montados cuentan como los de un `COPY`: si cambian, el paso se repite. Lo que haya
# en un montaje de caché **no** cuenta: nada debe depender de que esté lleno.
#
# Todo esto vive en **este** motor. Otra máquina empieza sin nada, aunque puede aprovechar la caché que lleve dentro una
# imagen publicada: es `cache_desde`.
#
# ## Tu turno
#
# Dos ejercicios. El primero se responde con un Dockerfile; el segundo, con un `.dockerignore`. Los dos construyen tu
# respuesta dos veces, con un archivo cambiado en medio, y miran qué se repitió.

# %%
ejercicio("04.1")

# %% plantilla="04.1"

# %%
ejercicio("04.1").comprobar(respuesta_1)

# %%
ejercicio("04.2")

# %% plantilla="04.2"

# %%
ejercicio("04.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has visto qué invalida un paso: su texto, el contenido de sus archivos, un `ARG` declarado antes y el paso de delante.
# - Has ordenado la tienda para que una palabra nueva no cueste una instalación.
# - Has dejado fuera un secreto que iba a viajar, y lo que cambia sin hacer falta.
# - Has instalado lo que dice el cierre, y has bajado solo lo que faltaba.
#
# El orden decide también **qué viaja al desplegar**: está en [06 · Despliegues rápidos](06_despliegues_rapidos.ipynb).
#
# Para seguir leyendo, en inglés: [Build cache](https://docs.docker.com/build/cache/) y [Build
# context](https://docs.docker.com/build/concepts/context/), de Docker.
