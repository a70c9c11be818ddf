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
# ## Un motor de verdad
#
# Todo lo que verás en este taller ocurre en un **motor de Docker real**. Python le habla con el SDK oficial:
# `docker.from_env()` encuentra el motor de tu entorno y devuelve un cliente.

# %% tags=["nbval-check-output"] esperado="True"
import docker

cliente = docker.from_env()
cliente.ping()

# %% [markdown]
# Si ha salido `True`, el motor contesta. Pregúntale qué versión es y para qué arquitectura construye.

# %% tags=["nbval-check-output"] esperado="('VERSION', 'linux', 'ARQUITECTURA')"
version = cliente.version()
version["Version"], version["Os"], version["Arch"]

# %% [markdown]
# Esos datos importan: la misma receta puede dar imágenes de distinto tamaño en otra arquitectura. El taller
# los resume en una línea, y dice también por qué eligió este motor y no otro.

# %%
from multietapa import motor

motor()

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
# Con 5 GB libres vas sobrado. Si tienes menos, borra antes lo que no uses.

# %% [markdown]
# ## Las imágenes base
#
# Toda imagen empieza en otra: su **imagen base**, la que nombra `FROM`. El taller usa cuatro.

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
# `limpiar()` borra los contenedores y las imágenes de esta sesión. Las imágenes base se quedan.

# %%
from multietapa import limpiar

limpiar()

# %% [markdown]
# ## Lo que has hecho
#
# Has hablado con un motor real desde Python, sabes cuál es, qué imágenes base tiene y cómo limpiar.
