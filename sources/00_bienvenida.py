# %% [markdown]
# # 00 · Bienvenida
#
# **Qué harás.** Comprobar con qué motor de Docker vas a trabajar y dejar todo listo.
#
# **Qué aprenderás.** A hablar con un motor de Docker desde Python, y las palabras que usa el taller.
#
# **Qué necesitas.** Saber ejecutar una celda: selecciónala y pulsa `Mayús + Intro`.
#
# **Cuánto dura.** Unos 10 minutos.

# %% [markdown]
# ## Cómo se usa
#
# - Ejecuta las celdas **en orden**, con `Mayús + Intro`. El número entre corchetes dice que ya corrió; un
#   asterisco, que está en ello.
# - Antes de cada medida se te pide que **predigas**. Hazlo: se aprende más equivocándose que mirando.
# - Una construcción en marcha se para con su botón **Cancelar**; cualquier otra celda, con ■.
# - Si algo se queda raro, *Kernel → Reiniciar* y empieza el cuaderno otra vez. Nada de lo construido se pierde.

# %% [markdown]
# ## Un motor de verdad
#
# Todo lo que verás en este taller ocurre en un **motor de Docker real**. Puede ser el de tu máquina o uno que el
# taller puso en marcha para ti; esta celda dice cuál, y por qué ese y no otro.

# %%
from multietapa import motor

motor()

# %% [markdown]
# Python le habla con el SDK oficial: `docker.from_env()` encuentra el motor de tu entorno y devuelve un cliente.
# Si sale `True`, contesta.

# %% tags=["nbval-check-output"] esperado="True"
import docker

cliente = docker.from_env()
cliente.ping()

# %% [markdown]
# Pregúntale qué versión es y para qué arquitectura construye. Importa: la misma receta puede dar imágenes de
# distinto tamaño en otra arquitectura.

# %% tags=["nbval-check-output"] esperado="('VERSION', 'linux', 'ARQUITECTURA')"
version = cliente.version()
version["Version"], version["Os"], version["Arch"]

# %% [markdown]
# ## El espacio que hay
#
# Las imágenes ocupan disco. El motor sabe cuántas guarda y dónde.

# %%
informacion = cliente.info()
informacion["Images"], informacion["Driver"]

# %% [markdown]
# El segundo valor es el **almacén de imágenes**. Cada almacén cuenta el tamaño a su manera; por eso el taller
# mide por su cuenta y siempre dice qué está midiendo.

# %%
import shutil

libres = shutil.disk_usage("/").free / 1e9
f"{libres:.0f} GB libres"

# %% [markdown]
# Eso es lo que le queda a esta máquina. Con 5 GB vas sobrado; si tienes menos, borra antes lo que no uses.

# %% [markdown]
# ## Las imágenes base
#
# Toda imagen empieza en otra: su **imagen base**, la que nombra `FROM`. El taller usa cuatro: dos versiones de
# Node, cada una sobre un sistema completo y sobre uno mínimo (`alpine`). Antes de mirar, predice: ¿cuántas veces
# más ocupa la completa?

# %%
motor().bases()

# %% [markdown]
# Si pone **equivalente local**, esa imagen no se pudo descargar y el taller hizo aquí una con el mismo papel
# y la misma versión de Node. Sirve igual para aprender, pero su tamaño no es el de la original.
#
# Otra cosa que conviene saber: **Node 14 ya no tiene soporte** desde abril de 2023. Lo usamos porque el
# ejemplo del que parte el taller lo usa; en tus proyectos, elige una versión con soporte, como Node 24.

# %% tags=["nbval-check-output"] esperado="['NODE_VERSION=14.VERSION']"
entorno = cliente.images.get("node:14").attrs["Config"]["Env"]
[valor for valor in entorno if valor.startswith("NODE_VERSION")]

# %% [markdown]
# ## Un primer contenedor
#
# Una **imagen** es la plantilla; un **contenedor**, un proceso que arranca de ella. Este dura un suspiro:

# %% tags=["nbval-check-output"] esperado="'42'"
etiquetas = motor().etiquetas
salida = cliente.containers.run("node:14-alpine", ["node", "-p", "6 * 7"], remove=True, labels=etiquetas)
salida.decode().strip()

# %% [markdown]
# `motor().etiquetas` marca lo que creas aquí, para que al final se pueda borrar eso y nada más. Lo que ya
# tuvieras en tu motor no se toca.

# %% tags=["nbval-check-output"] esperado="['org.multietapa', 'org.multietapa.sesion']"
sorted(etiquetas)

# %% [markdown]
# ## Palabras que usarás
#
# | en español | en Docker | qué es |
# | --- | --- | --- |
# | imagen | *image* | la plantilla, hecha de capas |
# | capa | *layer* | los archivos que añade una instrucción |
# | etapa | *stage* | cada tramo del Dockerfile que empieza en un `FROM` |
# | contexto | *build context* | los archivos que se envían al motor para construir |
# | caché de compilación | *build cache* | los pasos que no hace falta repetir |
# | desempaquetado | *unpacked size* | lo que ocupan los archivos de todas las capas |
# | transferencia | *transfer size* | lo que viaja por la red, comprimido |

# %% [markdown]
# ## Dejarlo como estaba
#
# `limpiar()` borra los contenedores y las imágenes que construiste en esta sesión, en cualquier cuaderno. Las
# imágenes base se quedan. Al cerrar el taller se hace solo.

# %%
from multietapa import limpiar

limpiar()

# %% [markdown]
# ## Lo que has hecho
#
# - Has hablado con un motor real desde Python, y sabes cuál es.
# - Has visto qué imágenes base tiene y cuánto cambia una de otra.
# - Has arrancado tu primer contenedor y sabes dejarlo todo como estaba.
#
# Sigue en [01 · El problema](01_el_problema.ipynb).
