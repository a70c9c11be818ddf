# %% [markdown]
# # 01 · El problema
#
# **Qué harás.** Construir la imagen de una tienda como lo haría casi cualquiera la primera vez, arrancarla y
# averiguar de dónde sale cada megabyte.
#
# **Qué aprenderás.** A construir con el SDK, a leer las capas de una imagen y por qué borrar no adelgaza.
#
# **Qué necesitas.** Haber pasado por [00 · Bienvenida](00_bienvenida.ipynb).
#
# **Cuánto dura.** Unos 25 minutos.

# %%
from pathlib import Path
from urllib.request import urlopen

import docker
from multietapa import comparar, construir, ejercicio, motor, predecir, pregunta

TIENDA = "../apps/tienda-node"
motor()

# %% [markdown]
# ## La aplicación
#
# La Tienda del Puerto es una aplicación pequeña, pero de verdad: está escrita en TypeScript, usa Express y
# tiene una página y una API. Para arrancar hay que **compilarla** antes. Esta es su carpeta:

# %%
print(*sorted(ruta.name for ruta in Path(TIENDA).iterdir()), sep="   ")

# %% [markdown]
# Y este, su primer Dockerfile. Léelo de arriba abajo: parte de una imagen con Node 14, instala las
# dependencias, copia el código, lo compila y dice cómo se arranca. No tiene ningún error: **funciona**.

# %%
print(Path(TIENDA, "Dockerfile.ingenuo").read_text("utf-8"))

# %% [markdown]
# ## Antes de construir, predice
#
# El código de la tienda ocupa menos de 100 kB. ¿Cuántos megabytes ocupará en disco su imagen, con todo lo que
# lleva dentro? Una pista: parte de `node:14`, que ya viste en el cuaderno 00. Mueve el control hasta tu
# predicción y déjalo ahí: luego la compararás con la medida.

# %%
prediccion = predecir("tienda:ingenua", hasta=1500, paso=10)
prediccion

# %% [markdown]
# ## Construir con el SDK
#
# `cliente.api.build` envía la carpeta (el **contexto**) al motor y va entregando lo que él dice, mensaje a
# mensaje. (`cliente.images.build` hace lo mismo, pero calla hasta el final.) Con mala conexión,
# `npm install` puede tardar varios minutos sin escribir nada: ten paciencia.

# %%
cliente = docker.from_env(timeout=600)  # con mala conexión, un paso puede callar un buen rato
for mensaje in cliente.api.build(
    path=TIENDA,
    dockerfile="Dockerfile.ingenuo",
    tag="tienda:ingenua",
    labels=motor().etiquetas,
    rm=True,
    decode=True,
):
    if "error" in mensaje:
        raise docker.errors.BuildError(mensaje["error"], [])
    print(mensaje.get("stream", ""), end="")
cliente.images.get("tienda:ingenua").tags

# %% [markdown]
# El registro cuenta los pasos: **uno por instrucción** del Dockerfile. Los `LABEL` del final son las
# etiquetas del taller. La última línea es el nombre de tu imagen: ya la tienes.
#
# ## Construir mirando
#
# El SDK usa el constructor **clásico**. El que usa hoy la orden `docker build` se llama **BuildKit** y cuenta
# lo que hace mientras lo hace. `construir` lo usa a través del mismo SDK y enseña cada paso en marcha. Como
# los dos constructores no comparten caché, las dependencias se instalan otra vez. Puedes cancelar con el
# botón: no se estropea nada.

# %%
construir(TIENDA, dockerfile="Dockerfile.ingenuo", etiqueta="tienda:ingenua")

# %% [markdown]
# Ejecuta otra vez esa celda. Ahora tarda un suspiro: los pasos cuyas entradas no cambiaron salen de la
# **caché de compilación**.
#
# Mira también qué dice junto a **Preparación**: no viajó nada. El motor guarda la carpeta de la última vez y
# solo pide lo que cambia. Añade al principio de esa celda `Path(TIENDA, "src/app.ts").touch()`, que cambia la
# fecha de un archivo, y verás viajar ese y ninguno más. (Podman y el constructor clásico reciben siempre la
# carpeta entera.)
#
# ## ¿Funciona?
#
# Arranca un contenedor con la imagen. La tienda escucha en el puerto 3000 del contenedor; con `None`, el
# motor elige uno libre de tu máquina. `motor().direccion` espera a que la tienda conteste y dice en qué
# dirección.

# %%
contenedor = cliente.containers.run(
    "tienda:ingenua", detach=True, ports={"3000/tcp": None}, labels=motor().etiquetas
)
direccion = motor().direccion(contenedor)
print(urlopen(f"{direccion}/salud").read().decode())
direccion

# %% [markdown]
# Contesta, y dice con qué Node corre y con qué usuario (`uid` 0 es root: volveremos a ello). Pulsa la dirección
# y verás la tienda en otra pestaña. Cuando la hayas visto, retira el contenedor:

# %%
contenedor.remove(force=True)

