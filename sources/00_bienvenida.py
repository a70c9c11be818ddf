# %% [markdown]
# # 00 · Bienvenida
#
# **Qué harás.** Comprobar con qué motor de Docker vas a trabajar y dejar todo listo.
#
# **Qué aprenderás.** Cómo se habla con un motor de Docker desde Python y qué palabras usa el taller.
#
# **Qué necesitas.** Saber ejecutar una celda: selecciónala y pulsa `Mayús + Intro`.
#
# **Cuánto dura.** Unos 10 minutos.

# %% [markdown]
# ## Cómo se usa
#
# - Ejecuta las celdas **en orden**, con `Mayús + Intro`. Un número entre corchetes dice que la celda ya se
#   ejecutó; un asterisco, que está en ello.
# - Antes de las medidas importantes se te pide una **predicción**. Hazla: se aprende más equivocándose que
#   mirando.
# - Si una celda tiene botón **Cancelar**, se para con él; cualquier otra, con ■, en la barra de arriba.
# - Si algo se queda raro, pulsa ↻ (reiniciar) en esa barra y empieza el cuaderno otra vez. Nada de lo
#   construido se pierde.

# %% [markdown]
# ## Un motor de verdad
#
# Un **motor** de Docker es el programa que construye imágenes y arranca contenedores. Todo lo que verás aquí
# ocurre en uno **real**: puede ser el de tu máquina o uno que el taller puso en marcha para ti (también en
# Binder). Esta celda dice cuál, y por qué ese y no otro. Si acaba de encenderse, verás por qué fase va.

# %%
from multietapa import motor

motor()

# %% [markdown]
# Python le habla con el SDK oficial: `docker.from_env()` encuentra el motor de tu entorno y devuelve un
# cliente. Si sale `True`, el motor contesta.

# %% tags=["nbval-check-output"] esperado="True"
import docker

cliente = docker.from_env()
cliente.ping()

# %% [markdown]
# Pregúntale su versión y para qué arquitectura construye. Importa: la misma receta puede dar imágenes de
# distinto tamaño en otra arquitectura.

# %% tags=["nbval-check-output"] esperado="('VERSION', 'linux', 'ARQUITECTURA')"
version = cliente.version()
version["Version"], version["Os"], version["Arch"]

# %% [markdown]
# ## El espacio que hay
#
# Las imágenes ocupan disco. El motor sabe cuántas guarda y en qué almacén.

# %%
informacion = cliente.info()
informacion["Images"], informacion["Driver"]

# %% [markdown]
# El segundo valor es el **almacén de imágenes** (`overlayfs` es el de containerd). Cada almacén cuenta el
# tamaño a su manera; por eso el taller mide por su cuenta y siempre dice qué está midiendo.

# %%
import shutil

libres = shutil.disk_usage("/").free / 1e9
f"{libres:.0f} GB libres"

# %% [markdown]
# Eso es lo que le queda a esta máquina; Docker Desktop tiene además su propio límite. Con 8 GB basta para
# todos los cuadernos. Si tienes menos, borra antes lo que no uses.

# %% [markdown]
# ## Las imágenes base
#
# Casi toda imagen empieza en otra: su **imagen base**, la que nombra la instrucción `FROM`. El taller usa
# varias; casi todas llevan Node, en dos versiones, sobre un sistema completo o sobre uno más pequeño (`slim`,
# `alpine`, distroless). Antes de mirar, predice: ¿cuántas veces cabe `node:14-alpine` en `node:14`?

# %%
motor().bases()

# %% [markdown]
# ¿Acertaste? En las dos, la versión de Node es la misma; lo que cambia es el sistema que llevan debajo.
#
# Donde pone **se trae cuando haga falta**, la imagen aún no está: la traerá la primera construcción que la
# nombre o, si la quieres antes, `motor().bases("node:24")`.
#
# Si pone **equivalente local**, esa imagen no se pudo descargar y el taller hizo aquí otra con el mismo papel
# y la misma versión de Node (las de `alpine` son entonces un Debian reducido, no Alpine). Sirve igual para
# aprender, pero su tamaño no es el de la original, y no trae con qué instalar más paquetes (`apk` o `apt`).
#
# Otra cosa que conviene saber: **Node 14 no tiene soporte** desde abril de 2023. Lo usamos porque es el del
# ejemplo del que parte el taller; en tus proyectos, elige una versión con soporte, como Node 24. Cada imagen
# dice cuál lleva:

# %% tags=["nbval-check-output"] esperado="['NODE_VERSION=14.VERSION']"
entorno = cliente.images.get("node:14").attrs["Config"]["Env"]
[valor for valor in entorno if valor.startswith("NODE_VERSION")]

# %% [markdown]
# ## Un primer contenedor
#
# Una **imagen** es la plantilla; un **contenedor**, un proceso que arranca a partir de ella. Este hace una
# cuenta con el Node de la imagen: se espera a que acabe, se lee lo que escribió y se borra:

# %% tags=["nbval-check-output"] esperado="'42'"
etiquetas = motor().etiquetas
orden = ["node", "-p", "6 * 7"]
contenedor = cliente.containers.run("node:14-alpine", orden, detach=True, labels=etiquetas)
contenedor.wait()
salida = contenedor.logs()
contenedor.remove()
salida.decode().strip()

# %% [markdown]
# `motor().etiquetas` son marcas (*labels*) que se pegan a lo que creas aquí, para que al final se pueda
# borrar eso y nada más. Lo que ya tuvieras en tu motor no se toca. No las confundas con la **etiqueta** de
# una imagen (*tag*), que es su nombre: `node:14`.

# %% tags=["nbval-check-output"] esperado="['org.multietapa', 'org.multietapa.sesion']"
sorted(etiquetas)

# %% [markdown]
# ## Palabras que usarás
#
# | en español | en Docker | qué es |
# | --- | --- | --- |
# | Dockerfile | *Dockerfile* | la receta de una imagen, por instrucciones |
# | imagen | *image* | la plantilla, hecha de capas |
# | imagen base | *base image* | de la que parte otra |
# | capa | *layer* | lo que una instrucción cambió en los archivos |
# | etapa | *stage* | cada tramo del Dockerfile, desde su `FROM` |
# | contexto | *build context* | los archivos que se envían al motor para construir |
# | caché de compilación | *build cache* | los pasos que no hace falta repetir |
# | desempaquetado | *unpacked size* | lo que ocupan los archivos de todas las capas |
# | transferencia | *transfer size* | lo que viaja por la red, comprimido |

# %% [markdown]
# ## Dejarlo como estaba
#
# `limpiar()` borra los contenedores y las imágenes que construiste en esta sesión, en cualquier cuaderno. Las
# imágenes base se quedan. Ahora casi no hay nada que borrar; más adelante se llevaría también las imágenes
# que estés comparando. Al cerrar el taller, la limpieza se hace sola.

# %%
from multietapa import limpiar

limpiar()

# %% [markdown]
# ## Lo que has hecho
#
# - Has hablado con un motor real desde Python, y sabes cuál es.
# - Has visto qué imágenes base tiene y cuánto más ocupa una completa que una mínima.
# - Has arrancado tu primer contenedor y sabes dejarlo todo como estaba.
#
# Sigue en [01 · El problema](01_el_problema.ipynb).
