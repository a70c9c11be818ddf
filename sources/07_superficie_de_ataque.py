# %% [markdown]
# # 07 · Superficie de ataque
#
# **Qué harás.** Ponerte en el lugar de quien se cuela en un contenedor de la tienda y mirar qué encuentra;
# dejar escapar un token de cuatro maneras, buscarlo y construir sin que se escape.
#
# **Qué aprenderás.** Qué es la superficie de ataque, qué parte de ella quitan las etapas y cuál no, y cómo se
# usa un secreto al construir.
#
# **Qué necesitas.** Haber pasado por [02 · La solución](02_la_solucion.ipynb).
#
# **Cuánto dura.** Unos 30 minutos.

# %%
import tempfile
from datetime import date
from pathlib import Path

import docker
from multietapa import construir, ejercicio, explorar, motor, pregunta, superficie
from multietapa.errors import EngineLimitError, MultietapaError

TIENDA = "../apps/tienda-node"
motor()

# %%
construir(TIENDA, dockerfile="Dockerfile.ingenuo", etiqueta="tienda:ingenua")
construir(TIENDA, etiqueta="tienda:multietapa")

# %% [markdown]
# ## Alguien entra
#
# Un fallo en una dependencia, y alguien consigue ejecutar lo que quiera dentro del contenedor. ¿Qué hace
# después? Usa **lo que encuentra**: un intérprete de órdenes para moverse, `curl` para traerse sus programas,
# un compilador para hacerlos allí mismo, un archivo **setuid** para tener más permisos, un token olvidado para
# ir a otro sitio. Todo eso junto es la **superficie de ataque**: lo que hay que vigilar y actualizar, y lo que
# se puede aprovechar.
#
# Antes de ejecutar, apuesta: ¿qué desaparecerá **del todo** en la imagen multietapa? Cambia la lista: puedes
# elegir entre `Intérpretes de órdenes`, `Gestores de paquetes`, `Compiladores y constructores`, `Herramientas
# de red` y `Archivos setuid`. Después, abre cada clase: detrás de cada número está su lista.

# %%
APUESTA = ["Intérpretes de órdenes", "Compiladores y constructores"]
resultado = superficie("tienda:ingenua", "tienda:multietapa")
resultado

# %%
quedan = resultado.cuentas["tienda:multietapa"]
{clase: quedan[clase] for clase in APUESTA}

# %% [markdown]
# Un cero es que se fue del todo: los compiladores, los setuid y, casi, los paquetes del sistema, con sus fallos
# y sus avisos de seguridad. Pero mira también **lo que queda**, y lo que sube:
#
# - un `sh`, el de **busybox**: un solo archivo que sabe ser muchos programas. Por eso hay *más* herramientas de
#   red que antes: se cuentan los nombres que alguien puede teclear;
# - `npm`, que hacía falta para instalar y sigue ahí, con casi todos los paquetes de npm que ves;
# - **root**, porque nadie ha dicho otra cosa;
# - y Node 14. Vamos por partes.
#
# ## ¿Con qué usuario corre?
#
# Lo que dice la imagen (`USER`) es una intención; lo que cuenta es con qué usuario corre de verdad el proceso.
# Aquí está lo uno y lo otro, medido en un contenedor en marcha.

# %%
def con_quien(mirado):
    for imagen, quien in mirado.usuario.items():
        medido = f"{quien.name} (uid {quien.uid})" if quien.uid is not None else quien.why
        print(f"{imagen}: dice {quien.declared or 'nada'} y corre como {medido}")


con_quien(resultado)

# %% [markdown]
# ¿Y qué más da, si está encerrado en un contenedor? Para empezar, root puede cambiar los programas de la
# imagen. Predice qué dirá cada línea; después, añade un `USER` a la última etapa y repite.

# %%
PRUEBA = "id -un; (echo '// mío' >> dist/server.js) 2>/dev/null && echo puede || echo no puede"
con_usuario = Path(TIENDA, "Dockerfile").read_text("utf-8").replace("CMD", "USER node\nCMD")
construir(TIENDA, dockerfile=con_usuario, etiqueta="tienda:sin-root")
for imagen in ("tienda:multietapa", "tienda:sin-root"):
    print(imagen, *motor().ejecutar(imagen, PRUEBA).split("\n"))
con_quien(superficie("tienda:sin-root", vista=False))