# %% [markdown]
# ## ¿Cuánto ocupa, y por qué?
#
# `comparar` mide la imagen, capa por capa y archivo por archivo, y reparte lo que ocupa **desempaquetada**
# según su **origen**. La primera vez tiene que leerla entera, y con una tan grande puede tardar un minuto y
# medio; lo medido se guarda, y después es inmediato. ¿Se acercaba tu predicción?

# %%
comparar("tienda:ingenua", prediccion=prediccion)

# %% [markdown]
# Lee la barra con calma:
#
# - **sistema base**: el Debian de `node:14`, con sus compiladores;
# - **runtime**: el entorno de ejecución, que aquí es Node;
# - **dependencias de producción**: lo que la tienda usa al funcionar;
# - **dependencias de desarrollo**: TypeScript, ESLint, lo que necesitan las pruebas;
# - **aplicación**: lo único que es tuyo;
# - **cachés**: lo que `npm` guardó por si acaso.
#
# Para atender a un cliente hacen falta un sistema mínimo, Node, las dependencias de producción y la
# aplicación compilada. Lo demás son **herramientas de trabajo** que viajan con ella.
#
# Con la barra delante, contesta a esta pregunta. No hay nota: prueba cuantas veces quieras.

# %%
pregunta("01.a")

# %% [markdown]
# ### Las herramientas siguen ahí
#
# Compruébalo desde dentro: `motor().ejecutar` lanza una orden en un contenedor que se borra al terminar.
# ¿Para qué quiere un compilador de C una tienda que ya funciona?

# %%
print(motor().ejecutar("tienda:ingenua", "which gcc g++ make python3 git curl"))

# %% [markdown]
# Con las dependencias pasa lo mismo. Estas son las cinco carpetas más pesadas de `node_modules`, en bloques
# de 1024 bytes, y debajo las `devDependencies` de la tienda. Lo que aparece en las dos listas solo sirve para
# trabajar en ella, no para tenerla abierta.

# %%
import json

print(motor().ejecutar("tienda:ingenua", "du -sk node_modules/* | sort -rn | head -5"))
paquete = json.loads(Path(TIENDA, "package.json").read_text("utf-8"))
print(*paquete["devDependencies"], sep="   ")

# %% [markdown]
# ## Una imagen es una pila de capas
#
# Cada instrucción que cambia archivos **añade una capa encima** de las anteriores. `history` lista las
# instrucciones, aquí desde las de la base; los tamaños son los que dice el motor, y cada almacén los cuenta a
# su manera.

# %%
for capa in reversed(cliente.images.get("tienda:ingenua").history()):
    print(f"{capa['Size'] / 1e6:8.2f} MB  {capa['CreatedBy'][:75]}")

# %% [markdown]
# ## ¿Y si borro lo que sobra?
#
# Es lo primero que se le ocurre a cualquiera. Aquí se parte de la imagen ingenua y se borra `node_modules`
# entera. Antes de ejecutar la celda, apuesta: ¿ocupará menos, lo mismo o más?

# %%
BORRAR = """\
FROM tienda:ingenua
RUN rm -rf node_modules
"""
construir(TIENDA, dockerfile=BORRAR, etiqueta="tienda:borrada")
print(motor().ejecutar("tienda:borrada", "ls -p"))

# %% [markdown]
# El contenedor ya no ve `node_modules`. ¿Y la imagen? Mírala y, antes de seguir leyendo, elige una explicación.

# %%
comparar("tienda:ingenua", "tienda:borrada")

# %%
pregunta("01.b")

# %% [markdown]
# **No ha adelgazado nada.** Una capa no puede quitar lo que guardó otra: `rm` añade una capa con una marca
# que dice «esto ya no se ve», y la de abajo sigue viajando entera. Las capas solo suman.
#
# Es también un aviso de seguridad: un archivo con una contraseña, borrado en una capa posterior, sigue
# estando en la imagen.

# %% [markdown]
# ## Tu turno
#
# Dos ejercicios. En cada uno, escribe tu Dockerfile entre las comillas, ejecuta esa celda y después la que lo
# comprueba. La comprobación mira **la imagen y el contenedor**, no cómo lo has escrito: vale cualquier
# respuesta correcta.
#
# Debajo de cada enunciado hay tres botones. **Comprobar** hace lo mismo que esa última celda; **Pista** habla
# de lo que se vio en tu imagen, y **Solución** enseña una, para cuando lo hayas intentado. También se pueden
# escribir: `ejercicio("01.1").pista()` y `ejercicio("01.1").solucion()`.

# %%
ejercicio("01.1")

# %% plantilla="01.1"

# %%
ejercicio("01.1").comprobar(respuesta_1)

# %%
ejercicio("01.2")

# %% plantilla="01.2"

# %%
ejercicio("01.2").comprobar(respuesta_2)

# %% [markdown]
# ## Lo que has hecho
#
# - Has construido una imagen con el SDK y con BuildKit, y has hablado con la tienda que lleva dentro.
# - Has medido de dónde salen sus bytes: casi todos son de herramientas que la tienda no usa al funcionar.
# - Has visto que las capas solo suman: borrar después no adelgaza.
#
# Meterlo todo en un solo `RUN` adelgaza, pero deja el compilador dentro y desaprovecha la caché. Hay una
# manera mejor, y está en [02 · La solución](02_la_solucion.ipynb).
