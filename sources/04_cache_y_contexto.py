# %% [markdown]
# # 04 · Caché y contexto
#
# **Qué harás.** Cambiar una palabra de la tienda y medir qué se repite; ordenar el Dockerfile y vigilar lo que viaja.
#
# **Qué aprenderás.** Qué invalida un paso, por qué importa el orden y para qué sirven `.dockerignore`, `npm ci` y los
# montajes de `RUN`.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb) y un motor: aquí no valen las
# grabaciones. En Binder funciona todo, más despacio.
#
# **Cuánto dura.** Unos 35 minutos.

# %%
import re
import shutil
import tempfile
import time
from pathlib import Path

from multietapa import construir, contexto, ejercicio, etapas, motor, pregunta
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
# El resultado de cada paso se guarda, y vale mientras no cambie nada de lo que entra en él.
#
# Guarda un archivo **sin cambiarlo**: solo cambia su fecha. Antes, apuesta: ¿cuántos pasos se repetirán? ¿Y cuántos
# archivos viajarán al motor?

# %%
catalogo = MIA / "src/catalogue.ts"
catalogo.touch()
tocada = construir(MIA, etiqueta="tienda:multietapa", vista=False)
repetidos(tocada)
print(*tocada.enviado)

# %% [markdown]
# Ninguno. De un `COPY` se compara el **contenido** de los archivos (y sus permisos). La fecha solo decide qué viaja.
#
# Las demás reglas, en un Dockerfile de juguete que guarda su hora. Se construye cuatro veces más: tal cual, y cambiando
# `VERSION`, el texto de la línea 6 o `nota.txt`. ¿Desde qué línea se repetirá cada vez?

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
carpeta.mkdir(exist_ok=True)
(carpeta / "nota.txt").write_text(f"uno {time.time_ns()}\n")  # nuevo cada vez que ejecutes la celda
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
(carpeta / "nota.txt").write_text(f"dos {time.time_ns()}\n")
otra_vez("4. el contenido de nota.txt")

# %% [markdown]
# - **1.** La hora es la de antes: de un `RUN` se compara su **texto**, no lo que daría. Para repetirlo, `sin_cache=True`.
# - **2.** Un `ARG` entra en **todos los `RUN` que van detrás**, lo usen o no: decláralo lo más abajo que puedas.
# - **3 y 4.** Se repite lo que cambió y **todo lo que va detrás en su etapa**.

# %%
pregunta("04.a")

# %% [markdown]
# ## Lo que cuesta el orden
#
# Vuelve a la tienda y cambia su catálogo, como quien trabaja en ella todos los días. Su última etapa es esta. ¿Qué se
# repetirá?
#
# ```dockerfile
# COPY --from=build /app/dist ./dist
# COPY package*.json ./
# RUN npm install --only=production
# ```

# %%
def que_aguante_los(dia):
    nuevo = f"y los {dia} a las {time.strftime('%H:%M:%S')}."  # con la hora: el cambio es siempre nuevo
    catalogo.write_text(re.sub(r"y los [^.]+\.", nuevo, catalogo.read_text("utf-8")), "utf-8")


que_aguante_los("martes")
desordenada = construir(MIA, etiqueta="tienda:multietapa")

# %% [markdown]
# Ninguna dependencia ha cambiado, y aun así `npm install` se repite: **va detrás** de `COPY --from=build`, que trae
# algo nuevo.
#
# Dale la vuelta. Se construye una vez, para que la caché lo tenga, y otra con un cambio igual. ¿Qué etapa dejará de
# trabajar, y cuántos segundos se ahorran?

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
que_aguante_los("miércoles")
ordenada = construir(MIA, dockerfile=ORDENADA, etiqueta="tienda:ordenada")

# %%
etapas(desordenada, ordenada)

# %% [markdown]
# Las dos compilan, pero la `etapa 1` ya no instala: espera a `build` y copia. **Lo que cambia poco, delante; lo que
# cambia siempre, al final.**
#
# ## Qué viaja de tu carpeta
#
# El **contexto** es la carpeta que le das a `construir`; `.dockerignore` dice qué se queda en ella. Quítaselo a tu copia
# y añade lo de siempre: un `.env` (su token es de mentira) y un `node_modules`. `contexto` la mira sin construir.

# %%
(MIA / ".dockerignore").unlink(missing_ok=True)
(MIA / ".env").write_text("NPM_TOKEN=npm_" + "DeMentira" * 4 + "\n")
(MIA / "node_modules").mkdir(exist_ok=True)
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
# Lo que no viaja tampoco **invalida nada**. El README está en la lista: cámbialo y construye.

# %%
(MIA / "README.md").write_text("Otro texto.\n", "utf-8")
repetidos(construir(MIA, dockerfile=ORDENADA, etiqueta="tienda:ordenada", vista=False))

# %%
pregunta("04.b")

# %% [markdown]
# ## `npm ci` o `npm install`
#
# `package.json` dice qué versiones **valen**; el **cierre**, `package-lock.json`, cuáles se instalaron. Lo escribe npm.
#
# Después, alguien cambia la versión en `package.json` y se olvida del cierre. ¿Qué hará cada orden?

# %%
import json

paquete = Path(temporal.name, "paquete")
paquete.mkdir(exist_ok=True)


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
# `npm install` arregló el desacuerdo **dentro de la imagen**, sin decir nada. **`npm ci`** se para: al construir quieres
# lo segundo.
#
# ## Montar en vez de copiar
#
# Si cambia **una dependencia**, npm lo baja todo otra vez. `RUN --mount=type=cache` le presta una carpeta que
# **sobrevive** de una construcción a otra; lo que crece es lo que se bajó.
#
# Primero está vacía; después se añade una dependencia pequeña y se instala de las dos maneras. ¿Cuántos kB bajará cada
# una?

# %%
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
# Con la caché montada bajó solo lo nuevo; y como el montaje **no es una capa**, nada de eso está en la imagen.
#
# El otro montaje, `type=bind`, enseña archivos de la carpeta **mientras dura el paso**. ¿Qué habrá después en `/app`?

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
# Solo `node_modules`. Si cambia un archivo montado, el paso se repite; si cambia lo que hay en una caché montada, no:
# nada debe depender de que esté llena.
#
# Todo esto vive en **este** motor. Otro empieza sin nada, o con la caché de una imagen publicada (`cache_desde`).
#
# ## Tu turno
#
# El primer ejercicio se responde con un Dockerfile; el segundo, con un `.dockerignore`. Se construyen dos veces, con un
# archivo cambiado en medio.

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
# - Sabes qué invalida un paso: su texto, sus archivos, un `ARG` de antes y el paso de delante.
# - Has ordenado la tienda: un cambio ya no cuesta una instalación.
# - Has dejado fuera un secreto que iba a viajar, y lo que cambia sin hacer falta.
# - Has instalado lo que dice el cierre, y bajado solo lo que faltaba.
#
# El orden decide también **qué viaja al desplegar**: está en [06 · Despliegues rápidos](06_despliegues_rapidos.ipynb).
#
# Para seguir leyendo, en inglés: [Build cache](https://docs.docker.com/build/cache/) y [Build
# context](https://docs.docker.com/build/concepts/context/), de Docker.