# %% [markdown]
# Una línea. `USER` va en la **última** etapa, después de lo que necesite permisos, y los archivos de la tienda
# siguen siendo de root: quien entre como `node` los lee y no los cambia. Quitar también el `sh` será el primer
# ejercicio. ¿Y qué se gana con quitar programas?

# %%
pregunta("07.a")

# %% [markdown]
# ## Lo que ya nadie arregla
#
# Un programa **sin soporte** no recibe correcciones: el próximo fallo que se le encuentre se queda ahí. La
# receta de este taller parte de `node:14`, así que mira hasta cuándo lo tuvo, y quién lo dice.

# %%
for vida in resultado.imagenes["tienda:multietapa"].runtimes:
    estado = vida.support(date.today()).value
    print(f"{vida.runtime.name} {vida.runtime.version}: {estado} (el de siempre, hasta el {vida.ends})")
    print(f"   según {vida.source}, con datos del {vida.data_date}")

# %% [markdown]
# Las etapas no arreglan esto: la base **se elige**, y hay que cambiarla cuando se acaba su tiempo. Aquí se usa
# Node 14 porque es el de la receta original; en tu trabajo, parte de una versión con soporte.
#
# ## Secretos que viajan
#
# Para construir hacen falta a veces credenciales: un token para instalar paquetes privados, una clave para
# clonar. El de aquí es de mentira, con la forma de uno de npm, y este Dockerfile lo usa de tres maneras
# corrientes. Al final borra el archivo, y en el contenedor ya no se ve. Predice: ¿en qué pasos se podrá leer
# todavía?

# %%
TOKEN = "npm_" + "DeMentira" * 4
temporal = tempfile.TemporaryDirectory()  # la carpeta se borra sola al apagar el kernel
carpeta = Path(temporal.name)
(carpeta / ".npmrc").write_text(f"//registro.tienda.invalid/:_authToken={TOKEN}\n")
FUGAS = """\
FROM node:14-alpine
ARG TOKEN
ENV NPM_TOKEN=$TOKEN
WORKDIR /app
COPY .npmrc ./
RUN echo "aquí iría npm install" && rm .npmrc
"""
construir(carpeta, dockerfile=FUGAS, etiqueta="tienda:fugas", argumentos={"TOKEN": TOKEN})
print(motor().ejecutar("tienda:fugas", "ls -A /app; echo NPM_TOKEN=$NPM_TOKEN | cut -c 1-14"))

# %% [markdown]
# La **historia** de una imagen la lee cualquiera que la tenga: es `docker history`, y en el SDK, `history()`.
# No hace falta abrir ni una capa.

# %%
cliente = docker.from_env(timeout=600)
for paso in reversed(cliente.images.get("tienda:fugas").history()):
    if TOKEN in paso["CreatedBy"]:
        print(paso["CreatedBy"].replace(TOKEN, "npm_•••"))

# %% [markdown]
# El valor del `ARG` está escrito junto al `RUN` que va detrás y, si el motor es reciente, también en su línea; el
# del `ENV`, en la suya. BuildKit ya avisaba, al construir.
#
# Falta el archivo borrado. ¿Se podrá leer? `explorar` abre capa a capa: mira su **desperdicio**, lo que viaja sin
# que ningún contenedor lo vea. Después, `superficie` reúne todos los secretos, tapados, con la instrucción que dejó
# cada uno (de la historia, la primera).

# %%
dentro = explorar("tienda:fugas")
for version in dentro.buscar("/app/.npmrc"):
    print(f"capa {version['capa']}: {version['por qué no']} en la {version['escondido por la capa']}")
    print(dentro.contenido(version["ruta"], capa=version["capa"]))

# %%
superficie("tienda:fugas")

# %% [markdown]
# Ahora, con esto delante: un Dockerfile parecido, sin el `ENV`. Marca lo que sea cierto.

# %%
pregunta("07.b")

# %% [markdown]
# ## ¿Y en una etapa que no viaja?
#
# De una etapa solo llega a la imagen lo que se copia. Si el token se queda en la primera, ¿se ha escapado?

# %%
TEMPRANA = """\
FROM node:14-alpine AS build
ARG TOKEN
COPY .npmrc /app/
RUN echo "aquí iría npm install" > /app/resultado.txt
FROM node:14-alpine
COPY --from=build /app/resultado.txt /app/
"""
CON = {"dockerfile": TEMPRANA, "argumentos": {"TOKEN": TOKEN}}
construir(carpeta, etiqueta="tienda:temprana", **CON)
etapa = construir(carpeta, etiqueta="tienda:temprana-build", objetivo="build", **CON)
print(f"{etapa.de_cache} de {len(etapa.pasos)} pasos salieron de la caché")
miradas = superficie("tienda:temprana", "tienda:temprana-build", vista=False)
{imagen: cuentas["Secretos"] for imagen, cuentas in miradas.cuentas.items()}

# %% [markdown]
# La imagen final está **limpia**: ni sus capas ni su historia lo llevan. Pero la etapa sigue en la **caché** de
# este motor, con el token dentro: pedirla por su nombre no ha costado ni un paso. Quien use este motor la tiene,
# y viaja el día que alguien publique esa etapa, o su caché entera (`mode=max`). Y basta un `COPY --from=build
# /app ./` para que el `.npmrc` acabe en la imagen.
#
# ## Cómo se hace bien
#
# `RUN --mount=type=secret` pone el secreto en un archivo, en memoria, **solo mientras dura ese paso**. El valor
# se da aparte, al construir. Si el motor no sabe (Podman, el constructor clásico), la celda lo dice y se sigue.

# %%
BIEN = """\
FROM node:14-alpine
WORKDIR /app
RUN --mount=type=secret,id=npm sha256sum /run/secrets/npm | cut -c 1-8 > huella.txt
RUN test -s /run/secrets/npm && echo "sigue ahí" > despues.txt || echo "ya no está" > despues.txt
"""
try:
    construir(carpeta, dockerfile=BIEN, etiqueta="tienda:bien", secretos={"npm": TOKEN})
    print(motor().ejecutar("tienda:bien", "cat huella.txt despues.txt"))
    print(superficie("tienda:bien", vista=False).secretos)
except EngineLimitError as limite:
    print(f"Este paso se salta aquí.\n{limite}")

# %% [markdown]
# El paso tuvo el token (ahí está el comienzo de su huella), en el siguiente ya no estaba, y no queda en
# ninguna parte. Cuidado: si el propio `RUN` lo **copia** a un archivo, ese archivo sí se queda.
#
# ## La lista de lo que llevas
#
# Cuando se anuncia un fallo en una biblioteca, la pregunta es «¿la llevo?». La contesta una **SBOM**: la lista
# de los paquetes que lleva una imagen, en un formato que leen otras herramientas (aquí, CycloneDX).

# %%
import json

resultado.guardar_sbom(carpeta / "tienda.json", "tienda:multietapa")
lista = json.loads((carpeta / "tienda.json").read_text("utf-8"))["components"]
[pieza["version"] for pieza in lista if pieza["name"] == "express"], len(lista)

# %% [markdown]
# Un **escáner** cruza esa lista con los fallos conocidos. El taller no trae ninguno, pero si en tu máquina hay
# trivy, grype o docker scout, se lo pregunta y dice cuál, con qué versión y con datos de qué día. Si no, lo que
# verás **no es un cero**: es que no se pudo mirar.

# %%
mirada = superficie("tienda:multietapa", escaner=True, vista=False)
try:
    print(len(mirada.lista("vulnerabilidades")), "vulnerabilidades conocidas")
except MultietapaError as motivo:
    print(motivo)

# %%
pregunta("07.c")

# %% [markdown]
# ## Tu turno
#
# Dos ejercicios. En el primero, quien entre no encontrará ni root ni con qué moverse; en el segundo, un token
# que se escapa de tres maneras.

# %%
ejercicio("07.1")

# %% plantilla="07.1"

# %%
ejercicio("07.1").comprobar(respuesta_1)

# %%
ejercicio("07.2")

# %% plantilla="07.2"

# %%
ejercicio("07.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has contado, clase por clase, lo que encontraría quien entrara, y qué parte quitan las etapas.
# - Has quitado lo que no quitan solas: root, el intérprete de órdenes, `npm`.
# - Has leído un token en la historia, en una capa tapada y en la caché, y has construido sin que se escape.
# - Sabes qué dice una lista de paquetes, y qué no dice un «0 vulnerabilidades».
#
# Si alguna vez se te escapa un secreto de verdad, **cámbialo**: borrarlo de la imagen no lo borra de donde ya
# llegó.
#
# Para seguir leyendo, en inglés: [Build secrets](https://docs.docker.com/build/building/secrets/), de Docker, y
# [CycloneDX](https://cyclonedx.org/).
